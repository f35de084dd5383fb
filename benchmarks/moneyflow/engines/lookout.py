"""Our own engine: the batch, the online questions in process, verdicts, updates, and where its time goes."""

from dataclasses import replace
from importlib.metadata import version
from itertools import pairwise

import numpy as np

from benchmarks.moneyflow import asking, questions
from benchmarks.moneyflow.answers import Layer, digests, nearest_digest
from benchmarks.moneyflow.cases import LAYERS, RULES, SIX_IN_TIME, Case, Engine, Found, Task
from benchmarks.moneyflow.engines import lookout_index as ours
from benchmarks.moneyflow.engines.lookout_profile import profile
from benchmarks.moneyflow.timing import latencies, quantiles, timed
from cleanroom.lookout.bounds import UNBOUNDED
from cleanroom.lookout.index.opening import Index
from cleanroom.lookout.verdicts.keeper import Keeper
from cleanroom.lookout.verdicts.reader import Verdicts
from cleanroom.lookout.walks.arrivals import NOBODY, Arrivals
from cleanroom.lookout.walks.expanding import expand
from cleanroom.lookout.walks.expansion import Reach
from cleanroom.lookout.walks.separately import separately
from cleanroom.lookout.walks.together import together
from cleanroom.lookout.walks.transfers import Transfers

_LOOKED_UP = 20_000


def batch(task: Task) -> Found:
    """One pass finds all layers at once: its time to layer k is that of the question with k layers."""
    index, found = Index.open(ours.folder_of(task)), Found()
    for layers in LAYERS:
        for run in range(task.repeat + 1):
            with timed(found.seconds if run else {}, str(layers)):
                starts = ours.starts_in(index, task)
                (arrivals,) = together(index.graph, starts, replace(SIX_IN_TIME, layers=layers)).values()
    per_layer = [layer_of(index, arrivals, layer) for layer in LAYERS]
    found.answers = digests("together", per_layer, index.graph.tokens, starts=arrivals.starts)
    return found


def layer_of(index: Index, arrivals: Arrivals, layer: int) -> Layer:
    accounts, via = arrivals.at_layer(layer)
    return Layer(accounts, Transfers(index.graph).column("time_us", via), via)


def separate(task: Task) -> Found:
    """All starts, each with its own answer; then a few expanded one after the other, to be compared."""
    index, found = Index.open(ours.folder_of(task)), Found()
    starts = ours.starts_in(index, task)
    for run in range(task.repeat + 1):
        apart = None  # the memory of the run before
        with timed(found.seconds if run else {}, "all"):
            (apart,) = separately(index.graph, starts, SIX_IN_TIME).values()
    with timed(found.seconds, "accounts counted by start and layer"):
        counts = apart.counts()
    found.answers["separate, accounts by nearest layer"] = str([int(n) for n in counts.sum(axis=0)[1:]])
    for place, (start, begins_us) in enumerate(list(starts.items())[: asking.COMPARED_STARTS]):
        with timed(found.seconds, "each of the compared"):
            reach = expand(index.graph, start, begins_us, SIX_IN_TIME, UNBOUNDED).only
        found.answers |= _of_one(index, f"separate, start {place}", reach)
        nearest = np.where((apart_layers := apart.layers(start)) == NOBODY, -1, apart_layers.astype(np.int16))
        found.answers[f"separate, start {place}, nearest layers"] = nearest_digest(nearest, index.graph.tokens, start)
    return found


def _of_one(index: Index, question: str, reach: Reach) -> dict[str, str]:
    parts = [slice(low, high) for low, high in pairwise(reach.ends)][1:]
    layers = [Layer(reach.account[part], reach.at_us[part], reach.via[part]) for part in parts]
    return digests(question, layers, index.graph.tokens, starts=reach.account[:1])


def one_by_one(case: Case):
    def ask_all(task: Task) -> Found:
        index = Index.open(ours.folder_of(task))

        def ask(account: int, begins_us: int) -> np.ndarray:
            reach = expand(index.graph, account, begins_us, RULES[case], UNBOUNDED).only
            return np.column_stack([reach.layer, reach.account, reach.at_us, reach.via])[reach.ends[1] :]

        return asking.one_by_one(case, task, index.graph.tokens, ask)

    return ask_all


def verdicts(task: Task) -> Found:
    """All accounts' verdicts from nothing; then one after the other looked up, by token."""
    index, found = Index.open(ours.folder_of(task)), Found()
    folder = task.store / "verdicts"
    with timed(found.seconds, "build"):
        keeper = Keeper.open(folder, index.graph, index.account, listings=ours.listings(task))
    kept = Verdicts.open(folder)
    some = np.random.default_rng(5).integers(0, index.graph.accounts, _LOOKED_UP)
    tokens = [index.graph.tokens[account].tobytes() for account in some]
    taken = latencies(lambda place: kept.of(index.account(tokens[place])), range(len(tokens)), within_s=task.limit_s)
    found.facts = quantiles(taken)
    found.answers = _nearest(index, kept, task)
    keeper.close()
    return found


def _nearest(index: Index, kept: Verdicts, task: Task) -> dict[str, str]:
    columns = kept.of_many(np.arange(index.graph.accounts))
    starts = index.accounts_of(questions.together(task.graph).tokens)
    return {"together, nearest layers": nearest_digest(columns.layer, index.graph.tokens, starts)}


ENGINE = Engine(
    "lookout",
    "ours",
    "lookout",
    lambda: f"financial-clean-room {version('financial-clean-room')}",
    {
        Case.BUILD: ours.build_index,
        Case.START: ours.start,
        Case.FIRST: ours.first_answer,
        Case.TOGETHER: batch,
        Case.SEPARATE: separate,
        Case.DELAYED: one_by_one(Case.DELAYED),
        Case.IN_TIME: one_by_one(Case.IN_TIME),
        Case.VERDICTS: verdicts,
        Case.UPDATES: ours.updates,
        Case.PROFILE: profile,
    },
)
