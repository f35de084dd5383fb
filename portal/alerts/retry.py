"""When a warning is tried again: the schedules of the trust design, as data.

Critical: 0, 2, 10, 30 s, 1, 2 min, then every 5 min for an hour, then every 15 min for a day.
Normal: 0, 5 s, 1, 5, 30 min, 2, 5, 10 h. Then the warning is a dead letter, which a person can replay.
"""

from datetime import datetime, timedelta
from random import SystemRandom

from cleanroom.vocabulary.terms import Severity

_MINUTE, _HOUR = 60, 3600

# Seconds to wait before attempt number i (0-based).
SCHEDULES: dict[Severity, tuple[int, ...]] = {
    Severity.CRITICAL: ((0, 2, 10, 30, _MINUTE, 2 * _MINUTE) + (5 * _MINUTE,) * 12 + (15 * _MINUTE,) * 96),
    Severity.NORMAL: (0, 5, _MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR),
}

# How long a receiver may put us off with Retry-After.
RETRY_AFTER_CAP_SECONDS = 5 * _MINUTE

# A tenth more or less, so that the retries after an outage do not all arrive in the same second.
JITTER = 0.1
_CLOCK_NOISE = SystemRandom()

# Unanswered critical warnings are escalated at these ages, counted from when the portal took them in.
ESCALATION_SECONDS = (60, 5 * _MINUTE, 30 * _MINUTE)


def next_attempt_at(
    severity: Severity, *, attempts: int, now: datetime, retry_after_seconds: float | None = None
) -> datetime | None:
    """When to try again after `attempts` attempts have failed; None where the schedule is used up."""
    schedule = SCHEDULES[severity]
    if attempts >= len(schedule):
        return None
    wait = schedule[attempts] * _CLOCK_NOISE.uniform(1 - JITTER, 1 + JITTER)
    if retry_after_seconds is not None:
        wait = max(wait, min(retry_after_seconds, RETRY_AFTER_CAP_SECONDS))
    return now + timedelta(seconds=wait)


def escalation_level(severity: Severity, *, age_seconds: float) -> int:
    """How many escalation ages an unanswered warning has passed; 0 for severities without a clock."""
    if severity is not Severity.CRITICAL:
        return 0
    return sum(age_seconds >= limit for limit in ESCALATION_SECONDS)


def schedule_span(severity: Severity) -> timedelta:
    """From the first attempt to the last, without jitter."""
    return timedelta(seconds=sum(SCHEDULES[severity]))
