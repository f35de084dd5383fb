"""Drift in the room: compared with what landed before, told in the report to the portal, and never in the way."""

from cleanroom.vocabulary.terms import UploadState
from tests.factories.drifting import CODE, write_month


def month(room, number, **options):
    """Seal and take in one month; gives the warnings of its report."""
    write_month(room, number, **options)
    room.seal(CODE)
    room.take_in(CODE)
    report = max(room.portal.uploads(CODE), key=lambda r: r.sequence)
    assert (report.state, report.sequence) == (UploadState.ACCEPTED, number)
    return {(r.rule, r.column): r for r in report.quality if not r.passed}


def test_a_month_unlike_the_others_is_warned_of_and_lands(clean_room):
    for number in range(1, 5):
        assert month(clean_room, number) == {}
    warned = month(clean_room, 5, rows=400, channel="atm")
    assert warned.keys() == {("drift_volume", None), ("drift_values", "channel")}
    assert {(r.severity, r.failed_rows, r.row_numbers) for r in warned.values()} == {("warn", 0, ())}
    assert clean_room.landed()["landing.transfers"] == 4 * 40 + 400


def test_a_profile_lies_in_the_ledger_and_holds_no_identifier(clean_room):
    month(clean_room, 1)
    with clean_room.opened() as room:
        [profile] = room.warehouse.query("select profile from landing.submissions")["profile"].to_pylist()
    [at_home] = clean_room.participant(CODE).outbox_dir.rglob("profile.json")
    assert profile == at_home.read_text()
    assert "822000" not in profile
