"""Events that the services report."""

from django.http import HttpRequest
from ninja import Router, Status

from cleanroom.contracts.messages import AuditEvent
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record_reported

router = Router(tags=["audit"])


@router.post("/events", response={201: dict[str, int | str]})
def report_event(request: HttpRequest, body: AuditEvent):
    check_may(request.auth, Permission.RECORD_EVENT, institution=request.auth.institution_code)
    event = record_reported(by=request.auth, event=body)
    return Status(201, {"sequence": event.sequence, "digest": event.digest})
