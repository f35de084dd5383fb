"""The log: chained, append-only by the database, in the change's own transaction."""

from datetime import UTC, datetime
from itertools import pairwise
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.contracts.audit_chain import GENESIS, parse_line, walk
from cleanroom.contracts.canonical import canonical_bytes, digest_of
from cleanroom.errors import CleanroomError, Refusal
from cleanroom.stores.audit_file import verify as verify_file
from cleanroom.vocabulary.terms import Role
from portal.audit.actions import record, record_reported
from portal.audit.chain import lines, verify
from portal.audit.models import Event
from portal.audit.triggers import REMOVE
from tests.factories.portal import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor():
    return make_person(Role.AUDITOR)


@pytest.fixture
def five(auditor):
    for number in range(5):
        record(
            by=auditor, verb="test.happened", subject=f"thing:{number}", detail={"n": number, "share": 0.5, "x": None}
        )
    return list(Event.objects.order_by("sequence"))


SWAP = """UPDATE audit_event SET (verb, subject, detail) = (
    SELECT o.verb, o.subject, o.detail FROM audit_event o WHERE o.sequence = 5 - audit_event.sequence
) WHERE sequence IN (2, 3)"""


def without_triggers(sql: str) -> None:
    """What someone with the database's own password could do."""
    with connection.cursor() as cursor:
        for statement in REMOVE[connection.vendor]:
            cursor.execute(statement)
        cursor.execute(sql)


def test_the_chain_begins_with_zeros_and_holds_together(five):
    assert five[0].previous_digest == GENESIS
    assert [event.sequence for event in five] == [1, 2, 3, 4, 5]
    assert all(later.previous_digest == earlier.digest for earlier, later in pairwise(five))
    verdict = verify()
    assert verdict.whole and verdict.events == 5 and verdict.head == five[-1].digest


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_event SET verb = 'other' WHERE sequence = 3",
        "DELETE FROM audit_event WHERE sequence = 5",
        "DELETE FROM audit_event",
        "INSERT INTO audit_event SELECT 99, recorded_at, occurred_at, reported_actor, verb, subject, detail, NULL, "
        "'a', 'b', actor FROM audit_event WHERE sequence = 1",
    ],
)
def test_the_database_refuses_to_change_the_log(five, sql):
    with pytest.raises(DatabaseError, match="audit log"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert verify().events == 5


def test_the_framework_cannot_change_it_either(five):
    for attempt in (lambda: five[2].delete(), lambda: Event.objects.all().delete(), lambda: five[2].save()):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    assert verify().whole


@pytest.mark.parametrize(
    ("sql", "bad", "why"),
    [
        ("UPDATE audit_event SET subject = 'thing:9' WHERE sequence = 3", 3, "event 3 was edited"),
        ("UPDATE audit_event SET detail = '{\"n\": 7}' WHERE sequence = 2", 2, "event 2 was edited"),
        ("UPDATE audit_event SET recorded_at = '2020-01-01 00:00:00' WHERE sequence = 2", 2, "event 2 was edited"),
        ("UPDATE audit_event SET recorded_at = 'x' WHERE sequence = 2", 2, "event 2 is not written as"),
        ("UPDATE audit_event SET detail = '{\"n\": 1e400}' WHERE sequence = 2", 2, "event 2 is not written as"),
        ("UPDATE audit_event SET detail = '[1]' WHERE sequence = 2", 2, "event 2 is not written as"),
        ("UPDATE audit_event SET digest = 'ff' WHERE sequence = 1", 1, "event 1 is not written as"),
        ("DELETE FROM audit_event WHERE sequence = 2", 2, "event 2 was deleted"),
        ("DELETE FROM audit_event WHERE sequence <= 2", 1, "event 1 was deleted"),
        (f"UPDATE audit_event SET previous_digest = '{'f' * 64}' WHERE sequence = 4", 4, "event 4 was edited"),
        (SWAP, 2, "event 2 was edited"),
    ],
)
def test_what_got_past_the_triggers_is_found(five, sql, bad, why):
    without_triggers(sql)
    verdict = verify()
    assert not verdict.whole and verdict.bad == bad and why in verdict.why


def test_a_cut_tail_is_whole_to_the_chain_alone(five):
    """What checkpoints are for: tests/integration/portal/test_checkpoints.py."""
    without_triggers("DELETE FROM audit_event WHERE sequence = 5")
    assert verify().whole and verify().events == 4


details = st.dictionaries(
    st.text(max_size=8),
    st.none() | st.booleans() | st.text(max_size=20) | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False),
    max_size=4,
)


