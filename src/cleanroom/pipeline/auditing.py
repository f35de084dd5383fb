"""One event to the log of this side, and to the portal."""

from cleanroom.contracts.audit_chain import AuditPlace
from cleanroom.contracts.messages import AuditEvent
from cleanroom.errors import CleanroomError
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.ports import Portal


def record(event: AuditEvent, *, log: AuditFile, portal: Portal) -> AuditPlace:
    """The own log is the truth and must take it; the portal's copy must not hide why the event came about."""
    place = log.append(event)
    try:
        portal.record_event(event)
    except CleanroomError as e:
        missed = {"reason": e.reason, "sequence": place.sequence}
        log.append(event.model_copy(update={"verb": "portal.not_told", "detail": missed}))
    return place
