"""From standing listings to what a pass needs: accounts, begin moments, transfers that carried reported money."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cleanroom.lookout.graph import Graph
from cleanroom.lookout.verdicts.listings import Listing
from cleanroom.lookout.verdicts.passing import Sources
from cleanroom.lookout.verdicts.reported import Entry, reported_money

AccountOf = Callable[[bytes], int | None]


@dataclass(frozen=True)
class Placed:
    """A standing listing in the graph. `account` None: no transfer has named it yet."""

    listing: Listing
    account: int | None
    entries: tuple[Entry, ...]


def place(
    listings: Iterable[Listing],
    graph: Graph,
    account_of: AccountOf,
    known: Iterable[Placed] = (),
    changed_from_us: int | None = None,
) -> tuple[Placed, ...]:
    """Each listing placed. Of `known` what can't have changed is taken over: transfers before `changed_from_us` have
    not changed, and with None no transfer has."""
    before = {placed.listing: placed for placed in known if _holds(placed, changed_from_us)}
    return tuple(before.get(listing) or _placed(listing, graph, account_of) for listing in listings)


def _holds(placed: Placed, changed_from_us: int | None) -> bool:
    if changed_from_us is None:
        return True
    return placed.account is not None and placed.listing.listed_us <= changed_from_us


def _placed(listing: Listing, graph: Graph, account_of: AccountOf) -> Placed:
    account = account_of(listing.token)
    if account is None:
        return Placed(listing, None, ())
    return Placed(listing, account, reported_money(graph, account, listing.listed_us, listing.reported_cents))


def sources_of(placed: Iterable[Placed]) -> Sources:
    inside = [one for one in placed if one.account is not None]
    return Sources.of(
        ((one.listing.begins_us, one.account) for one in inside),
        (entry for one in inside for entry in one.entries),
    )
