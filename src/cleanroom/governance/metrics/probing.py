"""What an attacker, or a changed attribute, can get out of a model: proxies, flips, membership, evasion."""

from math import sqrt

import numpy as np

from cleanroom.governance.evidence import Estimate
from cleanroom.governance.metrics.intervals import Z95, bootstrap, bounded, share


def auc(positive: np.ndarray, score: np.ndarray) -> Estimate | None:
    """Area under the ROC curve with Hanley and McNeil's interval (1982). Cases: those of the smaller class."""
    y = np.asarray(positive).astype(bool)
    n_pos, n_neg = int(y.sum()), int((~y).sum())
    if not n_pos or not n_neg:
        return None
    ranks = _mid_ranks(np.asarray(score, dtype=float))
    value = (ranks[y].sum() - n_pos * (n_pos + 1) / 2) / (n_pos * n_neg)
    half = Z95 * _hanley_error(value, n_pos, n_neg)
    return bounded(value, max(0.0, value - half), min(1.0, value + half), min(n_pos, n_neg))


def proxy_auc(features: np.ndarray, group: np.ndarray, *, min_cases: int, seed: int) -> Estimate | None:
    """How well the features (cases x features) tell a group from the rest: the worst group's AUC on unseen cases.

    A linear score on the features' ranks is fitted on a seeded half and judged on the other. Groups with fewer than
    `min_cases` in the unseen half are left out; None where none is left.
    """
    labels = np.asarray(group).astype(str)
    ranks = _rank_columns(np.asarray(features, dtype=float))
    fitted = np.random.default_rng(seed).permutation(len(labels)) < len(labels) // 2
    found = [_one_against_rest(ranks, labels == g, fitted) for g in np.unique(labels)]
    judged = [e for e in found if e is not None and e.cases >= min_cases]
    return max(judged, key=lambda e: e.value, default=None)


def counterfactual_flip_rate(decision: np.ndarray, decision_after: np.ndarray) -> Estimate | None:
    """Share of cases whose decision changes when only the group attribute was changed (Wilson)."""
    before, after = np.asarray(decision).astype(bool), np.asarray(decision_after).astype(bool)
    return share(int((before != after).sum()), len(before))


def log_losses(y_true: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Each case's log loss; probabilities are kept off 0 and 1."""
    y, p = np.asarray(y_true).astype(bool), np.clip(np.asarray(probability, dtype=float), 1e-12, 1 - 1e-12)
    return -np.log(np.where(y, p, 1 - p))


def mia_auc(member_losses: np.ndarray, outsider_losses: np.ndarray) -> Estimate | None:
    """Membership inference by loss threshold: AUC of "a lower loss was in training". 0.5 tells nothing."""
    member = np.r_[np.ones(len(member_losses)), np.zeros(len(outsider_losses))]
    return auc(member, -np.r_[np.asarray(member_losses), np.asarray(outsider_losses)])


def evasion_recall_drop(found_plain: np.ndarray, found_evading: np.ndarray, *, seed: int) -> Estimate | None:
    """Share of the recall that evasion destroys: 1 - recall after / recall before, over the same true cases.

    Both arrays say of each truly suspicious case whether it was warned, before and after it evades. None where nothing
    was found before.
    """
    before, after = np.asarray(found_plain, dtype=float), np.asarray(found_evading, dtype=float)
    if not before.sum():
        return None

    def statistic(weights: np.ndarray) -> float:
        whole = (weights * before).sum()
        return float(1 - (weights * after).sum() / whole) if whole else float("nan")

    return bounded(statistic(np.ones(len(before))), *bootstrap(statistic, len(before), seed), len(before))


def _one_against_rest(ranks: np.ndarray, member: np.ndarray, fitted: np.ndarray) -> Estimate | None:
    design = np.c_[ranks, np.ones(len(ranks))]
    weights = np.linalg.lstsq(design[fitted], member[fitted].astype(float), rcond=None)[0]
    return auc(member[~fitted], design[~fitted] @ weights)


def _rank_columns(features: np.ndarray) -> np.ndarray:
    """Ranks in 0..1 per column: no feature's scale or outlier decides. A missing value takes the lowest rank."""
    filled = np.where(np.isfinite(features), features, -np.inf)
    return np.column_stack([_mid_ranks(column) for column in filled.T]) / max(1, len(filled))


def _mid_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def _hanley_error(value: float, n_pos: int, n_neg: int) -> float:
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    spread = value * (1 - value) + (n_pos - 1) * (q1 - value**2) + (n_neg - 1) * (q2 - value**2)
    return sqrt(max(0.0, spread) / (n_pos * n_neg))
