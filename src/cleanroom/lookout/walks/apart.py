"""Walks from many starts, each its own answer, in one pass for 256 of them."""

from collections.abc import Mapping

import numpy as np

from cleanroom.lookout.graph import Graph
from cleanroom.lookout.kernels.loading import kernels
from cleanroom.lookout.kernels.source import walking_table as at
from cleanroom.lookout.walks.passed import Pass, rows_of
from cleanroom.moneyflow.rules import Direction, WalkRule

BLOCK = 256
_ROW = 16  # words per account: two lines of the cache that come together, so it begins with the first of them


class Block:
    """Up to 256 starts and how near each came to each account. 128 bytes per account that any of them reached."""

    def __init__(self, graph: Graph, way: Direction, rule: WalkRule, starts: Mapping[int, int]):
        self._accounts, self._kernels = graph.accounts, kernels("passing_planes")
        under_way = Pass(graph, way, rule, starts)
        self._bits = under_way.bits
        self._planes = under_way.array(at.PLANES, rows_of(graph.accounts, _ROW))
        under_way.array(at.SHADOWS, rows_of(graph.accounts, _ROW))
        under_way.array(at.START_PLACE, under_way.order)
        under_way.table[at.LAYERS_ASKED] = rule.layers
        self._kernels.pass_planes(under_way.table)

    def layers(self, place: int) -> np.ndarray:
        """uint8 per account: the nearest layer from the start at this place of the mapping, 255 where none."""
        found = np.empty(self._accounts, np.uint8)
        self._kernels.layers_from(self._planes, self._bits, self._accounts, place, found)
        return found

    def counts(self) -> np.ndarray:
        """int64[256, 7]: accounts by start and nearest layer, from layer 0 on."""
        counters, counts = np.zeros(7 * 4 * 8, np.int64), np.zeros((8, BLOCK), np.int64)
        self._kernels.count_planes(self._planes, self._bits, self._accounts, counters, counts.reshape(-1))
        return np.ascontiguousarray(counts[:0:-1].T)
