"""Binary search in many runs of one array at once."""

import numpy as np


def first_not_less(values: np.ndarray, low: np.ndarray, high: np.ndarray, least: np.ndarray) -> np.ndarray:
    """int64[n]: in each run `values[low:high]`, which ascends, the place of the first that is not less; else `high`."""
    low, high = low.astype(np.int64), high.astype(np.int64)
    open_runs = np.flatnonzero(low < high)
    while len(open_runs):
        middle = (low[open_runs] + high[open_runs]) // 2
        is_less = values[middle] < least[open_runs]
        low[open_runs[is_less]] = middle[is_less] + 1
        high[open_runs[~is_less]] = middle[~is_less]
        open_runs = open_runs[low[open_runs] < high[open_runs]]
    return low


def spread(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All places of all runs, one run after the other: (the run of each, the place), int64."""
    sizes = high - low
    run = np.repeat(np.arange(len(sizes)), sizes)
    first = np.cumsum(sizes) - sizes
    return run, np.arange(len(run)) - first[run] + low[run]
