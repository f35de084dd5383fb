"""The daily cap per institution: a mass false alarm stops by itself until two people release it."""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from portal.alerts.models import CapRelease, WarningRecord
from portal.alerts.states import Delivery
from portal.participants.models import Participant

DEFAULT_DAILY_CAP = 2000
PEOPLE = 2  # who must agree before a day's cap is passed
_NO_LIMIT = 10**9


def daily_cap() -> int:
    """Warnings per institution and day (Asia/Taipei)."""
    return getattr(settings, "WARNINGS_DAILY_CAP", DEFAULT_DAILY_CAP)


def day_of(now: datetime) -> date:
    return timezone.localtime(now).date()


def bounds(day: date) -> tuple[datetime, datetime]:
    """The day's first moment and the next day's, in the portal's time zone."""
    first = timezone.make_aware(datetime.combine(day, time.min))
    return first, timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def room_left(participant: Participant, *, now: datetime) -> int:
    """How many more warnings may go to the institution today."""
    if is_released(participant, day_of(now)):
        return _NO_LIMIT
    accepted = of_day(participant, day_of(now)).exclude(delivery=Delivery.CAPPED).count()
    return max(0, daily_cap() - accepted)


def is_released(participant: Participant, day: date) -> bool:
    return CapRelease.objects.filter(participant=participant, day=day).count() >= PEOPLE


def of_day(participant: Participant, day: date):
    first, after = bounds(day)
    return WarningRecord.objects.filter(participant=participant, accepted_at__gte=first, accepted_at__lt=after)
