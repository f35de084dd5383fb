"""The order of transfers, by (time, id): found by counting, in threads; free where the rows are in order already."""

from functools import partial
from itertools import pairwise

import numpy as np

from cleanroom.lookout.index.threads import THREADS, shares, side_by_side
from cleanroom.lookout.kernels.loading import kernels

_BUCKETS = 1 << 11
_COUNTS = 1 << 11  # what `sort_keys` counts in


def sorted_rows(
    time_us: np.ndarray, transfer_id: np.ndarray, *, room: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray] | None:
    """(times in order, int64[n]; the rows in order, uint32[n]). None where the rows are in order as they stand.

    `room`, uint64[n], is scratch; where it is given the times are put in order where they lie.
    """
    if is_ordered(time_us, transfer_id):
        return None
    if kernels("indexing").times_ascend(time_us, len(time_us)):
        return time_us, _tied_rows(time_us, transfer_id)
    least, most = int(time_us.min()), int(time_us.max())
    shift = max(0, (most - least).bit_length() - _BUCKETS.bit_length() + 1)
    keys = np.empty(len(time_us), dtype=np.uint64) if room is None else room
    rows, starts = _dealt(time_us, least, shift, keys)
    side_by_side(
        partial(_sort_share, keys, rows, transfer_id, starts, first, last) for first, last in _bucket_shares(starts)
    )
    times = np.empty_like(time_us) if room is None else time_us
    kernel = kernels("indexing").times_of
    side_by_side(partial(kernel, keys, first, last, least, times) for first, last in shares(len(times)))
    return times, rows


def _tied_rows(time_us: np.ndarray, transfer_id: np.ndarray) -> np.ndarray:
    """The rows in order where only ids of equal times are not: what an export by time looks like."""
    keys = (time_us - time_us[0]).view(np.uint64)
    rows = np.arange(len(time_us), dtype=np.uint32)
    bounds = np.searchsorted(time_us, [time_us[first] for first, _ in shares(len(time_us))[1:]])  # no run in two parts
    ends = [0, *(int(bound) for bound in bounds), len(time_us)]
    side_by_side(partial(_order_ties, keys, rows, transfer_id, first, last) for first, last in pairwise(ends))
    return rows


def is_ordered(time_us: np.ndarray, transfer_id: np.ndarray) -> bool:
    ids = transfer_id.reshape(-1)
    return kernels("indexing").first_disorder(time_us, ids, 0, len(time_us)) == len(time_us)


def _dealt(time_us: np.ndarray, least: int, shift: int, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fills `keys`; gives rows, both bucket by bucket, each in the order of rows; and where each bucket starts."""
    parts = shares(len(time_us))
    counts = np.zeros((len(parts), _BUCKETS), dtype=np.int64)
    kernel = kernels("indexing")
    side_by_side(partial(kernel.count_times, time_us, *part, least, shift, counts[i]) for i, part in enumerate(parts))
    before = np.concatenate(([0], np.cumsum(counts.T.reshape(-1))))
    places = before[:-1].reshape(_BUCKETS, len(parts)).T.copy(order="C")
    rows = np.empty(len(time_us), dtype=np.uint32)
    side_by_side(
        partial(kernel.deal_times, time_us, *part, least, shift, places[i], keys, rows) for i, part in enumerate(parts)
    )
    return rows, np.ascontiguousarray(before[:: len(parts)])


def _bucket_shares(starts: np.ndarray) -> list[tuple[int, int]]:
    """Consecutive buckets for each thread, with about the same number of rows."""
    bounds = np.searchsorted(starts, [starts[-1] * i // THREADS for i in range(1, THREADS)])
    ends = [0, *(int(b) for b in bounds), len(starts) - 1]
    return [(first, last) for first, last in pairwise(ends) if first < last]


def _sort_share(keys, rows, transfer_id, starts, first: int, last: int) -> None:
    largest = int(np.diff(starts[first : last + 1]).max())
    spares = np.empty(largest, dtype=np.uint64), np.empty(largest, dtype=np.uint32), np.empty(_COUNTS, dtype=np.int64)
    kernels("indexing").sort_buckets(keys, rows, *spares, starts, first, last)
    _order_ties(keys, rows, transfer_id, int(starts[first]), int(starts[last]))


def _order_ties(keys, rows, transfer_id, first: int, last: int) -> None:
    room = last - first  # reached by the longest run only; memory that nobody touches costs nothing
    spares = np.empty(room, dtype=np.uint64), np.empty(room, dtype=np.uint32), np.empty(_COUNTS, dtype=np.int64)
    kernels("indexing").order_ties(keys, rows, *spares, transfer_id.reshape(-1), first, last)
