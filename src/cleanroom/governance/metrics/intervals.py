"""Intervals: Wilson for shares, Jeffreys draws for what several shares make, weighted bootstrap for the rest.

All at 95 %. A zero count still has an upper bound above zero under each of them, which a plain bootstrap gets wrong.
"""

from collections.abc import Callable
from math import sqrt

import numpy as np

from cleanroom.governance.evidence import Estimate

Z95 = 1.959963984540054  # two-sided 95 % quantile of the normal distribution
DRAWS = 2000  # Jeffreys draws; the bounds' own noise is then about 2 % of the interval
REPLICATES = 500  # bootstrap replicates over cases, each O(cases)


def share(hits: int, cases: int) -> Estimate | None:
    """`hits / cases` with the Wilson score interval; None of no cases."""
    if cases <= 0:
        return None
    p, z2 = hits / cases, Z95**2
    centre = (p + z2 / (2 * cases)) / (1 + z2 / cases)
    half = Z95 * sqrt(p * (1 - p) / cases + z2 / (4 * cases**2)) / (1 + z2 / cases)
    return bounded(p, max(0.0, centre - half), min(1.0, centre + half), cases)


def bounded(value: float, low: float, high: float, cases: int) -> Estimate:
    """An estimate whose interval holds its point: sampling around a corner (0 or 1) can leave it just outside."""
    return Estimate(float(value), float(min(low, value)), float(max(high, value)), int(cases))


def jeffreys_draws(hits: np.ndarray, cases: np.ndarray, seed: int) -> np.ndarray:
    """DRAWS x groups plausible shares, from the Jeffreys posterior of each group."""
    rng = np.random.default_rng(seed)
    return rng.beta(hits + 0.5, cases - hits + 0.5, size=(DRAWS, len(hits)))


def quantiles(draws: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def bootstrap(statistic: Callable[[np.ndarray], float], cases: int, seed: int) -> tuple[float, float]:
    """Bounds of a statistic that takes one weight per case (how often it was drawn). NaN replicates are left out."""
    rng, even = np.random.default_rng(seed), np.full(cases, 1 / cases)
    found = np.array([statistic(rng.multinomial(cases, even)) for _ in range(REPLICATES)])
    found = found[np.isfinite(found)]
    return quantiles(found) if len(found) else (float("-inf"), float("inf"))
