"""Events that the services report; hashes, checkpoints and cosignatures of the logs."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router, Status

from cleanroom.contracts.checkpoints import AuditLog, CheckpointStanding, Cosignature, LogHashes, SignedCheckpoint
from cleanroom.contracts.messages import AuditEvent
from portal.accounts.permissions import Permission, check_may
from portal.audit import queries
from portal.audit.actions import record_reported
from portal.audit.actions.checkpoints import receive_checkpoint, receive_cosignature

router = Router(tags=["audit"])


@router.post("/events", response={201: dict[str, int | str]})
def report_event(request: HttpRequest, body: AuditEvent):
    check_may(request.auth, Permission.RECORD_EVENT, institution=request.auth.institution_code)
    event = record_reported(by=request.auth, event=body)
    return Status(201, {"sequence": event.sequence, "digest": event.digest})


@router.get("/audit/hashes", response=LogHashes)
def hashes(request: HttpRequest, after: Annotated[int, Query(ge=0, lt=2**53)] = 0):
    """Of this portal's own log, 10,000 at most."""
    check_may(request.auth, Permission.READ_CHECKPOINTS)
    return queries.hashes_after(after)


@router.get("/audit/checkpoints", response=list[CheckpointStanding])
def checkpoints(request: HttpRequest, log: AuditLog):
    """The newest ten, newest first, with who witnessed them."""
    check_may(request.auth, Permission.READ_CHECKPOINTS)
    return queries.shown(log)


@router.post("/audit/checkpoints", response=SignedCheckpoint)
def report_checkpoint(request: HttpRequest, body: SignedCheckpoint):
    return receive_checkpoint(body, by=request.auth).signed()


@router.post("/audit/cosignatures", response=Cosignature)
def cosign(request: HttpRequest, body: Cosignature):
    return receive_cosignature(body, by=request.auth).stated()
