"""How well a ranking of accounts finds those of known patterns: average precision, precision and recall at capacities.

Intervals are 95 % percentile bootstrap over patterns: the accounts of one pattern are found or missed together, so a
pattern is drawn with all its accounts; every account of no pattern is a draw of its own. The number of each is kept.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cleanroom.evaluation.detection import Truth

RESAMPLES = 500
SEED = 20250401
CAPACITIES = (50, 100, 200)
Figure = dict[str, float | None]  # value, low, high


@dataclass(frozen=True)
class Judged:
    """Accounts that can be ranked, in one fixed order, and what is known of each.

    `tokens`; `unit`: number of the pattern (the first, of several) or of the account itself where it has none;
    `of_pattern`: bool; `typologies`: name -> bool per account. Weights are drawn once: rankings stay comparable.
    """

    tokens: tuple[str, ...]
    unit: np.ndarray
    of_pattern: np.ndarray
    typologies: Mapping[str, np.ndarray]

    @cached_property
    def weights(self) -> np.ndarray:
        """(1 + RESAMPLES) x accounts: how often each was drawn; the first row is the data itself."""
        rng = np.random.default_rng(SEED)
        drawn = np.zeros((1 + RESAMPLES, len(self.tokens)))
        drawn[0] = 1
        for part in (self.of_pattern, ~self.of_pattern):
            units, place = np.unique(self.unit[part], return_inverse=True)
            if len(units):
                counts = rng.multinomial(len(units), np.full(len(units), 1 / len(units)), size=RESAMPLES)
                drawn[1:, part] = counts[:, place]
        return drawn


def judged(tokens: Collection[str], truth: Truth) -> Judged:
    """`tokens`: all accounts that may be ranked. Truth accounts that are not among them are left out."""
    tokens = tuple(sorted(tokens))
    patterns = [truth.get(token, ()) for token in tokens]
    names = sorted({p[0]["pattern"] for p in patterns if p})
    number = {name: i for i, name in enumerate(names)}
    unit = np.array([number[p[0]["pattern"]] if p else len(names) + i for i, p in enumerate(patterns)], dtype=int)
    kinds = sorted({one["typology"] for p in patterns for one in p})
    of_kind = {kind: np.array([any(one["typology"] == kind for one in p) for p in patterns], bool) for kind in kinds}
    return Judged(tokens, unit, np.array([bool(p) for p in patterns], bool), of_kind)


def figures(known: Judged, scores: np.ndarray, capacities: Sequence[int] = CAPACITIES) -> dict:
    """Every figure of one ranking. `scores`: one per account of `known`, higher is ranked first; equal ones keep the
    order of their tokens, which is that of a keyed hash."""
    order = np.argsort(-np.asarray(scores, dtype=float), kind="stable")
    weights, right = known.weights[:, order], known.of_pattern[order]
    found, seen = np.cumsum(weights * right, axis=1), np.cumsum(weights, axis=1)
    taken = {n: _share_taken(weights, seen, n) for n in capacities}
    return {
        "pr_auc": _figure(_average_precision(weights * right, found, seen)),
        "precision_at": {str(n): _figure(_ratio((t * right).sum(1), t.sum(1))) for n, t in taken.items()},
        "recall_at": {str(n): _figure(_ratio((t * right).sum(1), found[:, -1])) for n, t in taken.items()},
        "by_typology": {kind: _of_typology(of[order], weights, taken) for kind, of in known.typologies.items()},
    }


def _share_taken(weights: np.ndarray, seen: np.ndarray, capacity: int) -> np.ndarray:
    """Draws x accounts: how much of each account's weight stands among the first `capacity`."""
    return np.clip(capacity - (seen - weights), 0, weights)


def _average_precision(hits: np.ndarray, found: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Sum over the right accounts of the precision down to each, over their number (Davis and Goadrich 2006)."""
    return _ratio((hits * found / np.maximum(seen, 1)).sum(1), found[:, -1])


def _of_typology(of: np.ndarray, weights: np.ndarray, taken: Mapping[int, np.ndarray]) -> dict:
    return {
        "accounts": int(of.sum()),
        "found_at": {str(n): round(float(t[0, of].sum())) for n, t in taken.items()},
        "recall_at": {str(n): _figure(_ratio(t[:, of].sum(1), weights[:, of].sum(1))) for n, t in taken.items()},
    }


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)


def _figure(draws: np.ndarray) -> Figure:
    """The first entry is the data's own; bounds over the draws in which there is something to measure."""
    again = draws[1:][np.isfinite(draws[1:])]
    if not np.isfinite(draws[0]) or not len(again):
        return {"value": None, "low": None, "high": None}
    low, high = np.quantile(again, [0.025, 0.975])
    value = float(draws[0])
    return {"value": value, "low": min(value, float(low)), "high": max(value, float(high))}
