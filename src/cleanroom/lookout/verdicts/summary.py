"""What an analyst sees first of one account: verdict, activity, and the watch-listed accounts nearest to it.

Everything carries its unit and its bound: sums look at a limited number of transfers, walks have a rule and bounds.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from cleanroom.lookout.bounds import Bounds, Cut
from cleanroom.lookout.graph import Graph, Segment, Side
from cleanroom.lookout.verdicts.places import END_US
from cleanroom.lookout.verdicts.reader import Verdict, Verdicts
from cleanroom.lookout.verdicts.reported import LOOKBACK_US, entries, row_of
from cleanroom.lookout.walks.expanding import expand
from cleanroom.lookout.walks.moments import microseconds, moment
from cleanroom.moneyflow.rules import Direction, WalkRule

DAYS = (1, 7, 30)
_DAY_US = 86_400_000_000
MOST_LOOKED_AT = 100_000  # transfers of one account in one direction and window
NEAREST_RULE = WalkRule(max_delay=timedelta(days=3), hub_limit=1000)
NEAREST_BOUNDS = Bounds(accounts=20_000, transfers=500_000, seconds=0.5)


@dataclass(frozen=True)
class Traffic:
    """One direction within a window. `transfers` counts all; `counterparties` and `cents` are over the latest
    `looked_at` of them. A transfer to oneself counts in both directions."""

    transfers: int
    counterparties: int
    cents: int
    looked_at: int


@dataclass(frozen=True)
class Activity:
    """Of the last `days` days before the summary's moment. `pass_through`: the smaller of the two sums as a share of
    what came in, 0 to 1; None where nothing came in."""

    days: int
    incoming: Traffic
    outgoing: Traffic

    @property
    def pass_through(self) -> float | None:
        if not self.incoming.cents:
            return None
        return min(self.incoming.cents, self.outgoing.cents) / self.incoming.cents


@dataclass(frozen=True)
class Nearest:
    """The nearest account with a standing listing by walks of the summary's rule. Forward: this account's money got
    there. Backward: money from there got here. `account` and `layer` None: none was found; with `cut` nobody knows."""

    way: Direction
    account: int | None
    layer: int | None
    at: datetime | None
    looked_at: int
    cut: Cut | None


@dataclass(frozen=True)
class RiskSummary:
    """`as_of`: the moment before which everything lies. `is_hub`: over the rule's limit within its window. `first`,
    `last`: of all the account's transfers before `as_of`. `state`: the graph's; the verdict says its own."""

    account: int
    as_of: datetime
    verdict: Verdict
    activity: tuple[Activity, ...]
    nearest: tuple[Nearest, ...]
    is_hub: bool
    first: datetime | None
    last: datetime | None
    rule: WalkRule
    bounds: Bounds
    most_looked_at: int
    state: int


def risk_summary(
    graph: Graph,
    verdicts: Verdicts,
    account: int,
    *,
    as_of_us: int | None = None,
    rule: WalkRule = NEAREST_RULE,
    bounds: Bounds = NEAREST_BOUNDS,
) -> RiskSummary:
    """`as_of_us`: just after the last transfer unless given. `rule` has no window of its own: it gets the 30 days
    before `as_of`. Raises ValueError for an account that the graph does not have."""
    if not 0 <= account < graph.accounts:
        raise ValueError("the graph has no account of this number")
    end = _after_last(graph) if as_of_us is None else as_of_us
    inside = replace(rule, after=moment(end - LOOKBACK_US - 1), before=moment(end))
    degree = sum(_count(graph, account, way, end - LOOKBACK_US, end) for way in Direction.BOTH.ways)
    first, last = _span(graph, account, end)
    return RiskSummary(
        account,
        moment(end),
        verdicts.of(account),
        tuple(_activity(graph, account, days, end) for days in DAYS),
        tuple(_nearest(graph, verdicts.listed(), account, replace(inside, direction=way), bounds) for way in _WAYS),
        rule.hub_limit is not None and degree > rule.hub_limit,
        first,
        last,
        inside,
        bounds,
        MOST_LOOKED_AT,
        graph.state,
    )


_WAYS = Direction.BOTH.ways


def _after_last(graph: Graph) -> int:
    return 1 + max((int(segment.time_us[-1]) for segment in graph.segments if len(segment)), default=0)


def _side(segment: Segment, way: Direction) -> Side:
    return segment.outgoing if way is Direction.FORWARD else segment.incoming


def _count(graph: Graph, account: int, way: Direction, since_us: int, until_us: int) -> int:
    return sum(len(entries(_side(s, way), account, s, since_us, until_us)[0]) for s in graph.segments)


def _activity(graph: Graph, account: int, days: int, end: int) -> Activity:
    since = end - days * _DAY_US
    return Activity(
        days,
        _traffic(graph, account, Direction.BACKWARD, since, end),
        _traffic(graph, account, Direction.FORWARD, since, end),
    )


def _traffic(graph: Graph, account: int, way: Direction, since_us: int, until_us: int) -> Traffic:
    found = [(s, *entries(_side(s, way), account, s, since_us, until_us)) for s in graph.segments]
    times = np.concatenate([segment.time_us[numbers[-MOST_LOOKED_AT:]] for segment, numbers, _ in found])
    cents = np.concatenate([segment.amount_cents[numbers[-MOST_LOOKED_AT:]] for segment, numbers, _ in found])
    others = np.concatenate([other[-MOST_LOOKED_AT:] for _, _, other in found])
    latest = np.argsort(times, kind="stable")[-MOST_LOOKED_AT:]
    transfers = sum(len(numbers) for _, numbers, _ in found)
    return Traffic(transfers, len(np.unique(others[latest])), int(cents[latest].sum()), len(latest))


def _nearest(graph: Graph, listed: np.ndarray, account: int, rule: WalkRule, bounds: Bounds) -> Nearest:
    forward = rule.direction is Direction.FORWARD
    begins = microseconds(rule.after if forward else rule.before)
    reach = expand(graph, account, begins, rule, bounds).only
    others = listed[listed != account]
    places = np.flatnonzero(np.isin(reach.account, others))
    if not len(places):
        return Nearest(rule.direction, None, None, None, reach.looked_at, reach.cut)
    found = reach.arrival(int(places[0]))
    return Nearest(rule.direction, found.account, found.layer, moment(found.at_us), reach.looked_at, reach.cut)


def _span(graph: Graph, account: int, end: int) -> tuple[datetime | None, datetime | None]:
    times = [
        int(segment.time_us[number])
        for segment in graph.segments
        for side in (segment.outgoing, segment.incoming)
        for number in _outermost(side, account, segment, end)
    ]
    return (moment(min(times)), moment(max(times))) if times else (None, None)


def _outermost(side: Side, account: int, segment: Segment, end: int) -> list[int]:
    if row_of(side, account) is None:
        return []
    numbers, _ = entries(side, account, segment, -END_US, end)
    return [int(numbers[0]), int(numbers[-1])] if len(numbers) else []
