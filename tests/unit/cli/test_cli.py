"""The command: what it refuses, how it says so, and with which exit code."""

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from cleanroom import cli
from cleanroom.cli import governance
from cleanroom.errors import (
    CanaryMismatch,
    ContentTampered,
    KeyRefused,
    NotFound,
    NothingToDo,
    SettingsInvalid,
)
from cleanroom.governance.policy import DEFAULT_POLICY
from cleanroom.pipeline.shadow_view import Counted, View


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEANROOM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_missing_folder_is_a_sentence_and_a_code(tmp_path, capsys):
    code = cli.main(["run", "--data", str(tmp_path / "none"), "--workdir", str(tmp_path / "w")])
    said = " ".join(capsys.readouterr().err.split())
    assert code == NotFound.exit_code
    assert "refused (not_found)" in said and "no such file or folder" in said
    assert "Traceback" not in said


def test_without_a_token_the_room_says_what_to_do(capsys, home):
    (home / "room").mkdir(parents=True)
    code = cli.main(["governance", "gate"])
    said = " ".join(capsys.readouterr().err.split())
    assert code == SettingsInvalid.exit_code
    assert "portal token" in said


def _in_the_wrong_folder(tmp_path) -> list[list[str]]:
    """Every command that asks a room, with files that are there."""
    policy = str(files("cleanroom.governance") / "policies" / f"{DEFAULT_POLICY}.yaml")
    out = ["--out", str(tmp_path / "out")]
    return [
        ["gate"],
        ["watch"],
        ["drill"],
        ["shadow"],
        ["scan-report", policy, "--scanned-on", "2026-03-01"],
        ["pack", *out],
        ["form", "write", "--release", "R", *out],
        ["what-if", "--policy", policy],
    ]


def test_in_a_folder_without_a_room_nothing_is_made_and_one_sentence_is_said(tmp_path, capsys, home):
    home.mkdir()
    said = set()
    for command in _in_the_wrong_folder(tmp_path):
        assert cli.main(["governance", *command]) == SettingsInvalid.exit_code, command
        said.add(capsys.readouterr().err)
        assert not list(home.iterdir()), command
    [one] = said
    assert "CLEANROOM_HOME" in one
    assert "key ring" not in one
    assert cli.main(["keys", "show-room"]) == SettingsInvalid.exit_code
    assert not list(home.iterdir())


def test_a_room_without_its_keys_notes_the_refusal_in_its_log(capsys, home):
    (home / "room").mkdir(parents=True)
    assert cli.main(["governance", "shadow"]) == KeyRefused.exit_code
    assert "CLEANROOM_HOME" in capsys.readouterr().err
    assert "key_ring_missing" in (home / "room" / "audit.jsonl").read_text()


def test_keys_are_made_once_and_kept(capsys, home):
    assert cli.main(["keys", "init-room", "--demo"]) == 0
    first = capsys.readouterr().out
    assert cli.main(["keys", "init-room", "--demo"]) == 0
    assert capsys.readouterr().out == first
    assert "recipient: age1" in first
    assert (home / "room" / "keys").stat().st_mode & 0o077 == 0


def test_the_shared_key_goes_from_one_participant_to_another(capsys, tmp_path):
    assert cli.main(["keys", "init-participant", "--institution", "700", "--make-k1", "--demo"]) == 0
    assert cli.main(["keys", "init-participant", "--institution", "808", "--demo"]) == 0
    recipient = capsys.readouterr().out.split("recipient: ")[-1].split()[0]
    share = tmp_path / "share"
    assert cli.main(["keys", "export-k1", "--institution", "700", "--recipient", recipient, "--out", str(share)]) == 0
    command = ["keys", "init-participant", "--institution", "808", "--demo", "--k1-from", str(share)]
    assert cli.main(command) == 0
    other = ["keys", "init-participant", "--institution", "822", "--demo", "--k1-from", str(share)]
    assert cli.main(other) == ContentTampered.exit_code


def test_the_room_pins_what_the_participants_show(capsys, tmp_path):
    assert cli.main(["keys", "init-room", "--demo"]) == 0
    assert cli.main(["keys", "init-participant", "--institution", "700", "--make-k1", "--demo"]) == 0
    capsys.readouterr()
    assert cli.main(["keys", "canaries", "--institution", "700"]) == 0
    card = tmp_path / "card.json"
    card.write_text(capsys.readouterr().out)
    assert cli.main(["keys", "pin-canaries", str(card)]) == 0
    assert cli.main(["keys", "pin-canaries", str(card)]) == 0
    forged = json.loads(card.read_text())
    forged["canaries"] = dict.fromkeys(forged["canaries"], "0" * 64)
    card.write_text(json.dumps(forged))
    assert cli.main(["keys", "pin-canaries", str(card)]) == CanaryMismatch.exit_code


