"""Where our own time goes, stage by stage, beside what the machine's memory allows."""

from statistics import mean

import numpy as np

from benchmarks.moneyflow import questions
from benchmarks.moneyflow.cases import SIX_DELAYED, SIX_IN_TIME, THREE_IN_TIME, Found, Task
from benchmarks.moneyflow.engines import lookout_index as ours
from benchmarks.moneyflow.timing import Clock, timed
from cleanroom.lookout.bounds import UNBOUNDED
from cleanroom.lookout.graph import Graph
from cleanroom.lookout.index.opening import Index
from cleanroom.lookout.walks.expanding import expand
from cleanroom.lookout.walks.ground import ground_of
from cleanroom.lookout.walks.together import together
from cleanroom.moneyflow.rules import WalkRule

_ASKED = 300


def profile(task: Task) -> Found:
    found = Found()
    with timed(found.seconds, "open the index"):
        index = Index.open(ours.folder_of(task))
    with timed(found.seconds, "its arrays as kernels take them"):
        ground_of(index.graph)
    with timed(found.seconds, "402 tokens to numbers"):
        starts = ours.starts_in(index, task)
    with timed(found.seconds, "402 together, pages first touched"):
        together(index.graph, starts, SIX_IN_TIME)
    for _ in range(task.repeat):
        with timed(found.seconds, "402 together"):
            (arrivals,) = together(index.graph, starts, SIX_IN_TIME).values()
        with timed(found.seconds, "of all arrivals, the moments"):
            index.graph.base.time_us[arrivals.via]
        _floor(index.graph, found)
    found.facts["arrivals"] = sum(arrivals.counts()[1:])
    for name, rule in (("delay and hub rule", SIX_DELAYED), ("three layers", THREE_IN_TIME)):
        _one_by_one(index, task, name, rule, found)
    return found


def _floor(graph: Graph, found: Found) -> None:
    """Reading once, in order, what a pass over all transfers has to read."""
    with timed(found.seconds, "floor: times, senders and receivers read once"):
        for column in (graph.base.time_us, graph.base.sender, graph.base.receiver):
            np.add.reduce(column, dtype=np.uint64 if column.dtype == np.uint32 else None)


def _one_by_one(index: Index, task: Task, name: str, rule: WalkRule, found: Found) -> None:
    """Means over many accounts: of the walk itself, and of the moments that are read for the answer."""
    asked = questions.one_by_one(task.graph)
    accounts = index.accounts_of(asked.tokens).tolist()[:_ASKED]
    walks, moments, looked_at, arrivals = [], [], [], []
    for account, begins_us in zip(accounts, asked.begins_us.tolist(), strict=False):
        clock = Clock()
        reach = expand(index.graph, account, begins_us, rule, UNBOUNDED).only
        walks.append(clock())
        clock = Clock()
        reach.at_us  # noqa: B018 - reads them
        moments.append(clock())
        looked_at.append(reach.looked_at)
        arrivals.append(len(reach))
    found.seconds[f"one account, {name}: walk, mean"] = [mean(walks)]
    found.seconds[f"one account, {name}: moments, mean"] = [mean(moments)]
    found.facts[f"{name}: transfers looked at, mean"] = round(mean(looked_at))
    found.facts[f"{name}: arrivals, mean"] = round(mean(arrivals))
