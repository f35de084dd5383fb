"""What every refusal promises, on each side: the reason, the rule, the audit event, and that nothing stays behind."""

from collections.abc import Callable

from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes
from cleanroom.crypto.signing import verify
from cleanroom.errors import CleanroomError
from cleanroom.vocabulary.terms import UploadState
from tests.factories.attacks import Case
from tests.factories.clean_room import CleanRoom
from tests.factories.tampering import Waiting


def refused_at_home(case: Case, room: CleanRoom, code: str) -> CleanroomError:
    """Sealing by `code` is refused: recorded at home and at the portal, nothing uploaded, nothing ready to be."""
    with case.refuses():
        room.seal(code)
    event = case.recorded(room.own_events(code))
    assert room.portal.events[-1:] == [event]
    assert room.names("") == []
    assert list(room.participant(code).outbox_dir.rglob("*.age")) == []
    return case.error


def refused_in_the_room(
    case: Case, waiting: Waiting, *, where: str | None = None, state: UploadState = UploadState.REFUSED
) -> CleanroomError:
    """Taking in is refused: placed, recorded once, reported, answered, quarantined; nothing landed, nothing left."""
    room, before = waiting.room, waiting.room.landed()
    told, known = len(room.portal.events), len(room.room_events())
    with case.refuses():
        room.take_in(waiting.code)
    error = case.error
    assert waiting.place in str(error)
    assert (where or "") in str(error)
    assert room.landed() == before
    case.recorded(room.room_events()[known:], place=waiting.place)
    assert [e.verb for e in room.portal.events[told:]].count(f"submission.{state}") == 1
    [report] = [r for r in room.portal.uploads(waiting.code) if r.state == state]
    assert (report.reason, report.sentence) == (error.reason, str(error))
    assert_nothing_left(room)
    if state != UploadState.HELD:
        assert_answered(waiting, report)
    return error


def assert_nothing_landed(room: CleanRoom) -> None:
    counts = room.landed()
    assert len(counts) >= 8
    assert set(counts.values()) == {0}


def assert_nothing_left(room: CleanRoom) -> None:
    """No ciphertext and no plaintext in the room's scratch folder, nor half-written objects in the store."""
    assert [p for p in room.settings.scratch_dir.rglob("*") if p.is_file()] == []
    assert list((room.settings.objects_dir / ".tmp").glob("*")) == []


def assert_answered(waiting: Waiting, report) -> None:
    """The evidence stays where it lies, and the participant holds a signed receipt that says why."""
    room = waiting.room
    assert f"inbox/{waiting.place}/manifest.json" in room.names(f"inbox/{waiting.place}/")
    assert room.names(f"receipts/{waiting.place}/") == [f"receipts/{waiting.place}/{report.state}.json"]
    body = report.receipt.body
    assert (body["state"], body["reason"]) == (report.state, report.reason)
    verify(room.ring.signing_public_key, RECEIPT_DOMAIN, canonical_bytes(body), report.receipt.signature)


def refused_by_the_portal(case: Case, api: Callable, path: str, body: dict | None = None) -> None:
    """A call to the portal's API is refused with the attack's reason and rule, and the attempt is in its audit log."""
    from portal.audit.models import Event

    known = Event.objects.count()
    status, problem = api("POST", path, body)
    assert 400 <= status < 500, problem
    assert problem["reason"] == case.attack.refused.reason
    sentence, _, rule = problem["detail"].removesuffix("]").rpartition(" [")
    case.is_refused_as(case.attack.refused(sentence, rule=rule))
    events = list(Event.objects.filter(sequence__gt=known))
    assert case.recorded(events).actor == api.user
