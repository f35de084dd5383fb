"""How much a figure depends on which cases occurred: 95 % intervals by drawing families of cases again.

Cases of one family share accounts, so a family is drawn whole (cluster bootstrap).
"""

from dataclasses import dataclass

import numpy as np

from cleanroom.evaluation.rules import EvaluationRules

INTERVAL = (2.5, 97.5)  # percent


@dataclass(frozen=True)
class Draws:
    """`family`: per case its family's number. `weights`: float64 [resamples, families], how often each is drawn."""

    family: np.ndarray
    weights: np.ndarray

    def sums(self, by_case: np.ndarray) -> np.ndarray:
        """float64 [resamples, ...] from [cases + 1, ...]. What is due to no case is in every draw as it is."""
        by_family = np.zeros((self.weights.shape[1], *by_case.shape[1:]))
        np.add.at(by_family, self.family, by_case[:-1])
        return np.tensordot(self.weights, by_family, axes=1) + by_case[-1]

    def interval(self, by_case: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Low and high of the sum over the cases, each of the shape [...] of `by_case` [cases + 1, ...]."""
        low, high = np.percentile(self.sums(by_case), INTERVAL, axis=0)
        return low, high


def draws_of(family: np.ndarray, rules: EvaluationRules) -> Draws:
    """Seeded: the same families give the same intervals every time."""
    families = int(family.max()) + 1 if len(family) else 0
    if not families:
        return Draws(family, np.zeros((rules.resamples, 0)))
    drawn = np.random.default_rng(rules.seed).multinomial(families, [1 / families] * families, size=rules.resamples)
    return Draws(family, drawn.astype(np.float64))
