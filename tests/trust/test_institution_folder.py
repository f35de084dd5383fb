"""The folder itself: declarations that are none, names that lead out of it, files that are no files or change."""

import json
import os
import socket

import pytest

from cleanroom import errors
from cleanroom.pipeline import sealing
from cleanroom.sealing.ordinary import Seen, open_ordinary
from tests.factories.attacks import Attack, Side, attack
from tests.factories.refusing import refused_at_home
from tests.factories.reports import only, refusal

FILE = "institution.json"


def declared(name, done, done_zh, change, *, rule="declaration"):
    return refusal(name, done, done_zh, rule, change, refused=errors.ManifestMalformed)


def text(change):
    return lambda about: change(json.dumps(about)).encode()


def with_form(**form):
    def change(about):
        files = {"transfers": {**about["files"]["transfers"], **form}}
        return json.dumps({**about, "files": files}).encode()

    return change


def with_period(first, last):
    return lambda about: json.dumps({**about, "period": {"from": first, "to": last}}).encode()


def named(name):
    return lambda about: json.dumps({**about, "files": {name: about["files"]["transfers"]}}).encode()


@attack(
    declared("declaration that is no JSON", "the declaration ends early", "申報檔截斷", text(lambda t: t[:-1])),
    declared("declaration in UTF-16", "the declaration is in UTF-16", "申報檔為 UTF-16",
             lambda about: json.dumps(about).encode("utf-16")),
    declared("deep declaration", "100,000 brackets are nested", "申報檔巢狀十萬層", lambda about: b"[" * 100_000),
    declared("declaration with a duplicate key", "the institution stands twice, so that two readers may see two",
             "申報檔鍵重複", text(lambda t: t.replace("{", '{"institution": "808", ', 1))),
    declared("declaration with NaN", "the version is NaN", "申報檔含 NaN",
             text(lambda t: t.replace('"specification_version": 1', '"specification_version": NaN'))),
    declared("declaration with a huge integer", "the version has 100,000 digits", "申報檔含十萬位整數",
             text(lambda t: t.replace('"specification_version": 1', '"specification_version": ' + "9" * 100_000))),
    declared("declaration of 2 MiB", "the declaration is padded with blanks", "申報檔達 2 MiB",
             text(lambda t: t + " " * 2**21)),
    declared("declaration with an unknown field", "a field that the form does not know", "申報檔含未知欄位",
             text(lambda t: t.replace("{", '{"A123456789": 1, ', 1))),
    declared("path in a declared name", "a dataset is called ../transfers", "資料集名稱含路徑", named("../transfers")),
    declared("absolute path in a declared name", "a dataset is called /etc/passwd", "資料集名稱為絕對路徑",
             named("/etc/passwd")),
    declared("path in a declared format", "the format is csv/../../x", "格式含路徑", with_form(format="csv/../../x")),
    declared("path in a declared time zone", "the time zone is ../../etc/passwd", "時區含路徑",
             with_form(timezone="../../etc/passwd")),
    declared("path in the name of a query", "the file of a query is called ../../secret.sql", "查詢檔名含路徑",
             with_form(format="query", encoding=None, query_file="../../secret.sql")),
    declared("unknown time zone", "the time zone is Mars/Olympus", "時區不明", with_form(timezone="Mars/Olympus")),
    declared("unknown encoding", "the encoding is latin-1", "編碼不明", with_form(encoding="latin-1")),
    declared("unknown calendar", "the calendar is lunar", "曆法不明", with_form(calendar="lunar")),
    declared("xlsx declared", "the format is xlsx", "申報為 xlsx", with_form(format="xlsx")),
    declared("period that ends before it begins", "the period ends before it begins", "期間訖日早於起日",
             with_period("2025-04-30", "2025-04-01"), rule="period"),
    declared("period of another calendar", "the period is in the Republic's calendar", "期間為民國曆",
             with_period("114/04/01", "114/04/30"), rule="period"),
)  # fmt: skip
def test_declarations(case, clean_room):
    only(clean_room, "822", "transfers")
    path = clean_room.data["822"].folder / FILE
    path.write_bytes(case.means(json.loads(path.read_text())))
    error = refused_at_home(case, clean_room, "822")
    assert error.where.file == FILE
    assert "A123456789" not in str(error) + clean_room.own_events("822")[-1].model_dump_json()


@attack(
    refusal("CSV without a declared encoding", "the encoding is left out", "未申報編碼", "encoding",
            with_form(encoding=None), refused=errors.UndeclaredEncoding),
    refusal("folder of another institution", "the folder declares another institution", "資料夾屬其他機構",
            "folder_institution", lambda about: json.dumps({**about, "institution": "808"}).encode(),
            refused=errors.NotTheOwner),
)  # fmt: skip
def test_declarations_of_something_else(case, clean_room):
    only(clean_room, "822", "transfers")
    path = clean_room.data["822"].folder / FILE
    path.write_bytes(case.means(json.loads(path.read_text())))
    assert refused_at_home(case, clean_room, "822").where.file == FILE


