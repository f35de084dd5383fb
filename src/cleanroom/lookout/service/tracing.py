"""A path between two accounts. It runs in a thread."""

import numpy as np

from cleanroom.lookout.service import answers
from cleanroom.lookout.service.expanding import as_walk_bounds, begin_of, cut_of, hexes, one_way
from cleanroom.lookout.service.questions import TraceQuestion
from cleanroom.lookout.service.reading import View
from cleanroom.lookout.service.settings import LookoutSettings
from cleanroom.lookout.walks import Trace, Transfers
from cleanroom.lookout.walks import trace as trace_way
from cleanroom.lookout.walks.moments import moment


def trace(view: View, question: TraceQuestion, settings: LookoutSettings) -> answers.Trace:
    """The walk with the fewest transfers from one account to another, of those the first to arrive."""
    origin, target = view.account(question.account), view.account(question.target)
    rule, bounds = question.rule.as_walk(), question.bounds.within(settings)
    tried = [
        trace_way(
            view.graph, origin, target, begin_of(question.begins, way), one_way(rule, way), as_walk_bounds(bounds)
        )
        for way in rule.direction.ways
    ]
    found = min((t for t in tried if t is not None and t.transfers), key=lambda t: t.layers, default=None)
    cut = None if found else next((cut_of(t.cut) for t in tried if t is not None and t.cut), None)
    steps = _steps(found) if found else []
    way = found.way if found else None
    return answers.Trace(question.rule, bounds, question.begins, view.state, cut, found is not None, way, steps)


def _steps(found: Trace) -> list[answers.Step]:
    numbers, transfers = np.array(found.transfers, np.uint32), Transfers(found.graph)
    senders, receivers = (hexes(found.graph.tokens[transfers.column(end, numbers)]) for end in ("sender", "receiver"))
    return list(
        map(
            answers.Step,
            hexes(transfers.column("transfer_id", numbers)),
            map(moment, transfers.column("time_us", numbers).tolist()),
            senders,
            receivers,
            transfers.column("amount_cents", numbers).tolist(),
        )
    )
