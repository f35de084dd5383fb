"""What has moved: scores against their baseline, one institution's contribution against the others'."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from cleanroom.governance.evidence import Estimate

NATURAL_SPREAD = 0.5  # institutions differ by a factor of 1.6 (e^0.5) for reasons that nobody need explain
TO_SIGMA = 1.4826  # median absolute deviation to a normal standard deviation


@dataclass(frozen=True)
class Reference:
    """A distribution as it was at release: the edges of its quantile bins and how many cases lay in each. JSON."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def as_dict(self) -> dict:
        return {"edges": list(self.edges), "counts": list(self.counts)}

    @classmethod
    def from_dict(cls, given: Mapping) -> "Reference":
        return cls(tuple(given["edges"]), tuple(given["counts"]))


def reference(values: np.ndarray, *, bins: int = 10) -> Reference | None:
    """Quantile bins of the finite values; None where there are none."""
    values = _finite(values)
    if not len(values):
        return None
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1]))
    return Reference(tuple(float(e) for e in edges), count_in(edges, values))


def count_in(edges: Collection[float], values: np.ndarray) -> tuple[int, ...]:
    """How many of the finite values lie in each bin; a value on an edge belongs to the bin above it."""
    edges = np.asarray(edges, dtype=float)
    counts = np.bincount(np.searchsorted(edges, _finite(values), side="right"), minlength=len(edges) + 1)
    return tuple(int(c) for c in counts)


def psi_of(expected: Reference, actual: Collection[int]) -> Estimate | None:
    """Population stability index of counts in the reference's bins (`count_in`, or `prediction_tables.count_bins`).

    Sum over bins of (a - e) ln(a / e), with the bins' shares. Empty bins count as half a case, so that the figure stays
    finite. Cases: the smaller of the two samples. None where one of them is empty.
    """
    whole, now = sum(expected.counts), sum(actual)
    if not whole or not now:
        return None
    e, a = (np.maximum(np.array(c, dtype=float), 0.5) / n for c, n in ((expected.counts, whole), (tuple(actual), now)))
    return Estimate(float(((a - e) * np.log(a / e)).sum()), cases=min(whole, now))


def psi(expected: np.ndarray, actual: np.ndarray, *, bins: int = 10) -> Estimate | None:
    """`psi_of` of two samples in memory."""
    before = reference(expected, bins=bins)
    return psi_of(before, count_in(before.edges, actual)) if before else None


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


def _finite(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    return values[np.isfinite(values)]


def _z_against_others(rates: np.ndarray, errors: np.ndarray, i: int) -> float:
    others = np.delete(rates, i)
    centre = np.median(others)
    spread = max(TO_SIGMA * np.median(np.abs(others - centre)), NATURAL_SPREAD)
    return float(abs(rates[i] - centre) / np.hypot(spread, errors[i]))
