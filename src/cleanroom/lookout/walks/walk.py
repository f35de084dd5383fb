"""A walk under way, one direction, layer by layer."""

from collections.abc import Mapping
from time import monotonic

import numpy as np

from cleanroom.lookout.bounds import ENDLESS, Bound, Bounds, Cut
from cleanroom.lookout.graph import Graph
from cleanroom.lookout.kernels.loading import kernels
from cleanroom.lookout.kernels.source import walking_table as at
from cleanroom.lookout.walks.ground import Ground, ground_of, window
from cleanroom.lookout.walks.scratch import Scratch
from cleanroom.moneyflow.rules import Direction, WalkRule

_SLICE = 200_000  # transfers between two looks at the clock
_CUTS = {at.CUT_ACCOUNTS: Bound.ACCOUNTS, at.CUT_TRANSFERS: Bound.TRANSFERS}


class Walk:
    """`starts`: account -> moment at which its walks begin, microseconds. Works in `scratch` until it is finished."""

    def __init__(
        self,
        graph: Graph,
        way: Direction,
        rule: WalkRule,
        starts: Mapping[int, int],
        bounds: Bounds,
        scratch: Scratch,
        deadline: float,
    ):
        self.graph, self.way, self.rule = graph, way, rule
        self.scratch, self.deadline = scratch, deadline
        self.ends = [0]  # arrivals at layer k are [ends[k], ends[k + 1])
        self.cut: Cut | None = None
        self.ground = ground_of(graph)  # kept: the table has the addresses of its arrays
        self.table = asked(graph, self.ground, way, rule)
        self.table[at.MOST_ACCOUNTS] = ENDLESS if bounds.accounts is None else bounds.accounts + len(starts)
        self.table[at.MOST_LOOKED_AT] = ENDLESS if bounds.transfers is None else bounds.transfers
        delayed = rule.max_delay is not None
        module = kernels("walking_delayed" if delayed else "walking")
        self._open = module.open_delayed_layer if delayed else module.open_walk_layer
        self._pass = module.walk_delayed_layer if delayed else module.walk_layer
        self._begin(starts)

    @property
    def layer(self) -> int:
        """The last one that was reached."""
        return len(self.ends) - 2

    @property
    def may_go_on(self) -> bool:
        return self.cut is None and self.layer < self.rule.layers and self.ends[-1] > self.ends[-2]

    def step(self) -> None:
        """Reach the next layer."""
        table = self.table
        table[at.LAST] = self.layer == self.rule.layers - 1
        while (answer := self._pass(table)) != at.DONE:
            if answer == at.NEEDS_SPACE:
                self._grow()
            elif answer != at.PAUSED:
                self.cut = Cut(_CUTS[answer], self.layer + 1)
                break
            elif monotonic() > self.deadline:
                self.cut = Cut(Bound.SECONDS, self.layer + 1)
                break
        self.ends.append(self._open(table))

    def at_layer(self, layer: int) -> slice:
        return slice(self.ends[layer], self.ends[layer + 1])

    def _begin(self, starts: Mapping[int, int]) -> None:
        if len(starts) > self.scratch.capacity:
            self.scratch.grow_arrivals(0, 2 * len(starts))
        arrays, count = self.scratch.arrays, len(starts)
        arrays["account"][:count] = list(starts.keys())
        arrays["begins_us"][:count] = list(starts.values())
        for name, value in (("via", at.NONE), ("before", at.NONE), ("first", at.NONE), ("flags", 0), ("events_of", 0)):
            arrays[name][:count] = value
        self.scratch.put_into(self.table)
        self.table[at.COUNT] = count
        self.ends.append(self._open(self.table))

    def _grow(self) -> None:
        """Whatever is nearly full, fourfold."""
        scratch, count, events = self.scratch, int(self.table[at.COUNT]), int(self.table[at.EVENTS])
        if count * 2 > scratch.capacity:
            scratch.grow_arrivals(count, 4 * scratch.capacity)
        if events * 2 > scratch.event_capacity or count * 2 <= scratch.capacity:
            # What was taken back is still needed, so all of them are kept.
            scratch.grow_events(scratch.event_capacity, 4 * scratch.event_capacity)
        scratch.put_into(self.table)


def asked(graph: Graph, ground: Ground, way: Direction, rule: WalkRule) -> np.ndarray:
    """The kernels' table, without arrays to work in."""
    table = np.zeros(at.TABLE_SIZE, np.int64)
    table[at.SEGMENT :] = ground.block(way)
    table[at.BACKWARD], table[at.PLAIN] = way is Direction.BACKWARD, not rule.in_time
    table[at.HUB_LIMIT] = -1 if rule.hub_limit is None else rule.hub_limit
    table[at.KEEP] = -1 if rule.keep_latest is None else rule.keep_latest
    table[at.SEGMENTS], table[at.SLICE] = ground.segments, _SLICE
    if rule.max_delay is not None:
        table[at.DELAY] = int(rule.max_delay.total_seconds() * 1_000_000)
    if rule.after is not None or rule.before is not None:
        table[at.WINDOWED] = 1
        for s, segment in enumerate(graph.segments):
            place = at.SEGMENT + s * at.SEGMENT_SIZE
            table[place + at.WINDOW_LOW], table[place + at.WINDOW_HIGH] = window(segment, rule)
    return table
