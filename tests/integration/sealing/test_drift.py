"""Drift at the institution: compared with its own outbox, told in both reports, and never in the way."""

import json

import openpyxl

from tests.factories.drifting import CODE, write_month


def month(room, number, **options):
    """Seal one month; gives the folder of clear files."""
    folder = write_month(room, number, **options)
    room.seal(CODE)
    return folder


def test_a_month_unlike_the_others_is_warned_of_and_sealed(clean_room):
    for number in range(1, 5):
        folder = month(clean_room, number)
        assert not (folder / "transfers.csv.errors.json").exists()
    folder = month(clean_room, 5, rows=400, channel="atm")
    told = json.loads((folder / "transfers.csv.errors.json").read_text())
    assert (told["reason"], told["sentence"]) == (None, None)
    drifted = {(r["rule"], r["column"]): r for r in told["rules"]}
    assert drifted.keys() == {("drift_volume", None), ("drift_values", "channel")}
    assert {r["severity"] for r in drifted.values()} == {"warn"}
    assert drifted["drift_volume", None]["values"] == ["1 → 14"]
    assert drifted["drift_values", "channel"]["values"] == ["atm: 0.0% → 100.0%", "online: 100.0% → 0.0%"]
    sheet = openpyxl.load_workbook(folder / "transfers.csv.errors.xlsx")["摘要"]
    assert sheet["B2"].value == "通過，有 2 項提醒。"
    assert {sheet["B9"].value, sheet["B10"].value} == {
        "資料列數與先前各期差異甚大。",
        "各代碼之比率與先前各期差異甚大。",
    }


def test_a_profile_is_kept_beside_what_was_sealed_and_holds_no_identifier(clean_room):
    month(clean_room, 1)
    [kept] = clean_room.participant(CODE).outbox_dir.rglob("profile.json")
    profile = json.loads(kept.read_text())
    assert (profile["rows"], profile["days"], profile["nulls"]) == (40, 28, {"clearing_ref": 0})
    assert set(profile["values"]) == {"channel", "preregistered", "reversed"}
    assert "822000" not in kept.read_text()