# --- files that are no files ------------------------------------------------------------------------------------------


def link_out(path, outside):
    outside.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(outside)


def link_to_a_device(path, outside):
    path.unlink()
    path.symlink_to("/dev/zero")


def dangling_link(path, outside):
    path.unlink()
    path.symlink_to(outside / "gone")


def pipe(path, outside):
    path.unlink()
    os.mkfifo(path)


def bound_socket(path, outside):
    path.unlink()
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's whole path has at most 107 characters
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def folder(path, outside):
    path.unlink()
    path.mkdir()


KINDS = [
    ("link out of the folder", "a link to a file elsewhere", "檔案為指向他處之連結", link_out),
    ("link to a device", "a link to a device without end", "檔案為指向裝置之連結", link_to_a_device),
    ("link to nothing", "a link to a file that is not there", "檔案為失效連結", dangling_link),
    ("pipe", "a named pipe, at which a reader waits for ever", "檔案為具名管道", pipe),
    ("socket", "a socket", "檔案為通訊端", bound_socket),
    ("folder for a file", "a folder", "檔案為資料夾", folder),
]


@attack(
    *[
        refusal(f"{name} as {what}", f"{file} is {done}", f"{file}：{done_zh}", "file_kind", (file, put))
        for name, done, done_zh, put in KINDS
        for file, what in (("transfers.csv", "a data file"), (FILE, "the declaration"))
    ]
)
def test_files_that_are_no_files(case, clean_room, tmp_path):
    only(clean_room, "822", "transfers")
    file, put = case.means
    put(clean_room.data["822"].folder / file, tmp_path / "outside")
    assert refused_at_home(case, clean_room, "822").where.file == file


def swapped_for_a_link(path):
    path.rename(path.with_suffix(".old"))
    path.symlink_to(path.with_suffix(".old"))


def swapped_for_a_pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("swap", [swapped_for_a_link, swapped_for_a_pipe])
def test_what_takes_a_files_place_after_it_was_looked_at_is_not_opened(tmp_path, swap):
    path = tmp_path / "transfers.csv"
    path.write_text("x")
    Seen.now(path)
    swap(path)
    with pytest.raises(errors.MalformedRows, match="file_kind"):
        open_ordinary(path)


def appended(path):
    with path.open("ab") as file:
        file.write(b"more")


def rewritten_with_its_times_set_back(path):
    before = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path):
    new = path.with_suffix(".new")
    new.write_bytes(path.read_bytes())
    os.replace(new, path)


@attack(
    *[
        Attack(
            name, Side.INSTITUTION, done, done_zh, refused=errors.MalformedRows, rule="file_changed", means=change
        )
        for name, done, done_zh, change in (
            ("file that grows while it is read", "another program still writes", "讀取期間檔案增長", appended),
            ("file rewritten with its times set back", "size and time of change look the same",
             "改寫後還原時間戳記", rewritten_with_its_times_set_back),
            ("file replaced while it is read", "another file takes its name", "讀取期間檔案遭置換", replaced),
            ("file removed while it is read", "the file is gone", "讀取期間檔案遭移除", os.unlink),
        )
    ]
)  # fmt: skip
def test_files_that_change(case, tmp_path):
    path = tmp_path / "transfers.csv"
    path.write_bytes(b"txn_id\n1\n")
    seen = Seen.now(path)
    seen.check_unchanged()
    case.means(path)
    with case.refuses():
        seen.check_unchanged()


@attack(
    *[
        refusal(name, done, done_zh, "file_missing", file, refused=errors.NothingToDo)
        for name, done, done_zh, file in (
            ("folder without a declaration", "institution.json is not there", "缺 institution.json", FILE),
            ("declared file that is missing", "a declared file is not there", "申報之檔案不存在", "transfers.csv"),
        )
    ]
)
def test_files_that_are_missing(case, clean_room):
    only(clean_room, "822", "transfers")
    (clean_room.data["822"].folder / case.means).unlink()
    assert refused_at_home(case, clean_room, "822").where.file == case.means


@attack(
    Attack(
        "file that grows while it is sealed", Side.INSTITUTION, "another program writes a row after the file was read",
        "封裝期間另一程式寫入資料列", refused=errors.MalformedRows, rule="file_changed", verb="sealing.refused",
    )
)  # fmt: skip
def test_a_file_that_grows_while_it_is_sealed(case, clean_room):
    path = only(clean_room, "822", "transfers")
    settings, seen = clean_room.participant("822"), []

    def write_more(progress):
        if not seen:
            appended(path)
        seen.append(progress.step)

    with case.refuses():
        sealing.seal_and_upload(settings, portal=clean_room.portal, objects=clean_room.objects, progress=write_more)
    assert seen, "nothing was read, so nothing could change"
    case.recorded(clean_room.own_events("822"), file="transfers.csv")
    assert clean_room.names("") == []
    assert list(settings.outbox_dir.rglob("*.age")) == []
    told = json.loads((path.parent / "transfers.csv.errors.json").read_text())
    assert [r["rule"] for r in told["rules"]] == ["file_changed"]
