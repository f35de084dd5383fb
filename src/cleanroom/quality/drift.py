"""Drift: does a file look like the ones before it? Volume, empty values, and how often each agreed word stands there.

A warning, never a refusal: a bank that opens a new channel drifts rightly. What is compared are a few counts per
submission (a profile), which hold no identifier and add up over batches.

Statistic: the distance from the median of the earlier submissions in robust standard deviations (1.4826 times the
median absolute deviation; F. Hampel, "The influence curve and its role in robust estimation", JASA 69, 1974), with
the cut at 3.5 that B. Iglewicz and D. Hoaglin give for this modified z-score ("How to detect and handle outliers",
ASQC 1993, chapter 3). A deviation of nearly nothing would make every ripple a warning, so the spread has a floor, and
what is too small to matter is never told.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from cleanroom.contracts.messages import RuleResult
from cleanroom.contracts.specification import load_specification
from cleanroom.quality.profile import Profile
from cleanroom.vocabulary.terms import Dataset

VOLUME, NULLS, VALUES = "drift_volume", "drift_nulls", "drift_values"
LOOK_BACK = 12  # earlier submissions at most
LEAST_HISTORY = 3  # fewer have no spread worth the name
_TO_DEVIATIONS = 1.4826  # from median absolute deviation to standard deviation, for a normal distribution


@dataclass(frozen=True)
class Threshold:
    """`score`: robust standard deviations. `least_spread`: floor of one deviation. `least_change`: distance from the
    median below which nothing is told. Both in the measure's unit."""

    score: float
    least_spread: float
    least_change: float
    en: str
    zh_hant: str


# Volume is measured as the natural logarithm of rows (per day for datasets of events): 0.405 is half as many again.
# Shares are measured in their own unit, 0 to 1: 0.05 is five rows in a hundred.
THRESHOLDS: Mapping[str, Threshold] = {
    VOLUME: Threshold(
        3.5, 0.1, math.log(1.5),
        "The number of rows is far from that of earlier submissions.", "資料列數與先前各期差異甚大。",
    ),
    NULLS: Threshold(
        3.5, 0.01, 0.05,
        "The share of empty values is far from that of earlier submissions.", "空白值比率與先前各期差異甚大。",
    ),
    VALUES: Threshold(
        3.5, 0.01, 0.05,
        "How often a value stands here is far from earlier submissions.", "各代碼之比率與先前各期差異甚大。",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Drift:
    """One measure that left its range. `what`: the enum value, for `drift_values`. `now` and `usual` are rows per day
    or rows for volume, shares from 0 to 1 otherwise."""

    rule: str
    column: str | None
    what: str | None
    now: float
    usual: float

    def __str__(self) -> str:
        shown = f"{{:.{0 if self.rule == VOLUME else 1}{'f' if self.rule == VOLUME else '%'}}}"
        change = f"{shown.format(self.usual)} → {shown.format(self.now)}"
        return f"{self.what}: {change}" if self.what else change


def drifts(now: Profile, before: Sequence[Profile], dataset: Dataset) -> list[Drift]:
    """`before`: profiles of earlier submissions, oldest first; the last LOOK_BACK count. Nothing is said of fewer than
    LEAST_HISTORY, nor about shares in a file without rows."""
    before = before[-LOOK_BACK:]
    if len(before) < LEAST_HISTORY:
        return []
    found = [*_volume(now, before, dataset)]
    if now.rows:
        found += [*_shares(now, [b for b in before if b.rows])]
    return found


def results(found: Sequence[Drift]) -> tuple[RuleResult, ...]:
    """One warning per rule and column. The rows are not bad ones, so none are counted."""
    places = dict.fromkeys((drift.rule, drift.column) for drift in found)
    return tuple(
        RuleResult(rule=rule, column=column, severity="warn", passed=False, failed_rows=0) for rule, column in places
    )


def _volume(now: Profile, before: Sequence[Profile], dataset: Dataset) -> Iterator[Drift]:
    events = any(spec.within_period for spec in load_specification().datasets[dataset].fields)  # else they tell a state

    def days(profile: Profile) -> int:
        return profile.days if events else 1

    def level(profile: Profile) -> float:
        return math.log((profile.rows + 1) / days(profile))  # one is added, so that an empty file has a logarithm

    noise = 1 / math.sqrt(median(p.rows for p in before) + 1)  # of the logarithm of a Poisson count
    if _is_far(level(now), [level(p) for p in before], THRESHOLDS[VOLUME], noise=noise):
        yield Drift(VOLUME, None, None, now.rows / days(now), median(p.rows / days(p) for p in before))


def _shares(now: Profile, before: Sequence[Profile]) -> Iterator[Drift]:
    if len(before) < LEAST_HISTORY:
        return
    for column in now.nulls:  # columns that may be empty
        yield from _share(NULLS, column, None, now, before)
    for column, counts in now.values.items():
        # A value that is gone, or new, drifts as well.
        for value in sorted({*counts, *(v for p in before for v in p.values.get(column, {}))}):
            yield from _share(VALUES, column, value, now, before)


def _share(rule: str, column: str, value: str | None, now: Profile, before: Sequence[Profile]) -> Iterator[Drift]:
    shares = [p.share(column, value) for p in before]
    usual, current = median(shares), now.share(column, value)
    if _is_far(current, shares, THRESHOLDS[rule], noise=_noise(usual, now.rows)):
        yield Drift(rule, column, value, current, usual)


def _noise(share: float, rows: int) -> float:
    """Standard deviation of a share among `rows` rows were nothing changed; one row of each sort is added (Laplace's
    rule of succession), so that a small file without any is not taken for a law."""
    expected = (share * rows + 1) / (rows + 2)
    return math.sqrt(expected * (1 - expected) / rows)


def _is_far(now: float, before: Sequence[float], threshold: Threshold, *, noise: float) -> bool:
    usual = median(before)
    distance = abs(now - usual)
    spread = _TO_DEVIATIONS * median(abs(b - usual) for b in before)
    return distance >= threshold.least_change and distance > threshold.score * max(
        spread, threshold.least_spread, noise
    )
