"""The pull path: an institution without an endpoint, or one that was away, reads its warnings in order."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from portal.accounts.permissions import Permission, check_may
from portal.alerts.actions.export import export_warnings
from portal.alerts.models import WarningRecord
from portal.alerts.states import Delivery
from portal.audit.actions import record
from portal.participants.models import Participant

if TYPE_CHECKING:
    from portal.accounts.models import User

PAGE = 200


@transaction.atomic
def pull_warnings(participant: Participant, *, after: int, by: "User", purpose: str = "") -> list[WarningRecord]:
    """The next warnings after the cursor. Pulled by the institution's service they count as delivered; what its people
    or the programme's staff read here does not, and is taken away for a purpose."""
    check_may(by, Permission.READ_WARNINGS, institution=participant.code)
    waiting = WarningRecord.objects.filter(participant=participant, cursor__gt=after).order_by("cursor")
    rows = list(waiting.select_for_update()[:PAGE])
    if by.is_service and by.institution_id == participant.pk:
        _take(rows, participant, by=by)
    elif not by.is_service:
        export_warnings(WarningRecord.objects.filter(pk__in=[row.pk for row in rows]), purpose=purpose, by=by)
    return rows


def _take(rows: list[WarningRecord], participant: Participant, *, by: "User") -> None:
    waiting = [row for row in rows if row.delivery != Delivery.DELIVERED]
    now = timezone.now()
    for row in waiting:
        row.delivery, row.delivered_at, row.delivered_by = Delivery.DELIVERED, now, "pull"
        row.lease_owner, row.lease_until = "", None
        row.save(update_fields=["delivery", "delivered_at", "delivered_by", "lease_owner", "lease_until"])
    if waiting:
        detail = {"warnings": len(waiting)}
        record(by=by, verb="warnings.pulled", subject=f"participant:{participant.code}", detail=detail)
