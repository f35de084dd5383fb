"""Layers without order of time."""

from collections.abc import Mapping
from datetime import datetime

from cleanroom.moneyflow.reference.answer import Arrival, Expansion
from cleanroom.moneyflow.reference.transfers import Transfer, View, along, ends
from cleanroom.moneyflow.rules import WalkRule


def plain_layers(seen: View, starts: Mapping[str, datetime], rule: WalkRule) -> Expansion:
    """Each account once, at the least number of transfers, by the first transfer that reaches it from the layer before.

    When walks begin plays no part; layer 0 says it all the same.
    """
    nearest = {account: Arrival(account, 0, at, account) for account, at in starts.items()}
    hubs, truncated = set(), set()
    for layer in range(1, rule.layers + 1):
        frontier = {account for account, arrival in nearest.items() if arrival.layer == layer - 1}
        stopped = frontier & seen.hubs if layer > 1 else set()
        hubs |= stopped
        truncated |= (frontier - stopped) & seen.shortened
        for transfer in _first_first(seen, frontier - stopped):
            origin, end = ends(transfer, seen.direction)
            if end not in nearest:
                nearest[end] = _after(nearest[origin], transfer, end)
    found = {(account, arrival.layer): arrival for account, arrival in nearest.items()}
    return Expansion(found, frozenset(hubs), frozenset(truncated))


def _first_first(seen: View, accounts: set[str]) -> list[Transfer]:
    """The transfers that lead away from these accounts, in their order along the walk."""
    leading = [t for account in accounts for t in seen.leading.get(account, ())]
    return sorted(leading, key=lambda t: (along(t.executed_at, seen.direction), t.transfer_id))


def _after(before: Arrival, transfer: Transfer, end: str) -> Arrival:
    via = transfer.transfer_id
    return Arrival(end, before.layer + 1, transfer.executed_at, before.start, via, before.account, (*before.path, via))
