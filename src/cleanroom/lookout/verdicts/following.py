"""Reported money followed over the graph by the method that is asked for: a question, not the kept state."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cleanroom.lookout.graph import Graph
from cleanroom.lookout.kernels.loading import kernels
from cleanroom.lookout.verdicts.passing import columns
from cleanroom.lookout.verdicts.places import BEGINNING_US, END_US, place_of
from cleanroom.lookout.verdicts.reported import Entry
from cleanroom.moneyflow.rules import TaintMethod

_METHODS = {TaintMethod.HAIRCUT: 0, TaintMethod.POISON: 1, TaintMethod.FIFO: 2}
_NO_LOT = 0xFFFFFFFF


@dataclass(frozen=True)
class Followed:
    """Tainted cents, int64. Per account: all `received`, and what is `held` after the last transfer.

    `carried`: per segment of the graph (first number, cents by number from there on). `state`: the graph's.
    """

    received: np.ndarray
    held: np.ndarray
    carried: tuple[tuple[int, np.ndarray], ...]
    state: int


def follow(
    graph: Graph,
    entries: Iterable[Entry],
    method: TaintMethod,
    *,
    after_us: int = BEGINNING_US,
    before_us: int = END_US,
) -> Followed:
    """Every account begins at nothing with the first transfer of the window (both ends excluded).

    Memory: 24 bytes an account, 8 a transfer inside the window; fifo 20 more a transfer and 8 an account.
    """
    first, last = place_of(graph, after_us + 1), place_of(graph, before_us)
    ordered = sorted(entries)
    sums = [np.zeros(graph.accounts + 1, dtype=np.int64) for _ in range(3)]
    carried = [np.zeros(high - low, dtype=np.int64) for low, high in _stretches(first, last)]
    lots = last.total - first.total + len(ordered) + 1 if method is TaintMethod.FIFO else 1
    queues = [np.full(graph.accounts if lots > 1 else 1, _NO_LOT, dtype=np.uint32) for _ in range(2)]
    pool = [np.empty(lots, dtype=np.int64), np.empty(lots, dtype=np.uint32)]
    arrays = [*columns(graph.base), *columns(graph.delta), *sums, *_as_arrays(ordered), *carried, *queues, *pool]
    table = np.array([array.ctypes.data for array in arrays], dtype=np.int64)
    numbers = [first.base, last.base, first.delta, last.delta, 0, len(ordered), _METHODS[method], 0, _NO_LOT]
    kernels("tainting_methods").taint_follow(table, np.array(numbers, dtype=np.int64))
    whole = tuple(zip((first.base, first.delta), carried, strict=True))
    segments = whole if graph.delta is not None else whole[:1]
    return Followed(sums[2][: graph.accounts], sums[1][: graph.accounts], segments, graph.state)


def _stretches(first, last) -> tuple[tuple[int, int], tuple[int, int]]:
    return (first.base, last.base), (first.delta, last.delta)


def _as_arrays(entries: list[Entry]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    names = b"".join(entry.transfer_id for entry in entries) or bytes(16)
    return (
        np.array([entry.at_us for entry in entries], dtype=np.int64),
        np.frombuffer(names, dtype=np.uint8),
        np.array([entry.cents for entry in entries], dtype=np.int64),
    )
