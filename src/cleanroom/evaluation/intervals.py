"""How much a figure depends on which cases occurred: 95 % intervals by drawing families of cases again.

Cases of one family share accounts, so a family is drawn whole (cluster bootstrap).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cleanroom.evaluation.rules import EvaluationRules

INTERVAL = (2.5, 97.5)  # percent
Intervals = list[list[float] | None]  # one [low, high] per world


@dataclass(frozen=True)
class Draws:
    """`family`: per case its family's number. `weights`: float64 [resamples, families], how often each is drawn.
    `least`: families from which on an interval is given."""

    family: np.ndarray
    weights: np.ndarray
    least: int

    def families(self, of_case: np.ndarray) -> np.ndarray:
        """int64 [columns]: how many families have a case in each column of `of_case`, bool [cases + 1, columns]."""
        in_family = np.zeros((self.weights.shape[1], of_case.shape[1]), dtype=bool)
        np.logical_or.at(in_family, self.family, of_case[:-1])
        return in_family.sum(axis=0)

    def sums(self, by_case: np.ndarray) -> np.ndarray:
        """float64 [resamples, ...] from [cases + 1, ...]. What is due to no case is in every draw as it is."""
        by_family = np.zeros((self.weights.shape[1], *by_case.shape[1:]))
        np.add.at(by_family, self.family, by_case[:-1])
        return np.tensordot(self.weights, by_family, axes=1) + by_case[-1]

    def interval(self, by_case: np.ndarray, of_case: np.ndarray, digits: int) -> list[Intervals | None]:
        """Per column [low, high] of the sum over the cases, for each world, of `by_case` [cases + 1, worlds, columns],
        rounded to `digits`. None for a column with fewer than `least` families, and in a world in which every redraw
        gives the same: where nothing was seen to vary, nothing is known of how much it could."""
        ends = np.percentile(self.sums(by_case), INTERVAL, axis=0)
        low, high = (rounded(end.T, digits) for end in ends)
        return [_with_width(low[column], high[column]) if count >= self.least else None
                for column, count in enumerate(self.families(of_case))]  # fmt: skip


def _with_width(low: Sequence[float], high: Sequence[float]) -> Intervals:
    return [[a, b] if a < b else None for a, b in zip(low, high, strict=True)]


def rounded(values: np.ndarray, digits: int) -> list:
    """As published: lists of the array's shape, whole numbers where `digits` is 0."""
    near = np.round(values, digits) + 0.0  # no minus zero
    return near.astype(np.int64).tolist() if digits == 0 else near.tolist()


def draws_of(family: np.ndarray, rules: EvaluationRules) -> Draws:
    """Seeded: the same families give the same intervals every time."""
    families = int(family.max()) + 1 if len(family) else 0
    if not families:
        return Draws(family, np.zeros((rules.resamples, 0)), rules.least_families)
    drawn = np.random.default_rng(rules.seed).multinomial(families, [1 / families] * families, size=rules.resamples)
    return Draws(family, drawn.astype(np.float64), rules.least_families)
