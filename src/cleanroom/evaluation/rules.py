"""The numbers on which the evaluation's answer depends. Each is stated with the result; none is hidden in code."""

from dataclasses import dataclass

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
TAIPEI_OFFSET_US = 8 * HOUR_US


@dataclass(frozen=True)
class EvaluationRules:
    """Amounts in TWD cents, times in hours or days.

    `least_taint_cents`: reported money that must have reached an account before anyone acts on it.
    `least_share`: the same money as a share of everything the account received since the first of it came in.
    `least_step_cents`: smaller steps are not followed when accounts are flagged.
    `least_blocked_cents`: an account counts as blocked from this much reported money on it on.
    `lookback_days`: a reported loss came in at most this long before the listing.
    `horizon_days`: money is followed until this long after the listing.
    `daily_run_hour`: hour of the day, Asia/Taipei, of the list exchange and of the daily graph run.
    `least_families`: families of cases from which on a figure has an interval. Of fewer, too few different draws can be
    made: their spread says little, and that of one is zero.
    """

    layers: int = 6
    least_taint_cents: int = 100_000
    least_share: float = 0.10
    least_step_cents: int = 10_000
    least_blocked_cents: int = 100
    lookback_days: int = 30
    horizon_days: int = 30
    daily_run_hour: int = 2
    notice_delay_hours: float = 2.0
    curve_hours: tuple[float, ...] = (0, 0.5, 1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48, 60, 72)
    capacities: tuple[int, ...] = (50, 100, 200)
    resamples: int = 1000
    least_families: int = 5
    seed: int = 20250401


def hours_us(hours: float) -> int:
    """Hours as whole microseconds, the unit of every time in this station."""
    return round(hours * HOUR_US)


def next_daily_run(at_us: int, rules: EvaluationRules) -> int:
    """The first daily run at or after `at_us` (UTC microseconds)."""
    shift = rules.daily_run_hour * HOUR_US - TAIPEI_OFFSET_US
    return -((shift - at_us) // DAY_US) * DAY_US + shift
