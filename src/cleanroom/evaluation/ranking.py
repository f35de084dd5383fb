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
_AT_ONCE = 4_000_000  # weights that are worked on at a time: a million accounts must not take gigabytes
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
        """(1 + RESAMPLES) x accounts, uint16: how often each was drawn; the first row is the data itself."""
        rng = np.random.default_rng(SEED)
        drawn = np.ones((1 + RESAMPLES, len(self.tokens)), dtype=np.uint16)
        for part in (self.of_pattern, ~self.of_pattern):
            units, place = np.unique(self.unit[part], return_inverse=True)
            chance = np.full(len(units), 1 / max(1, len(units)))
            for row in drawn[1:] if len(units) else ():
                row[part] = rng.multinomial(len(units), chance)[place]
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
    ranked = _Ranked(known.of_pattern[order], {kind: of[order] for kind, of in known.typologies.items()})
    rows = max(1, _AT_ONCE // max(1, len(order)))
    parts = [ranked.sums(known.weights[at : at + rows, order].astype(float), capacities)
             for at in range(0, 1 + RESAMPLES, rows)]  # fmt: skip
    sums = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    whole = sums["right", 0]
    return {
        "pr_auc": _figure(_ratio(sums["precisions", 0], whole)),
        "precision_at": {str(n): _figure(_ratio(sums["right", n], sums["all", n])) for n in capacities},
        "recall_at": {str(n): _figure(_ratio(sums["right", n], whole)) for n in capacities},
        "by_typology": {kind: _of_typology(kind, sums, of, capacities) for kind, of in known.typologies.items()},
    }


@dataclass(frozen=True)
class _Ranked:
    """What is known of the accounts, in the order of a ranking."""

    right: np.ndarray
    typologies: Mapping[str, np.ndarray]

    def sums(self, weights: np.ndarray, capacities: Sequence[int]) -> dict[tuple[str, int], np.ndarray]:
        """(what, capacity) -> one number for each draw; capacity 0 is without bound. `weights`: draws x accounts.

        "precisions": summed over the right accounts, the precision down to each (Davis and Goadrich 2006). "all",
        "right", "of TYPOLOGY": how much weight of such accounts stands among the first."""
        seen = np.cumsum(weights, axis=1)
        hits, deep = weights[:, self.right], np.maximum(seen[:, self.right], 1)
        found = {("precisions", 0): (hits * np.cumsum(hits, axis=1) / deep).sum(1), ("right", 0): hits.sum(1)}
        found |= {(f"of {kind}", 0): weights[:, of].sum(1) for kind, of in self.typologies.items()}
        for n in capacities:
            first = int((seen < n).sum(1).max()) + 1  # no draw reaches beyond
            taken = np.clip(n - (seen[:, :first] - weights[:, :first]), 0, weights[:, :first])
            found |= {("all", n): taken.sum(1), ("right", n): taken[:, self.right[:first]].sum(1)}
            found |= {(f"of {kind}", n): taken[:, of[:first]].sum(1) for kind, of in self.typologies.items()}
        return found


def _of_typology(kind: str, sums: Mapping, of: np.ndarray, capacities: Sequence[int]) -> dict:
    taken = {str(n): sums[f"of {kind}", n] for n in capacities}
    return {
        "accounts": int(of.sum()),
        "found_at": {n: round(float(t[0])) for n, t in taken.items()},
        "recall_at": {n: _figure(_ratio(t, sums[f"of {kind}", 0])) for n, t in taken.items()},
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
