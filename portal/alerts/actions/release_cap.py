"""Say yes to passing an institution's daily cap; the second person's yes lets the waiting warnings go."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from cleanroom.errors import NotAllowed
from portal.accounts.permissions import Permission, check_may
from portal.alerts import caps
from portal.alerts.counter import Cursor
from portal.alerts.models import CapRelease
from portal.alerts.states import Delivery
from portal.audit.actions import record
from portal.common.said import said
from portal.participants.models import Participant

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def release_cap(participant: Participant, *, day: date, reason: str, by: "User") -> int:
    """Record one person's yes. Returns how many warnings it let go: none before the second person."""
    check_may(by, Permission.MANAGE_DELIVERY)
    Participant.objects.select_for_update().get(pk=participant.pk)
    now = timezone.now()
    try:
        with transaction.atomic():
            CapRelease.objects.create(participant=participant, day=day, released_by=by, released_at=now, reason=reason)
    except IntegrityError:
        raise NotAllowed(**said("You have agreed already; a second person must agree too.")) from None
    let_go = _let_go(participant, day, now) if caps.is_released(participant, day) else 0
    detail = {"day": day.isoformat(), "let_go": let_go}
    record(by=by, verb="cap.released", subject=f"participant:{participant.code}", detail=detail)
    return let_go


def _let_go(participant: Participant, day: date, now: datetime) -> int:
    cursor = Cursor()
    rows = list(caps.of_day(participant, day).filter(delivery=Delivery.CAPPED).order_by("pk"))
    for row in rows:
        row.delivery, row.due_at, row.cursor = Delivery.QUEUED, now, cursor.next()
        row.save(update_fields=["delivery", "due_at", "cursor"])
    cursor.keep()
    return len(rows)
