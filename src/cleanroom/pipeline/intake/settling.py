"""After the decision: audit, report, receipt, in this order. The receipt ends it; until then it is done again."""

from collections.abc import Iterable
from datetime import UTC, datetime

from cleanroom.contracts.audit_chain import AuditPlace
from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.contracts.manifest import KEYS, receipt_name
from cleanroom.contracts.messages import AuditEvent, SubmissionOrder, UploadReport
from cleanroom.errors import Refusal
from cleanroom.intake import decision as deciding
from cleanroom.intake.decision import Decision, Ending
from cleanroom.intake.inbox import InboxPath
from cleanroom.pipeline.auditing import record
from cleanroom.pipeline.intake.waiting import Inbox
from cleanroom.pipeline.room import Room
from cleanroom.stores.audit_file import AuditFile
from cleanroom.vocabulary.terms import UploadState

RESTORED = "submission.restored"
_TOLD_EACH_TIME = (UploadState.REFUSED, UploadState.QUARANTINED)


def settle(room: Room, decision: Decision) -> None:
    if decision.restored and decision.refusal is None:
        record(deciding.event_of(decision, verb=RESTORED), log=_log(room), portal=room.portal)
        return  # its receipt was given when it landed first
    place, event = _audit(room, decision)
    if decision.state == UploadState.HELD:
        _tell(room, decision.report(decided_at=event.at, receipt=None))
        return
    _answer(room, decision, place, event)


def settle_ends(room: Room, inbox: Inbox, orders: Iterable[SubmissionOrder]) -> int:
    """Destroy the keys of what was superseded or withdrawn, and tell. How many there were."""
    ends = [_ending(room, path, inbox, orders) for path in inbox.unsettled_ends()]
    for ending in ends:
        room.objects.destroy(f"{KEYS}/{ending.path.place}.age")
        place, event = _audit(room, ending)
        _answer(room, ending, place, event)
    return len(ends)


def _ending(room: Room, path: InboxPath, inbox: Inbox, orders: Iterable[SubmissionOrder]) -> Ending:
    row = inbox.ledger[path]
    submission_id = row["submission_id"]
    successors = (r["submission_id"] for r in inbox.ledger.values() if r["supersedes"] == submission_id)
    by_people = (o for o in orders if o.kind == "withdraw" and o.submission_id == submission_id)
    known = (r for r in room.portal.uploads(path.participant) if r.submission_id == submission_id)
    withdrawn = row["state"] == UploadState.WITHDRAWN
    return Ending(
        path=path,
        row=row,
        by=None if withdrawn else next(successors, None),
        order=next(by_people, None) if withdrawn else None,
        known=next(known, None),
    )


def _answer(room: Room, decision: Decision | Ending, place: AuditPlace, event: AuditEvent) -> None:
    receipt = deciding.receipt_of(
        decision, room.keys, decided_at=event.at, audit_sequence=place.sequence, audit_hash=place.hash
    )
    _tell(room, decision.report(decided_at=event.at, receipt=receipt))
    name = receipt_name(decision.path.place, decision.state)
    room.objects.put_bytes(name, canonical_bytes(receipt.model_dump(mode="json")))


def _tell(room: Room, report: UploadReport) -> None:
    """A portal that will not take the report must not keep a bad submission in the inbox; a Fault is tried again."""
    try:
        room.portal.report_upload(report)
    except Refusal as e:
        event = AuditEvent(
            at=datetime.now(UTC),
            actor="room:intake",
            verb="portal.refused_report",
            subject=report.submission_id,
            detail={"reason": e.reason, "state": report.state.value},
        )
        _log(room).append(event)


def _audit(room: Room, decision: Decision | Ending) -> tuple[AuditPlace, AuditEvent]:
    """One event per acceptance, wait and end, however often the step was killed; each refusal has its own."""
    log = _log(room)
    known = log.last(decision.submission_id, verb=decision.verb)
    if known and decision.state not in _TOLD_EACH_TIME:
        return known
    event = deciding.event_of(decision)
    return record(event, log=log, portal=room.portal), event


def _log(room: Room) -> AuditFile:
    return AuditFile(room.settings.audit_file)
