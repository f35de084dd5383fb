"""`cleanroom seal`, `upload` and `status` as an institution's staff and its scheduler run them."""

import json
from contextlib import contextmanager

import pytest
from rich.console import Console

from cleanroom import cli, errors
from cleanroom.cli import participant
from cleanroom.pipeline import upload
from cleanroom.stores.objects_local import LocalObjectStore
from tests.factories.clean_room import ACCOUNTS, CleanRoom
from tests.factories.databases import QUERY, sqlite_in

pytestmark = pytest.mark.slow  # together; each has a clean room of its own


@pytest.fixture
def room(tmp_path, monkeypatch):
    """The portal is the verified fake; all else is what the command opens by itself."""
    made = CleanRoom.make(tmp_path / "home")

    @contextmanager
    def portal(settings):
        yield made.portal

    monkeypatch.setattr(upload, "_portal", portal)
    monkeypatch.setenv("CLEANROOM_HOME", str(made.home))
    monkeypatch.setenv("CLEANROOM_LANGUAGE", "en")
    return made


def run(*words):
    return cli.main([*words, "--institution", "808"])


def sent(room):
    return [name for name in room.names("inbox/808/") if name.endswith("/manifest.json")]


def sealed(room):
    return sorted(room.participant("808").outbox_dir.glob("*/*/manifest.json"))


def break_a_row(room):
    room.data["808"].rows["transfers"][1][7] = "1,000.00"
    room.data["808"].write()


def test_a_dry_run_says_that_all_is_well_and_leaves_nothing(room, capsys):
    for name in ("seal", "upload"):
        assert run(name, "--dry-run") == 0
        assert "None of the 5 rows breaks a rule" in capsys.readouterr().out
    assert (sealed(room), room.names("")) == ([], [])


def test_a_dry_run_shows_the_complete_report_and_keeps_it(room, capsys):
    break_a_row(room)
    room.data["808"].rows["accounts"][0][2] = "A123456780"
    room.data["808"].write()
    assert run("upload", "--dry-run") == errors.MalformedRows.exit_code
    said = capsys.readouterr()
    for name, rule in (("transfers", "decimal_form"), ("accounts", "national_id_checksum")):
        assert f"Report on {name}.parquet" in said.out
        assert rule[:8] in said.out
        assert (room.data["808"].folder / f"{name}.parquet.errors.json").exists()
        assert (room.data["808"].folder / f"{name}.parquet.errors.xlsx").exists()
    assert said.err.count("refused (malformed_rows)") == 2
    assert "What to do" in said.err
    assert (sealed(room), room.names("")) == ([], [])


def test_values_are_shown_on_a_terminal_and_in_no_log(room, capsys, monkeypatch):
    wrong = ACCOUNTS["808"][0] + "x"
    room.data["808"].rows["transfers"][1][4] = wrong
    room.data["808"].write()
    run("seal", "--dry-run")
    said = capsys.readouterr()
    assert "Report on transfers.parquet" in said.out
    assert wrong not in said.out + said.err
    terminal = Console(force_terminal=True, width=200)
    monkeypatch.setattr(participant, "out", terminal)
    with terminal.capture() as shown:
        run("seal", "--dry-run")
    assert wrong in shown.get()


def test_seal_seals_and_upload_sends_it(room, capsys):
    assert run("seal") == 0
    assert "submissions that wait to be sent: 3" in capsys.readouterr().out
    assert len(sealed(room)) == 3
    assert room.names("") == []
    assert run("upload", "--sealed-only") == 0
    assert "Submissions sent: 3, there already: 0" in capsys.readouterr().out
    assert len(sent(room)) == 3
    assert run("upload") == 0
    assert "Submissions sent: 0, there already: 3" in capsys.readouterr().out


def test_sealed_only_does_not_open_the_clear_files(room):
    assert run("seal") == 0
    break_a_row(room)
    assert run("upload", "--sealed-only") == 0
    assert len(sent(room)) == 3
    assert run("upload") == errors.MalformedRows.exit_code


