"""Where walks from one account, or from several, get to."""

from collections.abc import Mapping

import numpy as np

from cleanroom.lookout.bounds import DEFAULT, Bounds
from cleanroom.lookout.graph import Graph
from cleanroom.lookout.kernels.source import walking_table as at
from cleanroom.lookout.walks.expansion import Expansion, Reach, Steps
from cleanroom.lookout.walks.scratch import borrowed
from cleanroom.lookout.walks.walk import Walk
from cleanroom.moneyflow.rules import Direction, WalkRule


def expand(graph: Graph, start: int, begins_us: int, rule: WalkRule, bounds: Bounds = DEFAULT) -> Expansion:
    """Everything that walks from `start`, begun at `begins_us`, arrive at. What a bound left out is said in `cut`.

    Raises ValueError for an account that the graph does not have.
    """
    return expand_all(graph, {start: begins_us}, rule, bounds)


def expand_all(graph: Graph, starts: Mapping[int, int], rule: WalkRule, bounds: Bounds = DEFAULT) -> Expansion:
    """As `expand`, from several starts (account -> moment at which its walks begin) together."""
    check_starts(graph, starts)
    ways = {way: _reach(graph, way, starts, rule, bounds) for way in rule.direction.ways}
    return Expansion(rule, bounds, graph.state, ways)


def check_starts(graph: Graph, starts: Mapping[int, int]) -> None:
    """Raises ValueError for an account that the graph does not have."""
    if any(not 0 <= start < graph.accounts for start in starts):
        raise ValueError("the graph has no account of this number")


def _reach(graph: Graph, way: Direction, starts: Mapping[int, int], rule: WalkRule, bounds: Bounds) -> Reach:
    with borrowed() as scratch:
        walk = Walk(graph, way, rule, starts, bounds, scratch, bounds.deadline())
        while walk.may_go_on:
            walk.step()
        return reach_of(walk)


def reach_of(walk: Walk) -> Reach:
    """What the walk found, in arrays of its own."""
    arrays, count = walk.scratch.arrays, walk.ends[-1]
    found = {name: arrays[name][:count].copy() for name in ("account", "via", "flags")}
    if walk.rule.max_delay is None:
        steps = Steps(found["via"], arrays["before"][:count].copy())
        step = np.arange(count, dtype=np.uint32)
    else:
        events = int(walk.table[at.EVENTS])
        steps = Steps(arrays["event_via"][:events].copy(), arrays["event_before"][:events].copy())
        step = arrays["first"][:count].copy()
    begins_us = arrays["begins_us"][: walk.ends[1]].copy()
    looked_at = int(walk.table[at.LOOKED_AT])
    return Reach(
        walk.graph, walk.way, tuple(walk.ends), **found, step=step, begins_us=begins_us, steps=steps,
        looked_at=looked_at, cut=walk.cut,
    )  # fmt: skip
