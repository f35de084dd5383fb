"""A graph's arrays as kernels take them: addresses and lengths, found once per state of the graph."""

import threading
import weakref

import numpy as np

from cleanroom.lookout.graph import Graph, Segment, Side
from cleanroom.lookout.kernels.source import walking_table as at
from cleanroom.lookout.walks.moments import microseconds
from cleanroom.moneyflow.rules import Direction, WalkRule

_MOST_ACCOUNTS = 1 << 31
_MOST_TRANSFERS = at.NONE  # a transfer's number over both segments is less
_one_at_a_time = threading.Lock()
_known: dict[int, tuple[weakref.ref, "Ground"]] = {}


class Ground:
    """Does not keep the graph alive: who walks on it does."""

    def __init__(self, graph: Graph):
        """Raises ValueError for a graph that 32 bits can't number."""
        if graph.accounts >= _MOST_ACCOUNTS or graph.transfers >= _MOST_TRANSFERS:
            raise ValueError("a graph has less than 2**31 accounts and 2**32 - 1 transfers")
        self.segments = 1 if graph.delta is None else 2
        self._jumps: list[np.ndarray] = []
        self._blocks = {way: self._block(graph, way) for way in Direction.BOTH.ways}

    def block(self, way: Direction) -> np.ndarray:
        """int64[2 * SEGMENT_SIZE]: the segments as seen along the walk; a delta that is not there is empty."""
        return self._blocks[way]

    def _block(self, graph: Graph, way: Direction) -> np.ndarray:
        block = np.zeros(2 * at.SEGMENT_SIZE, np.int64)
        for s, segment in enumerate(graph.segments):
            own = block[s * at.SEGMENT_SIZE :]
            own[at.LENGTH], own[at.WINDOW_HIGH] = len(segment), len(segment)
            own[at.TIME], own[at.IDS] = address(segment.time_us, np.int64), address(segment.transfer_id, np.uint8)
            ends = (segment.sender, segment.receiver)
            for place, column in zip((at.FROM, at.TO), ends if way is Direction.FORWARD else ends[::-1], strict=True):
                own[place] = address(column, np.uint32)
            for place, side in zip((at.ALONG, at.AGAINST), sides(segment, way), strict=True):
                own[place : place + 6] = self._side(side, graph.accounts)
        return block

    def _side(self, side: Side, accounts: int) -> tuple[int, ...]:
        own, jump = 0, 0
        if side.accounts is not None:
            firsts = np.arange(0, accounts + 2 * (1 << at.JUMP_BITS), 1 << at.JUMP_BITS)
            self._jumps.append(np.searchsorted(side.accounts, firsts).astype(np.uint32))
            own, jump = address(side.accounts, np.uint32), address(self._jumps[-1], np.uint32)
        columns = (address(c, np.uint32) for c in (side.offsets, side.number, side.other))
        return own, len(side.offsets) - 1, *columns, jump


def ground_of(graph: Graph) -> Ground:
    """Made at the first question to a state of the graph, a few milliseconds; call it early where that is too long."""
    with _one_at_a_time:
        known = _known.get(id(graph))
        if known is not None and known[0]() is graph:
            return known[1]
        ground, key = Ground(graph), id(graph)
        _known[key] = weakref.ref(graph, lambda gone: _forget(key, gone)), ground
        return ground


def _forget(key: int, gone: weakref.ref) -> None:
    known = _known.get(key)
    if known is not None and known[0] is gone:
        _known.pop(key, None)


def sides(segment: Segment, way: Direction) -> tuple[Side, Side]:
    """Along the walk, and against it."""
    both = segment.outgoing, segment.incoming
    return both if way is Direction.FORWARD else both[::-1]


def window(segment: Segment, rule: WalkRule) -> tuple[int, int]:
    """The numbers [low, high) of the segment's transfers inside the rule's window."""
    low, high = 0, len(segment)
    if rule.after is not None:
        low = int(np.searchsorted(segment.time_us, microseconds(rule.after), side="right"))
    if rule.before is not None:
        high = int(np.searchsorted(segment.time_us, microseconds(rule.before), side="left"))
    return low, max(low, high)


def address(array: np.ndarray, dtype: type) -> int:
    """Raises TypeError for what a kernel would misread."""
    if array.dtype != dtype or not array.flags.c_contiguous:
        raise TypeError(f"a graph's array must be contiguous and of {np.dtype(dtype)}, not {array.dtype}")
    return array.ctypes.data
