"""Calls that walk: expand one account, trace a path between two. They run in threads."""

from dataclasses import replace
from datetime import datetime

import numpy as np

from cleanroom.lookout import bounds as walk_bounds
from cleanroom.lookout.service import answers
from cleanroom.lookout.service.questions import Bounds, ExpandQuestion
from cleanroom.lookout.service.reading import View
from cleanroom.lookout.service.settings import LookoutSettings
from cleanroom.lookout.service.telling import Written, written
from cleanroom.lookout.walks.expanding import expand as expand_way
from cleanroom.lookout.walks.expansion import Reach
from cleanroom.lookout.walks.moments import microseconds
from cleanroom.lookout.walks.transfers import Transfers
from cleanroom.moneyflow.rules import Direction, WalkRule

_EARLIEST_US, _LATEST_US = -(2**62), 2**62


def expand(view: View, question: ExpandQuestion, settings: LookoutSettings) -> answers.Expansion:
    """Everything that walks from one account arrive at."""
    start, rule = view.account(question.account), question.rule.as_walk()
    bounds = question.bounds.within(settings)
    reaches = [
        expand_way(view.graph, start, begin_of(question.begins, way), one_way(rule, way), as_walk_bounds(bounds)).only
        for way in rule.direction.ways
    ]
    ways = [_way(reach, paths=question.paths) for reach in reaches]
    cut = next((way.cut for way in ways if way.cut), None)
    return answers.Expansion(question.rule, bounds, question.begins, view.state, cut, ways)


def one_way(rule: WalkRule, way: Direction) -> WalkRule:
    return replace(rule, direction=way)


def begin_of(begins: datetime | None, way: Direction) -> int:
    """Microseconds; where the question says nothing, nothing in the window is too early, backward too late."""
    if begins is not None:
        return microseconds(begins)
    return _EARLIEST_US if way is Direction.FORWARD else _LATEST_US


def as_walk_bounds(bounds: Bounds) -> walk_bounds.Bounds:
    return walk_bounds.Bounds(bounds.accounts, bounds.transfers, bounds.seconds)


def cut_of(cut: walk_bounds.Cut | None) -> answers.Cut | None:
    return None if cut is None else answers.Cut(cut.by.value, cut.layer)


def _way(reach: Reach, *, paths: bool) -> answers.Way:
    return answers.Way(
        direction=reach.way,
        arrivals=_arrivals(reach, paths=paths),
        reached=int(np.count_nonzero(np.diff(np.sort(reach.account)))),
        hubs=_tokens(reach, reach.hubs),
        truncated=_tokens(reach, reach.truncated),
        looked_at=reach.looked_at,
        cut=cut_of(reach.cut),
    )


def _arrivals(reach: Reach, *, paths: bool) -> list[answers.Arrival] | Written:
    """In the order of layers; the start is not among them."""
    first = reach.ends[1]
    via, transfers, tokens = reach.via[first:], Transfers(reach.graph), reach.graph.tokens
    accounts, origins = (tokens.take(column[first:], axis=0) for column in (reach.account, reach.came_from))
    ids, cents = transfers.column("transfer_id", via), transfers.column("amount_cents", via)
    layers, at_us = reach.layer[first:], reach.at_us[first:]
    if not paths:
        return written(accounts, layers, at_us, ids, origins, cents)
    ways = [hexes(_ids(transfers, reach.path_to(place))) for place in range(first, len(reach))]
    columns = hexes(accounts), layers.tolist(), moments(at_us), hexes(ids), hexes(origins), cents.tolist(), ways
    return list(map(answers.Arrival, *columns))


def _ids(transfers: Transfers, numbers: list[int]) -> np.ndarray:
    return transfers.column("transfer_id", np.array(numbers, np.uint32))


def _tokens(reach: Reach, accounts: np.ndarray) -> list[str]:
    return hexes(reach.graph.tokens[accounts])


def hexes(ids: np.ndarray) -> list[str]:
    """uint8[n, 16] as n texts of 32 digits."""
    text = ids.tobytes().hex()
    return [text[i : i + 32] for i in range(0, len(text), 32)]


def moments(us: np.ndarray) -> list[str]:
    """RFC 3339 in UTC, with microseconds."""
    return np.datetime_as_string(us.astype("datetime64[us]"), unit="us", timezone="UTC").tolist()
