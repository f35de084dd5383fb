"""The retry schedules are the trust design's, within their jitter."""

from datetime import UTC, datetime, timedelta

import pytest

from cleanroom.vocabulary.terms import Severity
from portal.alerts import retry

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def waits(severity: Severity) -> list[float]:
    found = []
    attempts = 0
    while (at := retry.next_attempt_at(severity, attempts=attempts, now=NOW)) is not None:
        found.append((at - NOW).total_seconds())
        attempts += 1
    return found


def test_critical_warnings_are_tried_for_a_day_and_more_often_at_first():
    found = waits(Severity.CRITICAL)
    assert len(found) == 6 + 12 + 96
    assert found[0] == 0
    assert found[1:6] == pytest.approx([2, 10, 30, 60, 120], rel=0.11)
    assert found[6:18] == pytest.approx([300] * 12, rel=0.11)
    assert found[18:] == pytest.approx([900] * 96, rel=0.11)
    assert timedelta(hours=25) <= retry.schedule_span(Severity.CRITICAL) <= timedelta(hours=26)


def test_normal_warnings_have_eight_attempts():
    assert waits(Severity.NORMAL) == pytest.approx([0, 5, 60, 300, 1800, 7200, 18000, 36000], rel=0.11)


def test_waits_are_spread():
    found = {retry.next_attempt_at(Severity.NORMAL, attempts=4, now=NOW) for _ in range(50)}
    assert len(found) > 40


@pytest.mark.parametrize(("asked", "least", "most"), [(60, 60, 60), (3600, 300, 300), (1, 4.5, 5.5)])
def test_retry_after_is_honoured_up_to_five_minutes_and_never_shortens_the_wait(asked, least, most):
    at = retry.next_attempt_at(Severity.NORMAL, attempts=1, now=NOW, retry_after_seconds=asked)
    assert least <= (at - NOW).total_seconds() <= most


@pytest.mark.parametrize(("age", "level"), [(0, 0), (59, 0), (60, 1), (299, 1), (300, 2), (1800, 3), (90000, 3)])
def test_unanswered_critical_warnings_climb_three_steps(age, level):
    assert retry.escalation_level(Severity.CRITICAL, age_seconds=age) == level


def test_normal_warnings_are_not_escalated():
    assert retry.escalation_level(Severity.NORMAL, age_seconds=10**6) == 0
