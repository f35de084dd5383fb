"""The emergency stop: one person stops all sending, another one lifts it."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.errors import NotAllowed
from portal.accounts.permissions import Permission, check_may
from portal.alerts.models import EmergencyStop
from portal.audit.actions import record
from portal.common.said import said

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def stop_sending(*, reason: str, by: "User") -> EmergencyStop:
    """Stop now. Where a stop stands already, that one is given back and nothing is added."""
    check_may(by, Permission.MANAGE_DELIVERY)
    if standing := EmergencyStop.objects.select_for_update().filter(in_force=True).first():
        return standing
    stop = EmergencyStop.objects.create(reason=reason, stopped_by=by, stopped_at=timezone.now())
    record(by=by, verb="sending.stopped", subject="warnings:all", detail={"reason": reason})
    return stop


@transaction.atomic
def lift_stop(*, by: "User") -> None:
    """Send again. NotAllowed for the person who stopped: what alarmed one person, another one must find settled."""
    check_may(by, Permission.MANAGE_DELIVERY)
    stop = EmergencyStop.objects.select_for_update().filter(in_force=True).first()
    if stop is None:
        raise NotAllowed(**said("No emergency stop stands."))
    if stop.stopped_by_id == by.pk:
        raise NotAllowed(**said("You stopped the sending; another person must lift the stop."))
    stop.in_force, stop.lifted_by, stop.lifted_at = False, by, timezone.now()
    stop.save(update_fields=["in_force", "lifted_by", "lifted_at"])
    record(by=by, verb="sending.resumed", subject="warnings:all")
