"""Move the clocks of critical warnings that nobody answered."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from cleanroom.vocabulary.terms import Severity
from portal.alerts import retry
from portal.alerts.models import WarningRecord
from portal.alerts.states import Delivery
from portal.audit.actions import record


def escalate_unanswered(*, now: datetime | None = None) -> int:
    """Raise each unanswered critical warning to the step that its age asks for. Returns how many rose.

    The service that sent the warning is the event's actor: the clock runs on its behalf.
    """
    now = now or timezone.now()
    newest = now - timedelta(seconds=retry.ESCALATION_SECONDS[0])
    steps = len(retry.ESCALATION_SECONDS)
    waiting = WarningRecord.objects.filter(
        severity=Severity.CRITICAL, standing="", escalation__lt=steps, accepted_at__lte=newest
    ).exclude(delivery=Delivery.CAPPED)
    return sum(_raise_one(pk, now) for pk in list(waiting.values_list("pk", flat=True)))


@transaction.atomic
def _raise_one(pk: int, now: datetime) -> bool:
    row = WarningRecord.objects.select_for_update().select_related("sent_by").get(pk=pk)
    level = retry.escalation_level(Severity(row.severity), age_seconds=(now - row.accepted_at).total_seconds())
    if row.standing or level <= row.escalation:
        return False
    row.escalation = level
    row.save(update_fields=["escalation"])
    record(by=row.sent_by, verb="warning.escalated", subject=f"warning:{row.warning_id}", detail={"step": level})
    return True
