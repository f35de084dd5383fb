"""Walks from many starts together: one answer that says for each account and layer the first arrival of them all."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cleanroom.lookout.bounds import UNBOUNDED
from cleanroom.lookout.graph import Graph
from cleanroom.lookout.kernels.loading import kernels
from cleanroom.lookout.kernels.source import walking_table as at
from cleanroom.lookout.walks.arrivals import Arrivals
from cleanroom.lookout.walks.expanding import check_starts, expand_all
from cleanroom.lookout.walks.passed import Pass, rows_of
from cleanroom.moneyflow.rules import Direction, WalkRule

_LAYERS = 8  # places per account in what is kept of the latest arrivals


def together(graph: Graph, starts: Mapping[int, int], rule: WalkRule) -> dict[Direction, Arrivals]:
    """One answer per direction that the rule asks for. `starts`: account -> moment at which its walks begin.

    In order of time it is one pass over all transfers, whatever the starts reach, so there is no bound on it.
    Raises ValueError for an account that the graph does not have.
    """
    check_starts(graph, starts)
    answer = _in_time if rule.in_time else _plain
    return {way: answer(graph, way, starts, rule) for way in rule.direction.ways}


def _in_time(graph: Graph, way: Direction, starts: Mapping[int, int], rule: WalkRule) -> Arrivals:
    under_way = Pass(graph, way, rule, starts)
    most = min(graph.transfers, rule.layers * graph.accounts)
    via = under_way.array(at.FOUND_VIA, np.empty(most, np.uint32))
    layers = under_way.array(at.FOUND_LAYERS, np.empty(most, np.uint8))
    under_way.table[at.LAYER_MASK] = (2 << rule.layers) - 2
    if rule.max_delay is None:
        under_way.array(at.FRESH, np.zeros(graph.accounts, np.uint8))
        live, records = None, kernels("passing").pass_in_time(under_way.table)
    else:
        live = _room_for_delay(under_way)
        records = kernels("passing_delayed").pass_delayed(under_way.table)
    return Arrivals(
        graph, way, rule, under_way.starts, under_way.begins_us,
        via=via[:records], layers=layers[:records], reached=under_way.bits & np.uint8(~at.HUB_BIT & 0xFF),
        hubs=under_way.hubs(), truncated=under_way.truncated(), live=live,
    )  # fmt: skip


def _room_for_delay(under_way: Pass) -> np.ndarray:
    """Untouched pages of zeros cost nothing: no arrival is at 0, since the clock begins at 1."""
    graph, backward = under_way.graph, under_way.way is Direction.BACKWARD
    under_way.array(at.LATEST, rows_of(graph.accounts, _LAYERS))
    live = under_way.array(at.LIVE, np.zeros(graph.transfers, np.uint8))
    under_way.table[at.DELTA_LIVE] = live.ctypes.data + len(graph.base)
    moments = [segment.time_us for segment in graph.segments if len(segment)]
    firsts = [-int(column[-1]) if backward else int(column[0]) for column in moments]
    under_way.table[at.CLOCK_BEGIN] = min(firsts, default=0) - 1
    return live


def _plain(graph: Graph, way: Direction, starts: Mapping[int, int], rule: WalkRule) -> Arrivals:
    """Without order of time a pass finds nothing; layer after layer does."""
    reach = expand_all(graph, starts, replace(rule, direction=way), UNBOUNDED).only
    moved = slice(reach.ends[1], len(reach))
    reached = np.zeros(graph.accounts, np.uint8)
    reached[reach.account] = np.uint8(1) << reach.layer
    return Arrivals(
        graph, way, rule, reach.account[: reach.ends[1]], reach.begins_us,
        via=reach.via[moved], layers=np.uint8(1) << reach.layer[moved], reached=reached,
        hubs=reach.hubs, truncated=reach.truncated, live=None,
    )  # fmt: skip
