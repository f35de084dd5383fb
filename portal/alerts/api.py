"""Warnings: sent by the room, pulled and answered by the institutions."""

from datetime import datetime
from typing import Annotated

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from cleanroom.contracts.governance import RowExports, SendingStop
from cleanroom.contracts.messages import AnswerMessage, WarningMessage, WarningStanding
from cleanroom.errors import NotAllowed
from portal.accounts.permissions import Permission, check_may
from portal.alerts import webhook_key
from portal.alerts.actions.answer import answer_by_key
from portal.alerts.actions.export import export_warnings
from portal.alerts.actions.pull import pull_warnings
from portal.alerts.actions.send import send_warnings
from portal.alerts.actions.stop import lift_stop, stop_sending
from portal.alerts.queries import every_warning, own_or_named, row_exports, standing_stop, standings
from portal.alerts.tasks import wake_soon
from portal.common.said import said

router = Router(tags=["warnings"])


class Accepted(Schema):
    accepted: int


class StopReason(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=400)]


class PulledWarning(WarningMessage):
    """`cursor`: give the last one you have read as `?cursor=` to go on after it."""

    cursor: int


class PublicWebhookKey(Schema):
    kid: str
    public_key: str  # Ed25519, base64url without padding
    standard_webhooks_key: str  # the same, as Standard Webhooks libraries read it


@router.post("/warnings", response=Accepted)
def send(request: HttpRequest, body: list[WarningMessage]):
    accepted = send_warnings(body, by=request.auth)
    transaction.on_commit(wake_soon)
    return Accepted(accepted=accepted)


@router.get("/warnings", response=list[PulledWarning])
def pull(request: HttpRequest, cursor: int = 0, participant: str | None = None, purpose: str = ""):
    """`purpose`: of a person, who takes rows away; the institution's service needs none."""
    named = own_or_named(request.auth, participant)
    rows = pull_warnings(named, after=cursor, purpose=purpose, by=request.auth)
    return [PulledWarning(**row.message, cursor=row.cursor) for row in rows]


@router.get("/warning-standings", response=list[WarningStanding])
def read_standings(request: HttpRequest, purpose: str = ""):
    """`purpose`: of a person, who takes rows away; the room needs none."""
    check_may(request.auth, Permission.READ_WARNING_STANDINGS)
    if not request.auth.is_service:
        export_warnings(every_warning(), purpose=purpose, by=request.auth)
    return standings()


@router.get("/row-exports", response=RowExports)
def exports(request: HttpRequest, since: datetime | None = None):
    """How often people took warnings away as rows, from this time on; the figure of control PRI-4-01."""
    check_may(request.auth, Permission.READ_WARNING_STANDINGS)
    return row_exports(since)


@router.post("/warnings/{warning_id}/answers", response=AnswerMessage)
def answer(request: HttpRequest, warning_id: str, body: AnswerMessage):
    if body.warning_id != warning_id:
        raise NotAllowed(**said("the answer names another warning than its address"))
    return AnswerMessage.model_validate(answer_by_key(body, by=request.auth).message)


@router.get("/sending-stop", response=SendingStop | None)
def read_stop(request: HttpRequest):
    """The emergency stop that stands, or null. The room's gate reads it before every scoring and dispatch."""
    check_may(request.auth, Permission.READ_WARNING_STANDINGS)
    stop = standing_stop()
    return stop and SendingStop(reason=stop.reason, stopped_at=stop.stopped_at)


@router.post("/sending-stop", response=SendingStop)
def stop(request: HttpRequest, body: StopReason):
    stopped = stop_sending(reason=body.reason, by=request.auth)
    return SendingStop(reason=stopped.reason, stopped_at=stopped.stopped_at)


@router.post("/sending-stop/lift", response=SendingStop | None)
def lift(request: HttpRequest):
    lift_stop(by=request.auth)


@router.get("/webhook-key", response=PublicWebhookKey, auth=None)
def public_key(request: HttpRequest):
    """With what receivers verify that a request comes from this portal; a public key, so anyone may read it."""
    key = webhook_key.read(settings.HOME / "keys")
    return PublicWebhookKey(kid=key.kid, public_key=key.public_key, standard_webhooks_key=key.standard_webhooks_key)
