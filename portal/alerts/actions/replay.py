"""Send a dead letter again, under the same id."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.errors import NotAllowed, NotFound
from portal.accounts.permissions import Permission, check_may
from portal.alerts.models import WarningRecord
from portal.alerts.states import NEXT_DELIVERY, Delivery
from portal.audit.actions import record
from portal.common.said import said

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def replay(warning_id: str, *, by: "User") -> WarningRecord:
    """Queue a dead letter from the beginning of its schedule. NotAllowed for a warning that is not dead."""
    check_may(by, Permission.MANAGE_DELIVERY)
    row = WarningRecord.objects.select_for_update().filter(warning_id=warning_id).first()
    if row is None:
        raise NotFound(**said("There is no such warning."))
    if row.delivery != Delivery.DEAD or Delivery.QUEUED not in NEXT_DELIVERY[Delivery.DEAD]:
        raise NotAllowed(**said("Only a dead letter can be replayed; this warning is on its way or has arrived."))
    row.delivery, row.attempts, row.due_at, row.last_error = Delivery.QUEUED, 0, timezone.now(), ""
    row.save(update_fields=["delivery", "attempts", "due_at", "last_error"])
    record(by=by, verb="warning.replayed", subject=f"warning:{row.warning_id}")
    return row
