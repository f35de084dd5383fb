"""A clear folder is refused at home: file, row, column, rule, the whole report; nothing leaves.

What somebody might try is in the catalogue of attacks: tests/trust/test_institution_*.py.
"""

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cleanroom import errors
from cleanroom.pipeline import sealing
from tests.factories.clean_room import HEADERS
from tests.fakes.portal import signed_mou, specification_in_force


def refused(clean_room, code, kind, *, rule, where=()):
    """Seal; assert everything that a refusal promises; give the refusal."""
    with pytest.raises(kind) as caught:
        clean_room.seal(code)
    error = caught.value
    assert type(error) is kind
    assert error.rule == rule
    for part in (rule, *where):
        assert part in str(error)
    assert clean_room.names("") == []
    assert list(clean_room.participant(code).outbox_dir.rglob("uploaded.json")) == []
    [event] = clean_room.own_events(code)
    assert (event.verb, event.detail["reason"], event.detail["rule"]) == ("sealing.refused", kind.reason, rule)
    assert clean_room.portal.events == [event]
    return error


def report(clean_room, code, file):
    path = clean_room.data[code].folder / f"{file}.errors.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return json.loads(path.read_text())


def rewrite(clean_room, code, dataset, change, **options):
    data = clean_room.data[code]
    change(data.rows[dataset])
    data.write(**options)


# --- rows ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["808", "822", "700"])
@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("executed_at", "yesterday", "timestamp_form"),
        ("executed_at", "2025-02-30T10:00:00+08:00", "timestamp_form"),
        ("executed_at", "114/02/30 10:00:00", "timestamp_form"),
        ("executed_at", "", "required"),
        ("sender_account", "12345", "account_digits"),
        ("sender_account", "12-34567", "account_digits"),
        ("amount_twd", "0", "exclusive_minimum"),
        ("amount_twd", "-5", "decimal_form"),
        ("amount_twd", "10.001", "decimal_form"),
        ("amount_twd", "1e3", "decimal_form"),
        ("channel", "pigeon", "one_of"),
        ("preregistered", "perhaps", "boolean_form"),
        ("txn_id", "x" * 41, "text_form"),
        ("sender_institution", "8x8", "text_form"),
    ],
)
def test_a_malformed_value_is_reported_with_its_place(clean_room, code, column, value, rule):
    data = clean_room.data[code]
    position = HEADERS["transfers"].index(column)
    data.rows["transfers"][1][position] = value
    data.write()
    file = f"transfers.{data.form['format']}"
    error = refused(clean_room, code, errors.MalformedRows, rule=rule, where=(file, "row 2", column))
    assert value not in str(error) or not value
    [found] = [r for r in report(clean_room, code, file)["rules"] if (r["rule"], r["column"]) == (rule, column)]
    assert (found["failed_rows"], found["row_numbers"], found["row_numbers_complete"]) == (1, [2], True)
    assert found["values"] == ([value] if value else [])


def test_the_report_names_every_bad_row_of_the_whole_file(clean_room):
    data = clean_room.data["822"]
    good = data.rows["transfers"][0]
    rows = [[f"822-{n:06d}", *good[1:]] for n in range(1, 1001)]
    for number in range(7, 1001, 7):
        rows[number - 1][7] = "minus one"
    rows[499][4] = "1"
    data.rows["transfers"] = rows
    data.write()
    with pytest.raises(errors.MalformedRows) as caught:
        clean_room.seal("822")
    assert "1 other rule is broken" in str(caught.value)
    told = {r["rule"]: r for r in report(clean_room, "822", "transfers.csv")["rules"]}
    assert told["decimal_form"]["row_numbers"] == list(range(7, 1001, 7))
    assert told["account_digits"]["row_numbers"] == [500]
    assert told["decimal_form"]["values"] == ["minus one"]


def test_identifiers_that_fail_their_checksum(clean_room):
    data = clean_room.data["808"]
    data.rows["accounts"][1][2] = "A123456788"
    data.write()
    error = refused(
        clean_room, "808", errors.MalformedRows, rule="national_id_checksum", where=("accounts.parquet, row 2",)
    )
    assert "A123456788" not in str(error)


def test_rows_with_too_few_and_too_many_columns(clean_room):
    data = clean_room.data["822"]
    data.rows["transfers"] += [["822-000009", "short"], [*data.rows["transfers"][0], "long"]]
    data.write()
    refused(clean_room, "822", errors.MalformedRows, rule="column_count", where=("transfers.csv, row 4",))
    [found] = [r for r in report(clean_room, "822", "transfers.csv")["rules"] if r["rule"] == "column_count"]
    assert found["row_numbers"] == [4, 5]


def test_rows_after_a_ragged_one_keep_their_numbers(clean_room):
    data = clean_room.data["822"]
    data.rows["transfers"].insert(0, ["ragged"])
    data.rows["transfers"][3][7] = "nothing"
    data.write()
    with pytest.raises(errors.MalformedRows):
        clean_room.seal("822")
    told = {r["rule"]: r["row_numbers"] for r in report(clean_room, "822", "transfers.csv")["rules"]}
    assert (told["column_count"], told["decimal_form"]) == ([1], [4])


# --- institutions -------------------------------------------------------------------------------------------------


