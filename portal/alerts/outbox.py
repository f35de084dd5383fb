"""Claiming and marking rows of the outbox: the part of sending that must survive a kill at any line.

A sender claims rows by writing its name and a time limit on them, posts outside any transaction, then marks. Killed in
between, the limit passes and another sender posts the same row again under the same webhook-id.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from cleanroom.vocabulary.terms import Severity
from portal.alerts import endpoints, retry
from portal.alerts.models import DeliveryAttempt, EmergencyStop, WarningRecord
from portal.alerts.states import Delivery
from portal.alerts.transport import Answer

LEASE_SECONDS = 60  # longer than one round of posts, each of which ends within transport.DEADLINE_SECONDS


@dataclass(frozen=True)
class Outcome:
    """What one attempt came to. `answer` is None where nothing came back; `final`: trying again cannot help."""

    seconds: float
    answer: Answer | None = None
    error: str = ""
    final: bool = False

    @property
    def delivered(self) -> bool:
        return self.answer is not None and self.answer.delivered

    @property
    def gone(self) -> bool:
        return self.answer is not None and self.answer.gone

    @property
    def sentence(self) -> str:
        if self.answer is None:
            return self.error
        return "" if self.delivered else f"the endpoint answered {self.answer.status}"


def due(now: datetime):
    """Rows that may be sent now, the most pressing first. None while an emergency stop stands."""
    if EmergencyStop.objects.filter(in_force=True).exists():
        return WarningRecord.objects.none()
    return (
        WarningRecord.objects.filter(delivery=Delivery.QUEUED, due_at__lte=now)
        .filter(Q(lease_until=None) | Q(lease_until__lte=now))
        .filter(participant__in=endpoints.participants_with_endpoint())
        .exclude(release_id__in=endpoints.suspended_releases())
        .order_by("severity", "due_at", "pk")  # "critical" sorts before "normal"
    )


@transaction.atomic
def claim(*, owner: str, now: datetime, limit: int, lease_seconds: float = LEASE_SECONDS) -> list[WarningRecord]:
    """Lease up to `limit` due rows to `owner`; no row is ever leased to two senders at once."""
    rows = list(due(now).select_for_update(skip_locked=True, of=("self",)).select_related("sent_by")[:limit])
    until = now + timedelta(seconds=lease_seconds)
    WarningRecord.objects.filter(pk__in=[row.pk for row in rows]).update(lease_owner=owner, lease_until=until)
    return rows


@transaction.atomic
def mark(warning_pk: int, outcome: Outcome, *, owner: str, now: datetime) -> Delivery:
    """Write down what an attempt came to, and when the next one is due. Returns where the warning stands now."""
    row = WarningRecord.objects.select_for_update().get(pk=warning_pk)
    DeliveryAttempt.objects.create(
        warning=row,
        attempted_at=now,
        seconds=round(outcome.seconds, 3),
        status=outcome.answer.status if outcome.answer else None,
        error=outcome.sentence[:200],
    )
    row.attempts_in_all += 1
    if row.delivery == Delivery.QUEUED and (outcome.delivered or row.lease_owner == owner):
        _settle(row, outcome, now)
    row.save()
    return Delivery(row.delivery)


def _settle(row: WarningRecord, outcome: Outcome, now: datetime) -> None:
    row.attempts += 1
    row.lease_owner, row.lease_until = "", None
    row.last_error = outcome.sentence[:200]
    if outcome.delivered:
        row.delivery, row.delivered_at, row.delivered_by = Delivery.DELIVERED, now, "webhook"
        return
    asked = outcome.answer.retry_after_seconds if outcome.answer else None
    again = retry.next_attempt_at(Severity(row.severity), attempts=row.attempts, now=now, retry_after_seconds=asked)
    if outcome.final or outcome.gone or again is None:
        row.delivery = Delivery.DEAD
    else:
        row.due_at = again
