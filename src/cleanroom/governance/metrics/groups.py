"""How differently a decision treats groups. Groups with fewer cases than `min_cases` are left out, never averaged in;
with fewer than two groups left there is nothing to compare and the answer is None."""

from collections.abc import Callable
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


def rates_by_group(y_true: np.ndarray, decision: np.ndarray, group: np.ndarray) -> dict[str, GroupRates]:
    """Rates of every group, by its label as text, in the order of the labels."""
    y, warned, labels = np.asarray(y_true).astype(bool), np.asarray(decision).astype(bool), _labels(group)
    return {str(g): _rates(y[labels == g], warned[labels == g]) for g in np.unique(labels)}


def selection_rate_ratio(decision: np.ndarray, group: np.ndarray, *, min_cases: int, seed: int) -> Estimate | None:
    """Least selection rate divided by the greatest. Cases: those of the smallest group compared."""
    warned = np.asarray(decision).astype(bool)
    return _compare(warned, np.ones(len(warned), dtype=bool), group, _ratio, min_cases, seed)


def fpr_ratio(
    y_true: np.ndarray, decision: np.ndarray, group: np.ndarray, *, min_cases: int, seed: int
) -> Estimate | None:
    """Least false-positive rate divided by the greatest; 1.0 where no group has a false positive. Cases: negatives of
    the smallest group compared."""
    return _compare(decision, ~np.asarray(y_true).astype(bool), group, _ratio, min_cases, seed)


def equal_opportunity_diff(
    y_true: np.ndarray, decision: np.ndarray, group: np.ndarray, *, min_cases: int, seed: int
) -> Estimate | None:
    """Greatest true-positive rate minus the least. Cases: positives of the smallest group compared."""
    return _compare(decision, np.asarray(y_true).astype(bool), group, _gap, min_cases, seed)


def min_segment_recall_ratio(
    y_true: np.ndarray, decision: np.ndarray, segment: np.ndarray, *, min_cases: int, seed: int
) -> Estimate | None:
    """Recall of the worst segment divided by the recall of all compared segments together. Cases: positives of the
    smallest segment compared. None where nothing at all was found."""
    return _compare(decision, np.asarray(y_true).astype(bool), segment, _worst_to_whole, min_cases, seed)


def min_group_share(group: np.ndarray) -> Estimate | None:
    """The smallest group's share of the cases. Cases: all of them."""
    counts = np.unique(_labels(group), return_counts=True)[1]
    return share(int(counts.min()), int(counts.sum())) if len(counts) else None


def label_rate_ratio(y_true: np.ndarray, group: np.ndarray) -> Estimate | None:
    """The least group's rate of labels divided by the overall rate; None where there is no label. Cases: all."""
    y, labels = np.asarray(y_true).astype(bool), _labels(group)
    if not y.any():
        return None
    least = min(y[labels == g].mean() for g in np.unique(labels))
    return Estimate(float(least / y.mean()), cases=len(y))


def _labels(group: np.ndarray) -> np.ndarray:
    return np.asarray(group).astype(str)


def _rates(y: np.ndarray, warned: np.ndarray) -> GroupRates:
    return GroupRates(
        cases=len(y),
        selection_rate=share(int(warned.sum()), len(y)),
        false_positive_rate=share(int((warned & ~y).sum()), int((~y).sum())),
        true_positive_rate=share(int((warned & y).sum()), int(y.sum())),
        precision=share(int((warned & y).sum()), int(warned.sum())),
    )


Compare = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _compare(
    decision: np.ndarray, among: np.ndarray, group: np.ndarray, compare: Compare, min_cases: int, seed: int
) -> Estimate | None:
    """`compare` over the groups' shares of `decision` among the cases `among`: at the point and over Jeffreys draws."""
    warned, labels = np.asarray(decision).astype(bool), _labels(group)
    cases = np.array([(among & (labels == g)).sum() for g in np.unique(labels)])
    hits = np.array([(warned & among & (labels == g)).sum() for g in np.unique(labels)])
    kept = cases >= max(1, min_cases)
    if kept.sum() < 2:
        return None
    hits, cases = hits[kept], cases[kept]
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