def test_this_installation_agrees_with_the_published_answers(capsys):
    assert cli.main(["conformance"]) == 0
    assert "known answers agree" in capsys.readouterr().out


def test_every_command_explains_itself(capsys):
    for command in ("demo", "run", "upload", "take-in", "build-moneyflow", "train", "evaluate-release", "score",
                    "dispatch", "evaluate-outcomes", "conformance"):  # fmt: skip
        with pytest.raises(SystemExit) as ended:
            cli.main([command, "--help"])
        assert ended.value.code == 0
        assert len(capsys.readouterr().out) > 80


def test_a_declared_institution_that_is_no_code_is_refused(tmp_path, capsys):
    folder = tmp_path / "data" / "x"
    folder.mkdir(parents=True)
    (folder / "institution.json").write_text(json.dumps({"institution": "12", "sector": "bank"}))
    assert cli.main(["run", "--data", str(tmp_path / "data"), "--workdir", str(tmp_path / "w")]) == 13
    assert "three digits" in " ".join(capsys.readouterr().err.split())


def test_a_working_folder_that_is_a_file_is_a_sentence_and_a_code(tmp_path, capsys):
    (tmp_path / "data" / "808").mkdir(parents=True)
    (tmp_path / "data" / "808" / "institution.json").write_text('{"institution": "808", "sector": "bank"}')
    (tmp_path / "file").write_text("")
    code = cli.main(["run", "--data", str(tmp_path / "data"), "--workdir", str(tmp_path / "file")])
    said = "".join(capsys.readouterr().err.split())
    assert code == NotFound.exit_code
    assert "refused(not_found)" in said and str(tmp_path / "file") in said


@pytest.mark.parametrize("command", [["upload", "--institution"], ["take-in", "--participant"]])
def test_a_code_that_is_a_path_is_not_followed(command, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, "../x"])
    assert ended.value.code == 2
    assert "three-digit code" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_refused_and_never_asked_to_be_tried_again(tmp_path, capsys):
    assert cli.main(["governance", "transcripts", "grade", str(tmp_path / "none.jsonl")]) == NotFound.exit_code
    said = capsys.readouterr().err
    assert said.startswith("refused (not_found)") and "none.jsonl" in said


def test_a_pack_is_verified_outside_the_room_under_a_key_that_is_named(home, tmp_path, capsys, monkeypatch):
    (tmp_path / "pack.zip").touch()
    for language, custodian in (("en", "custodian"), ("zh-hant", "金鑰保管人")):
        monkeypatch.setenv("CLEANROOM_LANGUAGE", language)
        with pytest.raises(SystemExit) as ended:
            cli.main(["governance", "verify", str(tmp_path / "pack.zip")])
        assert ended.value.code == 2
        said = capsys.readouterr().err
        assert "--room-key" in said
        assert custodian in said
        assert "usage" not in said
    assert not home.exists()


def test_the_released_model_is_shown_where_none_is_in_the_shadow(capsys):
    day = datetime(2026, 3, 2, tzinfo=UTC)
    alone = View((), Counted("release-9", None, day, day, 100, 3), 14.0)
    governance._show_shadow(alone)
    said = capsys.readouterr().out
    assert "No model has scored in the shadow yet." in said
    assert "100" in said
    governance._show_shadow(View((), None, 14.0))
    assert "100" not in capsys.readouterr().out


def test_a_reviewer_is_not_sent_to_the_files_of_an_upload(tmp_path, capsys):
    (tmp_path / "empty.jsonl").touch()
    policy = str(files("cleanroom.governance") / "policies" / f"{DEFAULT_POLICY}.yaml")
    what_if = ["what-if", "--policy", policy, "--releases", str(tmp_path)]
    for command in (what_if, ["transcripts", "grade", str(tmp_path / "empty.jsonl")]):
        assert cli.main(["governance", *command]) == NothingToDo.exit_code
        assert "institution.json" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["replay", "--from"], ["governance", "scan-report", "report.json", "--scanned-on"]]
)
def test_a_day_that_is_none_is_told_how_days_are_written(command, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([*command, "1.10.2025"])
    assert ended.value.code == 2
    assert "give one as 2025-10-01" in capsys.readouterr().err


@pytest.mark.parametrize("asked", [["policy-schema"], ["metrics"], ["gate", "--json"], ["--help"]])
def test_a_reader_that_has_seen_enough_is_no_fault(tmp_path, asked):
    """As with `| head`, for text, tables, refusals and help: nothing is said, and the code is that of any program whose
    pipe was closed."""
    command = [sys.executable, "-m", "cleanroom.cli", "governance", *asked]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as started:
        started.stdout.close()
        assert started.stderr.read() == b""
        assert started.wait() == 128 + signal.SIGPIPE