@given(st.text(max_size=20), details, st.none() | st.just("ab" * 32), st.datetimes(timezones=st.just(UTC)))
def test_rows_written_out_by_hand_are_canonical(text, detail, digest, moment):
    from portal.audit import chain

    event = Event(
        sequence=7, recorded_at=moment, occurred_at=moment, actor_id=text, reported_actor=text, verb=text,
        subject=text, detail=detail, report_digest=digest, previous_digest="0" * 64, digest="1" * 64,
    )  # fmt: skip
    row = {name: getattr(event, name) for name in chain._COLUMNS}
    try:
        expected = canonical_bytes(event.body())
    except CleanroomError:
        return  # a number that the log does not take
    assert parse_line(chain._line(*row.values())).event == expected


def test_the_download_is_what_the_command_line_verifies(page_as, auditor, five, tmp_path):
    response = page_as(auditor).get(reverse("audit-log"))
    raw = b"".join(response.streaming_content)
    assert raw == b"".join(lines()) and raw.count(b"\n") == 5
    assert [place.hash for place in walk(raw.splitlines(keepends=True), name="x")] == [e.digest for e in five]
    (tmp_path / "log.jsonl").write_bytes(raw)
    assert verify_file(tmp_path / "log.jsonl") == 5
    assert page_as(make_person(Role.ANALYST)).get(reverse("audit-log")).status_code == 403


def test_outside_a_transaction_nothing_is_recorded(auditor, monkeypatch):
    monkeypatch.setattr("portal.audit.actions.connection", SimpleNamespace(in_atomic_block=False))
    with pytest.raises(RuntimeError, match="transaction"):
        record(by=auditor, verb="test.happened", subject="thing:1")


def test_a_change_that_fails_leaves_no_event(auditor):
    def change():
        with transaction.atomic():
            record(by=auditor, verb="test.happened", subject="thing:1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert Event.objects.count() == 0


@pytest.mark.parametrize("value", [2**60, float("nan"), 1e300])
def test_values_that_would_not_come_back_the_same_are_refused(auditor, value):
    with pytest.raises(Refusal):
        record(by=auditor, verb="test.happened", subject="thing:1", detail={"n": value})


EVENT = {"at": "2025-07-01T08:00:00Z", "actor": "intake", "verb": "submission.accepted", "subject": "submission:1"}


def test_a_service_reports_events_once(api_as):
    room = api_as(make_person(Role.ROOM_SERVICE, username="room-1"))
    first = room.post("/events", EVENT, expect=201)
    assert room.post("/events", EVENT, expect=201) == first
    room.post("/events", {**EVENT, "subject": "submission:2"}, expect=201)
    assert Event.objects.count() == 2
    event = Event.objects.get(sequence=1)
    assert event.actor_id == "room-1" and event.reported_actor == "intake"
    assert event.occurred_at == datetime(2025, 7, 1, 8, tzinfo=UTC)
    assert event.occurred_at != event.recorded_at and verify().whole


def test_people_report_no_events(api_as):
    assert api_as(make_person(Role.COORDINATOR)).post("/events", EVENT, expect=403)["reason"] == "not_allowed"


def test_the_report_digest_is_of_the_report_and_its_sender(auditor):
    from cleanroom.contracts.messages import AuditEvent

    report = AuditEvent.model_validate(EVENT)
    event = record_reported(by=auditor, event=report)
    assert event.report_digest == digest_of({"by": auditor.username, "event": report.model_dump(mode="json")})


def test_the_page_searches_and_verifies(page_as, auditor, five):
    client = page_as(auditor)
    text = client.get(reverse("audit"), {"q": "thing:3"}).content.decode()
    assert "thing:3" in text and "thing:4" not in text
    whole = client.post(reverse("audit-verify"), headers={"HX-Request": "true"}).content.decode()
    assert "5 events" in whole and "<html" not in whole and five[-1].digest in whole
    without_triggers("UPDATE audit_event SET verb = 'x.y' WHERE sequence = 2")
    assert "Event 2 is bad" in client.post(reverse("audit-verify")).content.decode()


def test_the_log_downloads_as_a_table(page_as, auditor, five):
    response = page_as(auditor).get(reverse("audit"), {"export": "csv"})
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert response["Content-Type"].startswith("text/csv") and len(lines) == 6
    assert five[-1].digest in lines[1] or five[-1].digest in lines[-1]


def test_the_command_names_the_first_bad_event(five, capsys):
    call_command("verify_audit")
    assert capsys.readouterr().out.splitlines() == ["whole: 5 events, 0 checkpoints agree", f"5:{five[-1].digest}"]
    without_triggers("DELETE FROM audit_event WHERE sequence = 4")
    with pytest.raises(CommandError, match="event 4 is bad") as caught:
        call_command("verify_audit")
    assert caught.value.returncode == 32