def test_what_the_room_answers_is_shown_with_its_place_in_the_log(room, capsys):
    assert run("status", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    run("seal")
    run("upload", "--sealed-only")
    room.take_in("808")
    break_a_row(room)
    room.data["808"].rows["transfers"][1][7] = "1000.00"
    room.data["808"].write()
    run("seal", "--supersede", "transfers")
    capsys.readouterr()
    assert run("status", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [(s["dataset"], s["sequence"], s["sent"], s["state"]) for s in found if s["dataset"] == "transfers"] == [
        ("transfers", 1, True, "accepted"),
        ("transfers", 2, False, None),
    ]
    assert all(s["audit_sequence"] for s in found if s["state"])
    assert run("status") == 0
    said = capsys.readouterr().out
    assert "accepted" in said
    assert "waits to be" in said


def test_a_refusal_of_the_room_is_told_with_its_reason(room, capsys):
    run("upload")
    part = next((room.settings.objects_dir / "inbox/808/transfers").rglob("*.age"))
    part.write_bytes(b"damaged")
    with pytest.raises(errors.ContentTampered):
        room.take_in("808")
    capsys.readouterr()
    assert run("status", "--json") == 0
    states = {s["dataset"]: (s["state"], s["reason"]) for s in json.loads(capsys.readouterr().out)}
    assert states["transfers"] == ("refused", "content_tampered")


def test_a_receipt_that_the_room_did_not_sign_ends_status(room, capsys):
    run("upload")
    room.take_in("808")
    [name] = room.names("receipts/808/transfers/")
    path = room.settings.objects_dir / name
    path.write_bytes(path.read_bytes().replace(b'"rows":3', b'"rows":4'))
    assert run("status") == errors.SignatureRefused.exit_code
    assert "call the auditor" in capsys.readouterr().err


def test_the_receipt_of_another_submission_is_not_believed(room, capsys):
    run("upload")
    room.take_in("808")
    [own] = room.names("receipts/808/transfers/")
    [other] = room.names("receipts/808/accounts/")
    folder = room.settings.objects_dir
    (folder / own).write_bytes((folder / other).read_bytes())
    capsys.readouterr()
    assert run("status", "--json") == 0
    states = {s["dataset"]: s["state"] for s in json.loads(capsys.readouterr().out)}
    assert states["transfers"] is None


def test_json_is_one_object_whatever_happens(room, capsys):
    assert run("seal", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["step"], said["rows"], said["detail"]["sealed"]) == ("seal", 5, 3)
    break_a_row(room)
    room.data["808"].rows["accounts"][0][2] = "A123456780"
    room.data["808"].write()
    assert run("upload", "--json") == errors.MalformedRows.exit_code
    said = json.loads(capsys.readouterr().out)
    assert said["exit_code"] == errors.MalformedRows.exit_code
    assert [e["file"] for e in said["errors"]] == ["transfers.parquet", "accounts.parquet"]
    assert all(e["kind"] == "refusal" and e["do"] for e in said["errors"])


def test_in_chinese_where_that_is_the_language(room, capsys, monkeypatch):
    monkeypatch.delenv("CLEANROOM_LANGUAGE")
    monkeypatch.setenv("LC_ALL", "zh_TW.UTF-8")
    break_a_row(room)
    assert run("upload") == errors.MalformedRows.exit_code
    said = capsys.readouterr()
    assert "檢核報告" in said.out
    assert "拒絕（malformed_rows，檔案不符約定格式）：" in said.err
    assert "處理方式" in said.err


def test_progress_without_a_terminal_is_lines_of_counts(room, capsys):
    assert run("upload") == 0
    said = capsys.readouterr().err
    assert "seal transfers: 3" in said.replace("  ", " ")
    assert "send transfers" in said
    assert "\x1b" not in said
    assert not [a for a in ACCOUNTS["808"] if a in said]


def test_a_query_whose_rows_change_is_a_new_submission(room, tmp_path, monkeypatch, capsys):
    database, data = sqlite_in(tmp_path), room.data["808"]
    database.fill(data.rows["transfers"])
    monkeypatch.setenv("CLEANROOM_DATABASE_URL", database.url)
    data.rows = {}
    form = {"format": "query", "encoding": None, "calendar": "gregorian", "timezone": "Asia/Taipei"}
    data.declaration = {"files": {"transfers": {**form, "query_file": "bookings.sql"}}}
    for path in data.folder.iterdir():
        path.unlink()
    data.write()
    (data.folder / "bookings.sql").write_text(QUERY)
    assert run("upload") == 0
    room.take_in("808")
    assert room.landed()["landing.transfers"] == 3
    assert run("upload") == 0
    assert len(sent(room)) == 1
    database.run("update bookings set channel = 'atm' where txn_id = '808-000001'")
    assert run("upload", "--supersede", "transfers") == 0
    assert len(sent(room)) == 2
    room.take_in("808")
    assert room.landed()["landing.transfers"] == 3
    capsys.readouterr()
    run("status", "--json")
    assert sorted(s["state"] for s in json.loads(capsys.readouterr().out)) == ["accepted", "superseded"]
    database.run("update bookings set amount_twd = '1e3'")
    assert run("seal", "--dry-run") == errors.MalformedRows.exit_code
    assert "Report on bookings.sql" in capsys.readouterr().out


def test_the_local_store_is_what_the_command_opens(room):
    run("upload")
    assert [i.name for i in LocalObjectStore(room.home / "objects").list("")] == room.names("")
