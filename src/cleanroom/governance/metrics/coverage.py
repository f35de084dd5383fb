"""How much of what has to be there is there: reasons, traces, repeated scores, explanations, big enough cells."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from cleanroom.governance.evidence import Estimate

T = TypeVar("T")


def filled_share(entries: Iterable[Sequence | str | None]) -> Estimate | None:
    """Share of entries with content: reason codes of each warning, the sources of each feature, the trace of each row.

    No bounds: all entries are looked at, none is sampled.
    """
    filled = [bool(e) for e in entries]
    return Estimate(sum(filled) / len(filled), cases=len(filled)) if filled else None


def repeat_match_rate(first: np.ndarray, second: np.ndarray) -> Estimate | None:
    """Share of scores that the second run reproduces to the last bit; None where the runs scored different cases."""
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape or not a.size:
        return None
    return Estimate(float((a == b).mean()), cases=a.size)


def explanation_fidelity(explained: np.ndarray, margin: np.ndarray) -> Estimate | None:
    """R squared of the score rebuilt from the reasons that are shown, against the model's own (raw) score."""
    a, b = np.asarray(explained, dtype=float), np.asarray(margin, dtype=float)
    spread = ((b - b.mean()) ** 2).sum() if len(b) else 0.0
    if spread == 0:
        return None
    return Estimate(float(1 - ((a - b) ** 2).sum() / spread), cases=len(b))


def k_min(cells: Iterable[int]) -> Estimate | None:
    """The smallest cell that is shown; an empty cell says nothing of anyone. Cases: the cells. None of no cells."""
    shown = [c for c in cells if c > 0]
    return Estimate(float(min(shown)), cases=len(shown)) if shown else None


def suppress_small_groups(tables: Mapping[str, T], cases: Mapping[str, int], *, smallest: int) -> dict[str, T]:
    """The groups' figures without the groups that have fewer than `smallest` cases."""
    return {group: figures for group, figures in tables.items() if cases[group] >= smallest}
