"""The expand call where walks may step past a shared holder, phone, device or platform account. It runs in a thread."""

import numpy as np

from cleanroom.errors import RequestInvalid
from cleanroom.lookout.service import answers
from cleanroom.lookout.service.expanding import as_walk_bounds, begin_of, cut_of, hexes, moments, one_way
from cleanroom.lookout.service.questions import ExpandQuestion
from cleanroom.lookout.service.reading import View
from cleanroom.lookout.service.settings import LookoutSettings
from cleanroom.lookout.walks.linked import LinkedReach
from cleanroom.lookout.walks.linking import expand_linked as expand_way
from cleanroom.moneyflow.rules import Direction, WalkRule


def expand_linked(view: View, question: ExpandQuestion, settings: LookoutSettings) -> answers.Expansion:
    """Everything that walks with link steps arrive at. Raises RequestInvalid, NotFound, ServiceFault without ties."""
    rule, bounds = question.rule.as_walk(), question.bounds.within(settings)
    _check(question, rule)
    start = view.tied_account(question.account)
    found = [
        expand_way(
            view.tied,
            {start: begin_of(question.begins, way)},
            one_way(rule, way),
            question.link_limit,
            as_walk_bounds(bounds),
        )
        for way in rule.direction.ways
    ]
    ways = [_way(reach, paths=question.paths) for one in found for reach in one.ways.values()]
    cut = next((way.cut for way in ways if way.cut), None)
    return answers.Expansion(question.rule, bounds, question.begins, view.state, cut, ways, question.link_limit)


def _check(question: ExpandQuestion, rule: WalkRule) -> None:
    if not rule.in_time:
        raise RequestInvalid(
            "link steps need the order of time: a tie begins at some moment",
            zh="關聯步須依時序：關聯始於某一時刻",
            rule="walk_rule",
        )
    if question.begins is None and rule.direction is not Direction.BACKWARD:
        raise RequestInvalid(
            "link steps along the money need `begins`: the start's own ties must have begun by then",
            zh="順金流之關聯步須指定起始時刻（begins）：起點之關聯須於該時刻前已存在",
            rule="link_begins",
        )


def _way(reach: LinkedReach, *, paths: bool) -> answers.Way:
    shown = reach.event[reach.ends[1] :]
    steps = _all_before(reach, shown) if paths else shown
    return answers.Way(
        direction=reach.way,
        arrivals=_arrivals(reach, paths=paths),
        reached=len(np.unique(reach.account)) - 1,
        hubs=hexes(reach.tied.tokens(reach.hubs)),
        truncated=hexes(reach.tied.tokens(reach.truncated)),
        looked_at=reach.looked_at,
        cut=cut_of(reach.cut),
        identifiers=_identifiers(reach, steps),
    )


def _arrivals(reach: LinkedReach, *, paths: bool) -> list[answers.Arrival]:
    """In the order of layers; the start is not among them."""
    first = reach.ends[1]
    events = reach.event[first:]
    columns = [
        hexes(reach.tied.tokens(reach.account[first:])),
        reach.layer[first:].tolist(),
        moments(reach.at_us[first:]),
        hexes(reach.vias(events)),
        hexes(reach.tied.tokens(reach.events.account[reach.events.before[events]])),
        reach.amounts(events),
    ]
    if paths:
        steps = _all_before(reach, events)
        named = dict(zip(steps.tolist(), hexes(reach.vias(steps)), strict=True))
        columns.append([[named[step] for step in reach.path_to(place)] for place in range(first, len(reach))])
    return list(map(answers.Arrival, *columns))


def _all_before(reach: LinkedReach, events: np.ndarray) -> np.ndarray:
    """These steps and all that led there, each once; starts are no steps."""
    found = [np.empty(0, np.int64)]
    while len(events):
        events = np.unique(events[reach.events.before[events] >= 0])
        found.append(events)
        events = reach.events.before[events]
    return np.unique(np.concatenate(found))


def _identifiers(reach: LinkedReach, steps: np.ndarray) -> dict[str, str]:
    linked = steps[reach.events.by_link[steps]]
    return {step.via.hex(): step.kind for step in reach.steps(linked)}
