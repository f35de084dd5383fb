"""What has moved: scores against their baseline, one institution's contribution against the others'."""

from collections.abc import Mapping

import numpy as np

from cleanroom.governance.evidence import Estimate

NATURAL_SPREAD = 0.5  # institutions differ by a factor of 1.6 (e^0.5) for reasons that nobody need explain
TO_SIGMA = 1.4826  # median absolute deviation to a normal standard deviation


def psi(expected: np.ndarray, actual: np.ndarray, *, bins: int = 10) -> Estimate | None:
    """Population stability index over the quantile bins of `expected`. Cases: the smaller of the two samples.

    Empty bins count as half a case, so that the figure stays finite.
    """
    expected, actual = np.asarray(expected, dtype=float), np.asarray(actual, dtype=float)
    if not len(expected) or not len(actual):
        return None
    edges = np.unique(np.quantile(expected, np.linspace(0, 1, bins + 1)[1:-1]))
    e, a = (_bin_shares(sample, edges) for sample in (expected, actual))
    return Estimate(float(((a - e) * np.log(a / e)).sum()), cases=min(len(expected), len(actual)))


def contribution_anomaly_z(contributions: Mapping[str, tuple[int, int]]) -> Estimate | None:
    """The greatest robust z over institutions of the log rate of what they contributed. Cases: institutions.

    `contributions`: institution -> (marked, all), such as watch-listings and accounts. Each rate is compared with the
    median of the *others*; its scale joins their spread, a natural spread and its own sampling error. None below three.
    """
    codes = [code for code, (_, whole) in contributions.items() if whole > 0]
    if len(codes) < 3:
        return None
    marked, whole = np.array([contributions[c] for c in codes], dtype=float).T
    rates, errors = np.log((marked + 0.5) / (whole + 1)), 1 / np.sqrt(marked + 0.5)
    z = [_z_against_others(rates, errors, i) for i in range(len(codes))]
    return Estimate(float(max(z)), cases=len(codes))


def _bin_shares(sample: np.ndarray, edges: np.ndarray) -> np.ndarray:
    counts = np.bincount(np.searchsorted(edges, sample, side="right"), minlength=len(edges) + 1)
    return np.maximum(counts, 0.5) / len(sample)


def _z_against_others(rates: np.ndarray, errors: np.ndarray, i: int) -> float:
    others = np.delete(rates, i)
    centre = np.median(others)
    spread = max(TO_SIGMA * np.median(np.abs(others - centre)), NATURAL_SPREAD)
    return float(abs(rates[i] - centre) / np.hypot(spread, errors[i]))
