"""A path that is not what a command asks for is refused before any work, in words, whichever command it is."""

import argparse
import errno
from pathlib import Path

import pytest

from cleanroom import cli
from cleanroom.cli import paths
from cleanroom.cli.main import parser
from cleanroom.errors import NotAllowed, NotFound, StoreFault
from tests.unit.cli.test_languages import commands

CODE = ["--institution", "808"]
FILES = [
    ["audit", "verify", "{}", "--chain-only"],
    ["audit", "check-proof", "{}"],
    ["audit", "check-receipt", "{}"],
    ["blocked", "--truth", "{}"],
    ["conformance", "--answers", "{}"],
    ["evaluate", "--data", ".", "--truth", "{}"],
    ["governance", "check-policy", "{}"],
    ["governance", "form", "read", "{}"],
    ["governance", "scan-report", "{}", "--scanned-on", "2025-10-01"],
    ["governance", "transcripts", "grade", "{}"],
    ["governance", "transcripts", "note", "--notice", "{}"],
    ["governance", "verify", "{}"],
    ["governance", "what-if", "--policy", "{}"],
    ["keys", "import-factor", "{}", "--participant", "808"],
    ["keys", "init-participant", *CODE, "--k1-from", "{}"],
    ["keys", "pin-canaries", "{}"],
    ["lookout", "build", "--transfers", "{}"],
]
FOLDERS = [
    ["audit", "prove", "--sequence", "1", "--out", "p", "--store", "{}"],
    ["blocked", "--data", "{}"],
    ["evaluate", "--data", "{}", "--truth", __file__],
    ["governance", "what-if", "--policy", __file__, "--releases", "{}"],
    ["keys", "send-bridge", *CODE, "--data", "{}"],
    ["lookout", "sync", "--room-graph", "{}"],
    ["replay", "--data", "{}"],
    ["run", "--workdir", "w", "--data", "{}"],
    ["seal", *CODE, "--data", "{}"],
]
OUTPUTS = [
    ["conformance", "--questions", "{}"],
    ["evaluate", "--data", ".", "--truth", __file__, "--json", "{}"],
    ["governance", "form", "write", "--out", "{}"],
    ["governance", "pack", "--out", "{}"],
    ["keys", "export-k1", *CODE, "--recipient", "age1", "--out", "{}"],
    ["replay", "--json", "{}"],
]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLEANROOM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "en")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"\x89PNG\xff")
    return tmp_path


def refused(command: list[str], path: str, capsys) -> str:
    return refused_at(command, path, path, capsys)


def refused_at(command: list[str], path: str, place: str, capsys) -> str:
    assert cli.main([part.format(path) for part in command]) == NotFound.exit_code
    said = capsys.readouterr()
    assert said.err.startswith(f"refused (not_found): {place}")
    assert "What to do: Check the path" in said.err
    assert "Errno" not in said.err and "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize("command", FILES, ids=" ".join)
def test_a_file_that_is_missing_or_a_folder_is_refused(command, here, capsys):
    assert "no such file" in refused(command, "nothing", capsys)
    assert "this is a folder" in refused(command, "folder", capsys)
    assert not (here / "home").exists()


@pytest.mark.parametrize("command", FOLDERS, ids=" ".join)
def test_a_folder_that_is_missing_or_a_file_is_refused(command, here, capsys):
    assert "no such file" in refused(command, "nothing", capsys)
    assert "a file stands" in refused(command, "file", capsys)
    assert not (here / "home").exists()


@pytest.mark.parametrize("command", OUTPUTS, ids=" ".join)
def test_a_result_that_would_find_no_place_is_refused_before_the_work(command, here, capsys):
    assert "this is a folder" in refused(command, "folder", capsys)
    command = [part.format("file/result") for part in command]
    assert cli.main(command) == NotFound.exit_code
    assert "file: a file stands where a folder" in capsys.readouterr().err
    assert not (here / "home").exists()


@pytest.mark.parametrize("command", OUTPUTS, ids=" ".join)
def test_no_path_is_made_for_a_slip_but_the_last_folder_is(command, here, capsys):
    assert "no such file" in refused_at(command, "absent/deeper/result", "absent", capsys)
    assert not (here / "absent").exists()


def test_a_report_that_cannot_be_written_is_refused_before_the_work(here, capsys, monkeypatch):
    report = here / "new" / "report"
    paths.make_now(report)
    assert report.is_dir() and not list(report.iterdir())
    (here / "folder" / "808").mkdir()  # data is not reached: it would be refused, as it declares nothing
    monkeypatch.setattr(Path, "mkdir", lambda *a, **k: (_ for _ in ()).throw(FileNotFoundError(errno.ENOENT, "no", "")))
    assert cli.main(["blocked", "--data", "folder", "--report", "elsewhere"]) == NotAllowed.exit_code
    assert "elsewhere: this user may not read or write here" in capsys.readouterr().err


def test_a_lookout_that_is_not_there_is_told_how_to_be_built_and_nothing_is_made(here, capsys):
    for action in ("verify", "serve"):
        assert cli.main(["lookout", action, "--index", "folder"]) == 35
        assert "lookout build" in capsys.readouterr().err.split("What to do: ")[1]
    assert not list((here / "folder").iterdir())


def test_every_path_of_every_command_is_looked_at(here):
    """No option takes a bare path: it says whether it is read or written, file or folder."""
    kinds = [action.type for _, made in commands(parser()) for action in made._actions]
    looked_at = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Path)]
    assert len(looked_at) > 40
    assert set(looked_at) == {paths.InFile, paths.InFolder, paths.OutFile, paths.OutFolder}


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOENT, NotFound),
        (errno.EISDIR, NotFound),
        (errno.ENOTDIR, NotFound),
        (errno.EEXIST, NotAllowed),
        (errno.EACCES, NotAllowed),
        (errno.EROFS, NotAllowed),
        (errno.ENOSPC, StoreFault),
        (errno.EIO, StoreFault),
    ],
)
def test_what_the_system_says_is_a_refusal_where_the_path_is_wrong_and_else_a_fault(number, kind):
    error = paths.of_the_system(OSError(number, "of the system", "place"))
    assert type(error) is kind
    assert str(error).startswith("place: ") and "Errno" not in str(error)
    assert error.in_chinese.startswith("place：")


def test_a_file_that_this_user_may_not_read_is_refused(here, monkeypatch):
    monkeypatch.setattr(paths.os, "access", lambda path, rights: False)  # whoever runs the tests may be root
    with pytest.raises(NotAllowed, match="may not read"):
        paths.check_paths(argparse.Namespace(file=paths.InFile("file")))
