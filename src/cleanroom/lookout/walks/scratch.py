"""Memory that walks work in, kept per thread and used again: asking the system for it would take longer than a walk."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from cleanroom.lookout.kernels.source import walking_table as at

_ARRIVALS = {
    "account": (at.ACCOUNT, np.uint32),
    "via": (at.VIA, np.uint32),
    "before": (at.BEFORE, np.uint32),
    "low": (at.LOW, np.uint32),
    "flags": (at.FLAGS, np.uint8),
    "begins_us": (at.BEGINS_US, np.int64),
    "first": (at.FIRST, np.uint32),
    "events_of": (at.EVENTS_OF, np.uint32),
    "events_at": (at.EVENTS_AT, np.uint32),
}
_EVENTS = {
    "event_clock": (at.EVENT_CLOCK, np.int64),
    "event_via": (at.EVENT_VIA, np.uint32),
    "event_before": (at.EVENT_BEFORE, np.uint32),
    "event_arrival": (at.EVENT_ARRIVAL, np.uint32),
    "order": (at.ORDER, np.uint32),
}
_FIRST_ARRIVALS, _FIRST_EVENTS = 1 << 15, 1 << 16
_KEPT_ARRIVALS = 1 << 21  # a scratch that had to grow further is given back
_here = threading.local()


class Scratch:
    """Arrays over arrivals and over live events, and the hash table. One walk at a time."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self.addresses = np.zeros(at.ORDER + 1, np.int64)
        self.capacity = self.event_capacity = 0
        self.grow_arrivals(0, _FIRST_ARRIVALS)
        self.grow_events(0, _FIRST_EVENTS)

    def grow_arrivals(self, used: int, capacity: int) -> None:
        """Keeps the first `used`, and the hash table."""
        self.capacity = capacity
        self._grow(_ARRIVALS, used, capacity)
        places = 1 << (2 * capacity - 1).bit_length()
        self._grow({"table": (at.TABLE, np.int64)}, len(self.arrays.get("table", ())), places)

    def grow_events(self, used: int, capacity: int) -> None:
        self.event_capacity = capacity
        self._grow(_EVENTS, used, capacity)

    def _grow(self, columns: dict, used: int, capacity: int) -> None:
        for name, (place, dtype) in columns.items():
            wider = np.empty(capacity, dtype)
            if used:
                wider[:used] = self.arrays[name][:used]
            self.arrays[name] = wider
            self.addresses[place] = wider.ctypes.data

    def put_into(self, table: np.ndarray) -> None:
        """Addresses and capacities."""
        table[at.ACCOUNT : at.ORDER + 1] = self.addresses[at.ACCOUNT :]
        table[at.CAPACITY], table[at.EVENT_CAPACITY] = self.capacity, self.event_capacity
        table[at.TABLE_CAPACITY] = len(self.arrays["table"])


@contextmanager
def borrowed() -> Iterator[Scratch]:
    """One of this thread's, for one walk."""
    free = _here.__dict__.setdefault("free", [])
    scratch = free.pop() if free else Scratch()
    yield scratch
    if scratch.capacity <= _KEPT_ARRIVALS:
        free.append(scratch)
