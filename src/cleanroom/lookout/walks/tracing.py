"""How money got from one account to another: the walk with the fewest transfers, of those the first to arrive."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cleanroom.lookout.bounds import DEFAULT, Bounds, Cut
from cleanroom.lookout.graph import Graph
from cleanroom.lookout.kernels.source import walking_table as at
from cleanroom.lookout.walks.expanding import check_starts, reach_of
from cleanroom.lookout.walks.scratch import Scratch, borrowed
from cleanroom.lookout.walks.transfers import Transfers
from cleanroom.lookout.walks.walk import Walk
from cleanroom.moneyflow.rules import Direction, WalkRule

_FAR = 1 << 61  # a moment after all, in microseconds


@dataclass(frozen=True)
class Trace:
    """`transfers`: numbers (see Transfers), in the order of the walk; none where a bound cut the search before one was
    found, and then nothing is known. `way`: forward or backward."""

    graph: Graph
    rule: WalkRule
    bounds: Bounds
    state: int
    way: Direction
    transfers: tuple[int, ...]
    cut: Cut | None

    @property
    def layers(self) -> int:
        return len(self.transfers)

    @cached_property
    def accounts(self) -> tuple[int, ...]:
        """From where the walk begins to where it ends; empty where none was found."""
        numbers, columns = np.array(self.transfers, np.uint32), Transfers(self.graph)
        if not self.transfers:
            return ()
        return (*columns.origin(numbers, self.way).tolist(), int(columns.end(numbers[-1:], self.way)[0]))


def trace(
    graph: Graph, origin: int, target: int, begins_us: int, rule: WalkRule, bounds: Bounds = DEFAULT
) -> Trace | None:
    """The walk by which `origin` first reaches `target`, at its nearest layer from 1 on; None: there is none.

    The search goes from both ends, each layer at the end where fewer accounts stand, and then once more from the origin
    among those accounts alone that can be on the walk. So it finds what `expand` would give as the path. Plain walks
    don't come back to where they began. Of a rule with both directions the shorter walk, else the forward one.
    Raises ValueError for an account that the graph does not have.
    """
    check_starts(graph, {origin: 0, target: 0})
    found = [_one_way(graph, way, origin, target, begins_us, rule, bounds) for way in rule.direction.ways]
    known = [trace for trace in found if trace is not None]
    return min(known, key=lambda trace: trace.layers or at.NONE, default=None)


def _one_way(
    graph: Graph, way: Direction, origin: int, target: int, begins_us: int, rule: WalkRule, bounds: Bounds
) -> Trace | None:
    with borrowed() as here, borrowed() as there, borrowed() as again:
        search = _Search(graph, way, origin, target, begins_us, rule, bounds, (here, there))
        while search.go_on():
            if search.may_meet() and (transfers := search.walk_through(again)):
                return Trace(graph, rule, bounds, graph.state, way, tuple(transfers), None)
        return Trace(graph, rule, bounds, graph.state, way, (), search.cut) if search.cut else None


class _Search:
    """Layers from the origin, along the walk, and from the target, against it. What the target's side says is a
    necessary condition: it knows nothing of `keep_latest`, and of an account's departures only the last."""

    def __init__(
        self,
        graph: Graph,
        way: Direction,
        origin: int,
        target: int,
        begins_us: int,
        rule: WalkRule,
        bounds: Bounds,
        scratches: tuple[Scratch, Scratch],
    ):
        self.graph, self.way, self.rule, self.bounds = graph, way, rule, bounds
        self.origin, self.target, self.begins_us = origin, target, begins_us
        self.deadline, self.cut = bounds.deadline(), None
        against = Direction.BACKWARD if way is Direction.FORWARD else Direction.FORWARD
        ends = _FAR if way is Direction.FORWARD else -_FAR
        self.here = Walk(graph, way, rule, {origin: begins_us}, bounds, scratches[0], self.deadline)
        loose = replace(rule, keep_latest=None)
        self.there = Walk(graph, against, loose, {target: ends}, bounds, scratches[1], self.deadline)
        self._departures = {0: self._departing(0)}

    @property
    def layers(self) -> int:
        return self.here.layer + self.there.layer

    def go_on(self) -> bool:
        """One layer more, where fewer accounts stand. False at the end of the search."""
        if self.layers >= self.rule.layers:
            return False
        side = min(self.here, self.there, key=lambda walk: walk.ends[-1] - walk.ends[-2])
        if not side.may_go_on:
            return False
        side.step()
        self.cut = side.cut
        if side is self.there:
            self._departures[side.layer] = self._departing(side.layer)
        return self.cut is None

    def may_meet(self) -> bool:
        return bool(self._may_lead(self.here, self.there.layer).any())

    def walk_through(self, scratch: Scratch) -> list[int] | None:
        """The walk of as many layers as both sides have together; None where what seemed to meet does not."""
        walk = Walk(self.graph, self.way, self.rule, {self.origin: self.begins_us}, self.bounds, scratch, self.deadline)
        while walk.layer < self.layers and walk.may_go_on:
            if self.layers - walk.layer <= self.there.layer:
                leads = self._may_lead(walk, self.layers - walk.layer)
                scratch.arrays["flags"][walk.at_layer(walk.layer)][~leads] |= at.IS_SKIPPED
            walk.step()
        self.cut = walk.cut
        reach = reach_of(walk)
        return reach.path(self.target, self.layers) if reach.place(self.target, self.layers) is not None else None

    def _may_lead(self, walk: Walk, rest: int) -> np.ndarray:
        """Which of the arrivals at the walk's last layer may get to the target in `rest` transfers."""
        accounts, departures = self._departures[rest]
        arrivals = walk.at_layer(walk.layer)
        own = walk.scratch.arrays["account"][arrivals]
        if not len(accounts):
            return np.zeros(len(own), bool)
        place = np.searchsorted(accounts, own)
        place[place == len(accounts)] = 0
        leads = accounts[place] == own
        if self.rule.in_time:
            leads &= self._clock(walk, arrivals) < departures[place]
        return leads

    def _departing(self, layer: int) -> tuple[np.ndarray, np.ndarray]:
        """Accounts from which the target is that far, ascending, and the last departure of each, as a clock."""
        arrivals = self.there.at_layer(layer)
        accounts, clock = self.there.scratch.arrays["account"][arrivals], self._clock(self.there, arrivals)
        order = np.argsort(accounts)
        return accounts[order], clock[order]

    def _clock(self, walk: Walk, arrivals: slice) -> np.ndarray:
        """Times of arrivals, negated where the search goes back in time."""
        if arrivals.start == 0:
            moments = walk.scratch.arrays["begins_us"][arrivals]
        else:
            moments = Transfers(self.graph).column("time_us", walk.scratch.arrays["via"][arrivals])
        return -moments if self.way is Direction.BACKWARD else moments
