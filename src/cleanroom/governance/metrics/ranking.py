"""How well a ranking finds what it looks for at the capacity that people have for it; model against rule baseline."""

import numpy as np

from cleanroom.governance.evidence import Estimate
from cleanroom.governance.metrics.intervals import bootstrap, bounded, share


def decide_at_capacity(score: np.ndarray, capacity: int) -> np.ndarray:
    """True for the `capacity` highest scores; equal scores in the order in which they stand."""
    decision = np.zeros(len(score), dtype=bool)
    decision[_descending(score)[:capacity]] = True
    return decision


def precision_at_capacity(y_true: np.ndarray, score: np.ndarray, capacity: int) -> Estimate | None:
    """Share of the warned that are right (Wilson). Cases: the warned."""
    y, warned = _bool(y_true), decide_at_capacity(score, capacity)
    return share(int(y[warned].sum()), int(warned.sum()))


def recall_at_capacity(y_true: np.ndarray, score: np.ndarray, capacity: int) -> Estimate | None:
    """Share of the right that are warned (Wilson). Cases: the right."""
    y, warned = _bool(y_true), decide_at_capacity(score, capacity)
    return share(int(y[warned].sum()), int(y.sum()))


def amount_recall_at_capacity(
    y_true: np.ndarray, score: np.ndarray, amount_cents: np.ndarray, capacity: int, *, seed: int
) -> Estimate | None:
    """Share of the right accounts' money that lies on warned ones (bootstrap over the right accounts)."""
    y, warned = _bool(y_true), decide_at_capacity(score, capacity)
    amounts, hit = np.asarray(amount_cents, dtype=float)[y], warned[y]
    if not len(amounts) or amounts.sum() <= 0:
        return None

    def statistic(weights: np.ndarray) -> float:
        whole = (weights * amounts).sum()
        return float((weights * amounts * hit).sum() / whole) if whole > 0 else float("nan")

    return bounded(statistic(np.ones(len(amounts))), *bootstrap(statistic, len(amounts), seed), len(amounts))


def pr_auc(y_true: np.ndarray, score: np.ndarray, *, seed: int) -> Estimate | None:
    """Average precision (bootstrap over cases). Cases: the right ones, since they carry the figure."""
    y, order = _bool(y_true), _descending(score)
    if not y.any():
        return None
    right, ends = y[order], _tie_ends(np.asarray(score)[order])

    def statistic(weights: np.ndarray) -> float:
        return _average_precision(right, weights[order], ends)

    return bounded(statistic(np.ones(len(y))), *bootstrap(statistic, len(y), seed), int(y.sum()))


def brier(y_true: np.ndarray, probability: np.ndarray, *, seed: int) -> Estimate | None:
    """Mean squared error of the probability (bootstrap over cases)."""
    errors = _squared_errors(y_true, probability)
    if not len(errors):
        return None
    return bounded(
        errors.mean(), *bootstrap(lambda w: float(np.average(errors, weights=w)), len(errors), seed), len(errors)
    )


def precision_against_baseline(
    y_true: np.ndarray, score: np.ndarray, baseline_score: np.ndarray, capacity: int, *, seed: int
) -> tuple[Estimate, Estimate] | None:
    """Precision at capacity of the model and of the baseline, for `precision_at_capacity >= baseline`.

    The model's bounds are those of the *paired* difference, moved to the baseline's point: its lower bound reaches the
    baseline exactly where the difference does not lie below zero with 97.5 % confidence. Cases: the warned.
    """
    y, n = _bool(y_true), min(capacity, len(score))
    if n <= 0:
        return None
    model, rule = _descending(score), _descending(baseline_score)

    def statistic(weights: np.ndarray) -> float:
        return _top_share(y[model], weights[model], n) - _top_share(y[rule], weights[rule], n)

    base = share(int(y[rule[:n]].sum()), n)
    low, high = bootstrap(statistic, len(y), seed)
    return bounded(y[model[:n]].mean(), base.value + low, base.value + high, n), base


def brier_against_baseline(
    y_true: np.ndarray, probability: np.ndarray, baseline_probability: np.ndarray, *, seed: int
) -> tuple[Estimate, Estimate] | None:
    """Brier scores of model and baseline, for `brier <= baseline`; bounds as in `precision_against_baseline`."""
    model, rule = _squared_errors(y_true, probability), _squared_errors(y_true, baseline_probability)
    if not len(model):
        return None
    low, high = bootstrap(lambda w: float(np.average(model - rule, weights=w)), len(model), seed)
    base = Estimate(float(rule.mean()), cases=len(rule))
    return bounded(model.mean(), base.value + low, base.value + high, len(model)), base


def _bool(y_true: np.ndarray) -> np.ndarray:
    return np.asarray(y_true).astype(bool)


def _descending(score: np.ndarray) -> np.ndarray:
    return np.argsort(-np.asarray(score, dtype=float), kind="stable")


def _squared_errors(y_true: np.ndarray, probability: np.ndarray) -> np.ndarray:
    return (np.asarray(probability, dtype=float) - _bool(y_true)) ** 2


def _tie_ends(sorted_score: np.ndarray) -> np.ndarray:
    """Last position of each run of equal scores: a threshold cannot fall inside one."""
    return np.flatnonzero(np.append(np.diff(sorted_score) != 0, True))


def _average_precision(right: np.ndarray, weights: np.ndarray, ends: np.ndarray) -> float:
    hits, drawn = np.cumsum(weights * right)[ends], np.cumsum(weights)[ends]
    if hits[-1] == 0:
        return float("nan")
    precision = np.divide(hits, drawn, out=np.zeros(len(hits)), where=drawn > 0)
    return float((np.diff(hits, prepend=0.0) * precision).sum() / hits[-1])


def _top_share(right: np.ndarray, weights: np.ndarray, capacity: int) -> float:
    """Share of right cases among the first `capacity` draws; a case that straddles the end counts in part."""
    before = np.cumsum(weights) - weights
    taken = np.clip(capacity - before, 0, weights)
    return float((taken * right).sum() / taken.sum())
