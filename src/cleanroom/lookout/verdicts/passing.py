"""One pass over the graph's transfers from a moment on, in order of time; what each period changed is saved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cleanroom.lookout.graph import Graph, Segment
from cleanroom.lookout.kernels.loading import kernels
from cleanroom.lookout.verdicts.periods import Saved
from cleanroom.lookout.verdicts.places import BEGINNING_US, END_US, moment_before, place_of
from cleanroom.lookout.verdicts.records import Records
from cleanroom.lookout.verdicts.reported import Entry

_I, _I_END, _J, _J_END, _AT_START, _STARTS, _AT_TAINT, _TAINTS, _SAVES, _COLD_SAVES, _TOUCHES, _PERIOD = range(12)


@dataclass(frozen=True)
class Sources:
    """Where walks and tainted money begin. `starts`: (moment, account), ascending. `entries`: in order of transfers."""

    starts: tuple[tuple[int, int], ...]
    entries: tuple[Entry, ...]

    @staticmethod
    def of(starts: Iterable[tuple[int, int]], entries: Iterable[Entry]) -> "Sources":
        return Sources(tuple(sorted(set(starts))), tuple(sorted(entries)))

    def changed_since(self, other: "Sources") -> int:
        """The earliest moment at which the two make a difference; END_US where they are the same."""
        starts = set(self.starts) ^ set(other.starts)
        entries = _counted(self.entries) ^ _counted(other.entries)
        return min([at for at, _ in starts] + [entry[0] for entry in entries], default=END_US)


def _counted(entries: Sequence[Entry]) -> set[tuple[int, bytes, int]]:
    """Cents by transfer: two reports of one transfer add up."""
    cents: dict[tuple[int, bytes], int] = {}
    for entry in entries:
        place = entry.at_us, entry.transfer_id
        cents[place] = cents.get(place, 0) + entry.cents
    return {(*place, total) for place, total in cents.items()}


class Pass:
    """Moves `records` on over the graph. `touched` collects accounts that changed since the last publication."""

    def __init__(self, graph: Graph, records: Records, sources: Sources, touched: np.ndarray, touches: int = 0):
        self._graph, self._records, self._sources = graph, records, sources
        self._numbers = np.zeros(12, dtype=np.int64)
        self._numbers[_TOUCHES] = touches
        self._touched = touched
        self._starts_at = np.array([at for at, _ in sources.starts] or [0], dtype=np.int64)
        self._starts = np.array([account for _, account in sources.starts] or [0], dtype=np.uint32)
        self._taints_at = np.array([entry.at_us for entry in sources.entries] or [0], dtype=np.int64)
        names = b"".join(entry.transfer_id for entry in sources.entries) or bytes(16)
        self._taint_ids = np.frombuffer(names, dtype=np.uint8)
        self._taint_cents = np.array([entry.cents for entry in sources.entries] or [0], dtype=np.int64)

    @property
    def touches(self) -> int:
        return int(self._numbers[_TOUCHES])

    def run(self, since_us: int, until_us: int, *, period: int = 0) -> Saved | None:
        """Pass over since <= moment < until. With `period` 0 nothing is saved, and accounts are not noted."""
        first, last = place_of(self._graph, since_us), place_of(self._graph, until_us)
        transfers = last.total - first.total
        room = min(transfers * 2 + len(self._sources.starts), len(self._records)) if period else 0
        hot = np.empty((room + 1, 4), dtype=np.int64)
        cold = np.empty((min(transfers, room * 6) + 1, 5), dtype=np.int64)
        self._set(first, last, since_us, period)
        kernels("tainting").taint_pass(self._addresses(hot, cold), self._numbers)
        if not period:
            return None
        saves, cold_saves = int(self._numbers[_SAVES]), int(self._numbers[_COLD_SAVES])
        return Saved(since_us, transfers, hot[:saves], cold[:cold_saves])

    def _set(self, first, last, since_us: int, period: int) -> None:
        before = moment_before(self._graph, first)
        numbers = self._numbers
        numbers[[_I, _I_END, _J, _J_END]] = first.base, last.base, first.delta, last.delta
        numbers[_STARTS], numbers[_TAINTS] = len(self._sources.starts), len(self._sources.entries)
        numbers[_AT_START] = np.searchsorted(self._starts_at[: numbers[_STARTS]], before)
        numbers[_AT_TAINT] = np.searchsorted(self._taints_at[: numbers[_TAINTS]], max(since_us, BEGINNING_US))
        numbers[[_SAVES, _COLD_SAVES]] = 0
        numbers[_PERIOD] = period

    def _addresses(self, hot: np.ndarray, cold: np.ndarray) -> np.ndarray:
        """The kernel's table; the arrays live at least as long as this object and the caller's two."""
        segments = self._graph.base, self._graph.delta
        arrays = [array for segment in segments for array in columns(segment)]
        arrays += [self._records.hot, self._records.cold, self._starts_at, self._starts]
        arrays += [self._taints_at, self._taint_ids, self._taint_cents, hot, cold, self._touched]
        return np.array([array.ctypes.data for array in arrays], dtype=np.int64)


_NONE = np.zeros(2, dtype=np.int64)


def columns(segment: Segment | None) -> tuple[np.ndarray, ...]:
    """Time, sender, receiver, amount and id, as the kernels' tables begin; for None something to point at."""
    if segment is None:
        return (_NONE,) * 5
    return segment.time_us, segment.sender, segment.receiver, segment.amount_cents, segment.transfer_id
