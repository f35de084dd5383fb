"""The engines that questions of taint are asked of, in one form."""

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cleanroom.lookout.verdicts import following
from cleanroom.lookout.verdicts.keeper import Keeper
from cleanroom.lookout.verdicts.listings import Listing as Kept
from cleanroom.lookout.verdicts.release import release_proposals
from cleanroom.lookout.verdicts.reported import reported_money as online_reported_money
from cleanroom.lookout.walks.moments import microseconds
from cleanroom.moneyflow.reference import Listing, TaintMethod, follow, proposed_for_release, reported_money
from tests.factories.drawing import Flow
from tests.factories.lookout_engine import Drawn, graph_of


@dataclass(frozen=True)
class Cents:
    """What every engine says: by account what came and what is held, by transfer what it carried; nothing of 0."""

    received: dict[str, int]
    held: dict[str, int]
    carried: dict[str, int]


def followed_by_reference(flow: Flow, reports: Sequence[Listing], method: TaintMethod) -> Cents:
    transfers = flow.carried()
    found = follow(transfers, reported_money(transfers, reports), method)
    return Cents(found.received, found.held, found.carried)


def followed_online(flow: Flow, reports: Sequence[Listing], method: TaintMethod, *, seed: int | None = None) -> Cents:
    drawn = _drawn(flow, reports, seed)
    entries = [
        entry
        for one in reports
        for entry in online_reported_money(
            drawn.graph, drawn.number(one.account), microseconds(one.listed_at), one.reported_cents
        )
    ]
    found = following.follow(drawn.graph, entries, method)
    carried = {}
    for segment, (first, cents) in zip(drawn.graph.segments, found.carried, strict=True):
        ids = segment.transfer_id[first : first + len(cents)]
        names = [drawn.transfers[int.from_bytes(row.tobytes(), "big")] for row in ids]
        carried |= _some(names, cents)
    return Cents(_some(drawn.accounts, found.received), _some(drawn.accounts, found.held), carried)


def released_by_reference(flow: Flow, reports: Sequence[Listing], lifted: Collection[str]) -> set[str]:
    """By haircut, the method by which verdicts are kept."""
    transfers = flow.carried()
    return set(proposed_for_release(transfers, reported_money(transfers, reports), lifted, TaintMethod.HAIRCUT))


def released_online(
    flow: Flow, reports: Sequence[Listing], lifted: Collection[str], *, seed: int | None = None
) -> set[str]:
    drawn = _drawn(flow, reports, seed)
    tokens = {drawn.graph.tokens[number].tobytes(): number for number in range(drawn.graph.accounts)}
    listings = [
        Kept(
            drawn.graph.tokens[drawn.number(one.account)].tobytes(),
            microseconds(one.listed_at),
            None,
            one.reported_cents,
            one.case,
        )
        for one in reports
    ]
    with tempfile.TemporaryDirectory() as folder:
        keeper = Keeper.open(Path(folder) / "verdicts", drawn.graph, tokens.get, listings=listings, least=2)
        proposed = release_proposals(keeper, drawn.graph, {one for one in listings if one.case_no in lifted})
        keeper.close()
    return {drawn.accounts[number] for number in proposed.money}


def _drawn(flow: Flow, reports: Sequence[Listing], seed: int | None) -> Drawn:
    return graph_of(flow.carried(), [one.account for one in reports], seed=seed)


def _some(names: Sequence[str], cents: np.ndarray) -> dict[str, int]:
    return {name: int(value) for name, value in zip(names, cents, strict=True) if value}