def test_an_unknown_institution(clean_room):
    rewrite(clean_room, "822", "transfers", lambda rows: rows[1].__setitem__(5, "998"))
    refused(
        clean_room, "822", errors.UnknownInstitution, rule="known_institution",
        where=("transfers.csv, row 2, receiver_institution",),
    )  # fmt: skip


def test_transfers_between_others(clean_room):
    def between_others(rows):
        rows[0][3], rows[0][5] = "808", "700"

    rewrite(clean_room, "822", "transfers", between_others)
    refused(clean_room, "822", errors.NotTheOwner, rule="owner", where=("transfers.csv, row 1",))


# --- agreement, keys, declaration -----------------------------------------------------------------------------------


def test_an_expired_mou(clean_room):
    clean_room.portal.change("822", mou=signed_mou(expires_on=(datetime.now(UTC) - timedelta(days=2)).date()))
    refused(clean_room, "822", errors.MouNotInForce, rule="mou_in_time")


def test_no_mou(clean_room):
    clean_room.portal.change("822", mou=None)
    refused(clean_room, "822", errors.MouNotInForce, rule="mou_signed")


def test_another_specification_version(clean_room):
    clean_room.data["822"].declaration = {"specification_version": 2}
    clean_room.data["822"].write()
    refused(clean_room, "822", errors.SpecificationNotInForce, rule="specification_version")


def test_a_specification_that_nobody_ratified(clean_room):
    standing = specification_in_force().model_copy(update={"in_force_from": None})
    clean_room.portal.change("822", specification=standing)
    refused(clean_room, "822", errors.SpecificationNotInForce, rule="specification_in_force")


def test_a_signing_key_that_is_not_registered(clean_room):
    clean_room.portal.change("822", keys=())
    refused(clean_room, "822", errors.KeyRefused, rule="key_registered")


def test_a_room_without_an_envelope_key(clean_room):
    clean_room.portal.change("822", room_recipient=None, room_recipient_kid=None)
    refused(clean_room, "822", errors.KeyRefused, rule="room_key")


def test_demo_keys_in_production(clean_room):
    settings = replace(clean_room.participant("822"), environment="production")
    with pytest.raises(errors.KeyRefused, match="demo"):
        sealing.seal_and_upload(settings, portal=clean_room.portal, objects=clean_room.objects)
    assert clean_room.names("") == []


# --- the gate -----------------------------------------------------------------------------------------------------


def test_a_rule_of_the_gate_at_home(clean_room):
    rewrite(clean_room, "822", "transfers", lambda rows: rows[2].__setitem__(2, "2025-05-01T00:00:00+08:00"))
    with pytest.raises(errors.QualityGateFailed) as caught:
        clean_room.seal("822")
    assert "transfers.csv, row 3, executed_at" in str(caught.value)
    assert clean_room.names("") == []
    told = report(clean_room, "822", "transfers.csv")
    assert told["reason"] == "quality_gate_failed"
    assert [(r["column"], r["row_numbers"]) for r in told["rules"] if r["severity"] == "fail"] == [("executed_at", [3])]


def test_one_bad_file_keeps_the_whole_folder_at_home(clean_room):
    rewrite(clean_room, "808", "accounts", lambda rows: rows[0].__setitem__(3, "never"))
    with pytest.raises(errors.MalformedRows, match=r"accounts\.parquet"):
        clean_room.seal("808")
    assert clean_room.names("") == []
    rewrite(clean_room, "808", "accounts", lambda rows: rows[0].__setitem__(3, "2020-01-01"))
    assert clean_room.seal("808").detail["uploaded"] == 3
    assert not (clean_room.data["808"].folder / "accounts.parquet.errors.json").exists()


def test_one_run_reports_on_every_file(clean_room):
    rewrite(clean_room, "808", "accounts", lambda rows: rows[0].__setitem__(3, "never"))
    rewrite(clean_room, "808", "transfers", lambda rows: rows[0].__setitem__(7, "free"))
    with pytest.raises(errors.MalformedRows):
        clean_room.seal("808")
    assert report(clean_room, "808", "accounts.parquet")["rules"][0]["rule"] == "date_form"
    assert report(clean_room, "808", "transfers.parquet")["rules"][0]["rule"] == "decimal_form"
    assert [e.detail["file"] for e in clean_room.own_events("808")] == ["transfers.parquet", "accounts.parquet"]


def test_a_portal_that_cannot_be_told_does_not_hide_the_refusal(clean_room):
    clean_room.portal.down.add("record_event")
    rewrite(clean_room, "822", "transfers", lambda rows: rows[0].__setitem__(7, "free"))
    with pytest.raises(errors.MalformedRows):
        clean_room.seal("822")
    assert [e.verb for e in clean_room.own_events("822")] == ["sealing.refused", "portal.not_told"]


def test_a_period_that_nobody_can_mean(clean_room):
    clean_room.data["822"].declaration = {"period": {"from": "0001-01-01", "to": "9999-12-31"}}
    clean_room.data["822"].write()
    refused(clean_room, "822", errors.ManifestMalformed, rule="period", where=("institution.json, period",))


def test_a_file_of_transfers_without_rows(clean_room):
    clean_room.data["822"].rows["transfers"] = []
    clean_room.data["822"].write()
    error = refused(clean_room, "822", errors.QualityGateFailed, rule="rows", where=("transfers.csv",))
    assert "the file breaks the rule rows" in str(error)
