"""How differently a decision treats groups. Groups with fewer cases than `min_cases` are left out, never averaged in;
with fewer than two groups left there is nothing to compare and the answer is None."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cleanroom.governance.evidence import Estimate
from cleanroom.governance.metrics.intervals import bounded, jeffreys_draws, quantiles, share


@dataclass(frozen=True)
class GroupRates:
    """One group's rates, each with its interval; None where its denominator is empty."""

    cases: int
    selection_rate: Estimate | None
    false_positive_rate: Estimate | None
    true_positive_rate: Estimate | None
    precision: Estimate | None


@dataclass(frozen=True)
class GroupCounts:
    """What every rate of one group is made of: its cases, the right ones, the warned ones, and the right warned ones.
    Counted in memory (`count_groups`) or where the data is (`prediction_tables.count_groups`)."""

    label: str
    cases: int
    positives: int
    selected: int
    hits: int


def count_groups(y_true: np.ndarray, decision: np.ndarray, group: np.ndarray) -> list[GroupCounts]:
    """Of every group, by its label as text, in the order of the labels."""
    y, warned, labels = (
        np.asarray(y_true).astype(bool),
        np.asarray(decision).astype(bool),
        np.asarray(group).astype(str),
    )
    found = []
    for label in np.unique(labels):
        own = labels == label
        found.append(
            GroupCounts(
                str(label),
                int(own.sum()),
                int((y & own).sum()),
                int((warned & own).sum()),
                int((y & warned & own).sum()),
            )
        )
    return found


def rates_by_group(groups: Sequence[GroupCounts]) -> dict[str, GroupRates]:
    """Label -> rates."""
    return {g.label: _rates(g) for g in groups}


def selection_rate_ratio(groups: Sequence[GroupCounts], *, min_cases: int, seed: int) -> Estimate | None:
    """Least selection rate divided by the greatest. Cases: those of the smallest group compared."""
    return _compare([(g.selected, g.cases) for g in groups], _ratio, min_cases, seed)


def fpr_ratio(groups: Sequence[GroupCounts], *, min_cases: int, seed: int) -> Estimate | None:
    """Least false-positive rate divided by the greatest; 1.0 where no group has a false positive. Cases: negatives of
    the smallest group compared."""
    return _compare([(g.selected - g.hits, g.cases - g.positives) for g in groups], _ratio, min_cases, seed)


def equal_opportunity_diff(groups: Sequence[GroupCounts], *, min_cases: int, seed: int) -> Estimate | None:
    """Greatest true-positive rate minus the least. Cases: positives of the smallest group compared."""
    return _compare([(g.hits, g.positives) for g in groups], _gap, min_cases, seed)


def min_segment_recall_ratio(groups: Sequence[GroupCounts], *, min_cases: int, seed: int) -> Estimate | None:
    """Recall of the worst segment divided by the recall of all compared segments together. Cases: positives of the
    smallest segment compared. None where nothing at all was found."""
    return _compare([(g.hits, g.positives) for g in groups], _worst_to_whole, min_cases, seed)


def min_group_share(groups: Sequence[GroupCounts]) -> Estimate | None:
    """The smallest group's share of the cases. Cases: all of them."""
    counts = [g.cases for g in groups]
    return share(min(counts), sum(counts)) if counts else None


def label_rate_ratio(groups: Sequence[GroupCounts]) -> Estimate | None:
    """The least group's rate of labels divided by the overall rate; None where there is no label. Cases: all."""
    cases, labels = sum(g.cases for g in groups), sum(g.positives for g in groups)
    if not labels:
        return None
    least = min(g.positives / g.cases for g in groups)
    return Estimate(least / (labels / cases), cases=cases)


def _rates(g: GroupCounts) -> GroupRates:
    return GroupRates(
        cases=g.cases,
        selection_rate=share(g.selected, g.cases),
        false_positive_rate=share(g.selected - g.hits, g.cases - g.positives),
        true_positive_rate=share(g.hits, g.positives),
        precision=share(g.hits, g.selected),
    )


Compare = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _compare(shares: Sequence[tuple[int, int]], compare: Compare, min_cases: int, seed: int) -> Estimate | None:
    """`compare` over the groups' shares (hits, cases): at the point and over Jeffreys draws."""
    kept = [(hits, cases) for hits, cases in shares if cases >= max(1, min_cases)]
    if len(kept) < 2:
        return None
    hits, cases = (np.array(column) for column in zip(*kept, strict=True))
    point = float(compare((hits / cases)[None, :], cases)[0])
    if not np.isfinite(point):
        return None
    return bounded(point, *quantiles(compare(jeffreys_draws(hits, cases, seed), cases)), int(cases.min()))


def _ratio(rates: np.ndarray, cases: np.ndarray) -> np.ndarray:
    greatest = rates.max(axis=1)
    return np.divide(rates.min(axis=1), greatest, out=np.ones(len(rates)), where=greatest > 0)


def _gap(rates: np.ndarray, cases: np.ndarray) -> np.ndarray:
    return rates.max(axis=1) - rates.min(axis=1)


def _worst_to_whole(rates: np.ndarray, cases: np.ndarray) -> np.ndarray:
    whole = (rates * cases).sum(axis=1) / cases.sum()
    return np.divide(rates.min(axis=1), whole, out=np.full(len(rates), np.nan), where=whole > 0)
