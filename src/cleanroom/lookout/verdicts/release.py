"""Who may be let go when watch-listings are lifted: accounts whose only taint comes from them."""

from collections.abc import Set
from dataclasses import dataclass

import numpy as np

from cleanroom.lookout.graph import Graph
from cleanroom.lookout.verdicts.keeper import Keeper
from cleanroom.lookout.verdicts.listings import Listing
from cleanroom.lookout.verdicts.passing import Pass
from cleanroom.lookout.verdicts.places import BEGINNING_US, END_US
from cleanroom.lookout.verdicts.records import RECEIVED, Records, blank, duplicate
from cleanroom.lookout.verdicts.sources import sources_of


@dataclass(frozen=True)
class ReleaseProposals:
    """Account numbers, uint32, ascending. The lifted accounts themselves are not judged apart.

    `money`: tainted money came to them (by haircut), and none would have without the lifted cases; it does not matter
    whether it is still there. `walks`: they were downstream of a standing listing, and are of none that remains.
    `proposed`: those that had either and would have neither. `state`: of the index.
    """

    money: np.ndarray
    walks: np.ndarray
    proposed: np.ndarray
    state: int


def release_proposals(keeper: Keeper, graph: Graph, lifted: Set[Listing]) -> ReleaseProposals:
    """`graph`: the one that the keeper's state is of. The keeper's state stays as it is; costs what lifting costs,
    on a copy of 64 bytes an account."""
    before = keeper.published
    after = _without(keeper, graph, lifted)
    count = graph.accounts
    had_money, has_money = (records.hot[:count, RECEIVED] > 0 for records in (before, after))
    had_walks, has_walks = (records.reached()[:count] for records in (before, after))
    return ReleaseProposals(
        _numbers(had_money & ~has_money),
        _numbers(had_walks & ~has_walks),
        _numbers((had_money | had_walks) & ~has_money & ~has_walks),
        keeper.slot.index_state,
    )


def _without(keeper: Keeper, graph: Graph, lifted: Set[Listing]) -> Records:
    sources = sources_of(placed for placed in keeper.placed if placed.listing not in lifted)
    moment = sources.changed_since(keeper.sources)
    if moment == END_US:
        return keeper.published
    records = duplicate(keeper.published)
    since = keeper.go_back(records, moment)
    if since == BEGINNING_US:
        records = blank(graph.accounts)
    Pass(graph, records, sources, np.empty(1, dtype=np.uint32)).run(since, END_US)
    return records


def _numbers(mask: np.ndarray) -> np.ndarray:
    return np.flatnonzero(mask).astype(np.uint32)
