"""What one pass over all transfers is asked and works in."""

from collections.abc import Mapping

import numpy as np

from cleanroom.lookout.graph import Graph
from cleanroom.lookout.kernels.loading import kernels
from cleanroom.lookout.kernels.source import walking_table as at
from cleanroom.lookout.walks.ground import ground_of
from cleanroom.lookout.walks.walk import asked
from cleanroom.moneyflow.rules import Direction, WalkRule


class Pass:
    """The kernels' table of one pass, and the arrays that it works in (which live as long as it does).

    `bits` uint8[accounts]: bit k says that some walk stands at layer k, HUB_BIT that the account is a hub.
    """

    def __init__(self, graph: Graph, way: Direction, rule: WalkRule, starts: Mapping[int, int]):
        self.graph, self.way, self.rule = graph, way, rule
        self.arrays: dict[str, np.ndarray] = {}
        self.ground = ground_of(graph)  # kept: the table has the addresses of its arrays
        self.table = asked(graph, self.ground, way, rule)
        self.bits = self.array(at.BITS, np.zeros(graph.accounts, np.uint8))
        self._begin(starts)
        if rule.hub_limit is not None:
            kernels("passing").mark_hubs(self.table, 0, graph.accounts)
        self.shortened = self._find_kept() if rule.keep_latest is not None else None

    def array(self, place: int, array: np.ndarray) -> np.ndarray:
        """Gives the kernels the array's address, and keeps it."""
        self.arrays[str(place)] = array
        self.table[place] = array.ctypes.data
        return array

    def _begin(self, starts: Mapping[int, int]) -> None:
        accounts = np.fromiter(starts.keys(), np.uint32, len(starts))
        begins_us = np.fromiter(starts.values(), np.int64, len(starts))
        self.starts, self.begins_us = accounts, begins_us
        clocks = -begins_us if self.way is Direction.BACKWARD else begins_us
        self.order = np.argsort(clocks, kind="stable").astype(np.uint32)
        self.array(at.START, accounts[self.order])
        self.array(at.START_CLOCK, clocks[self.order])
        self.table[at.STARTS] = len(starts)

    def _find_kept(self) -> np.ndarray:
        accounts = self.graph.accounts
        kept_from = self.array(at.KEPT_FROM, np.zeros(accounts, np.uint32))
        delta_kept_from = self.array(at.DELTA_KEPT_FROM, np.zeros(accounts, np.uint32))
        kernels("passing").find_kept(self.table, 0, accounts)
        return (kept_from > 0) | (delta_kept_from > 0)

    def hubs(self) -> np.ndarray:
        """Accounts that the hub rule kept from being passed at some layer after the start."""
        between = (1 << self.rule.layers) - 2
        return np.flatnonzero(((self.bits & at.HUB_BIT) != 0) & ((self.bits & between) != 0)).astype(np.uint32)

    def truncated(self) -> np.ndarray:
        """Accounts that were passed with only their latest transfers looked at."""
        if self.shortened is None:
            return np.empty(0, np.uint32)
        before_last = (1 << self.rule.layers) - 1
        passing = np.where(self.bits & at.HUB_BIT, 1, before_last).astype(np.uint8)
        return np.flatnonzero(self.shortened & ((self.bits & passing) != 0)).astype(np.uint32)


def rows_of(accounts: int, words: int) -> np.ndarray:
    """int64 zeros that begin at a multiple of a row's length; a page that nobody touches is not there."""
    whole = np.zeros((accounts + 1) * words, np.int64)
    skip = -whole.ctypes.data % (8 * words) // 8
    return whole[skip : skip + accounts * words]
