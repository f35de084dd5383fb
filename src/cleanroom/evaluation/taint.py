"""Following reported money through balances (haircut), as shares that do not depend on where the money began.

The meaning is money flow's (docs/layers.md): an account begins at nothing; when more leaves than is there, the rest was
there before, clean. A transfer then takes from every coin on the account in proportion. Nothing of the future is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cleanroom.evaluation.ledger import Ledger, Listing
from cleanroom.evaluation.rules import DAY_US, EvaluationRules


def haircut_shares(ledger: Ledger) -> np.ndarray:
    """For each transfer, amount / balance of its sender just before it: float64 in (0, 1]; 0 for one to oneself, which
    shows what is there and moves nothing.

    A balance that is topped up whenever it falls below nothing is the running sum less the least that it ever was.
    """
    n = len(ledger)
    account = np.concatenate([ledger.sender, ledger.receiver])
    change = np.concatenate([-ledger.amount_cents, ledger.amount_cents])
    order = np.lexsort((np.tile(np.arange(n), 2), account))  # stable: out of an account before into it
    account, change = account[order], change[order]
    running = _running_by_group(account, change)
    topped_up = np.maximum(0, -_least_by_group(account, running))
    before = np.empty(2 * n, dtype=np.int64)
    before[order] = running - change + topped_up
    return np.where(ledger.moves, ledger.amount_cents.astype(np.float64) / before[:n].astype(np.float64), 0.0)


def _running_by_group(group: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Cumulative sum that begins again with each group; `group` is sorted."""
    total = np.cumsum(change)
    first = _firsts(group)
    base = total[first] - change[first]
    return total - np.repeat(base, np.diff(np.r_[first, len(group)]))


def _least_by_group(group: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Cumulative minimum that begins again with each group; `group` is sorted. By rank, so that no sum overflows."""
    ordered = np.sort(values)
    rank = np.searchsorted(ordered, values)
    number = np.cumsum(np.r_[True, group[1:] != group[:-1]]) if len(group) else np.empty(0, dtype=np.int64)
    shift = -number * len(group)  # each group lies below all earlier ones
    return ordered[np.minimum.accumulate(rank + shift) - shift]


def _firsts(group: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.r_[True, group[1:] != group[:-1]]) if len(group) else np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Injection:
    """Reported money that came in with one transfer. `case` is the position of its listing."""

    transfer: int
    case: int
    cents: int


def reported_money(
    ledger: Ledger, shares: np.ndarray, listings: Sequence[Listing], rules: EvaluationRules
) -> tuple[Injection, ...]:
    """Which incoming transfers carried the reported losses.

    Per listing, within the lookback: the latest transfer of exactly the reported sum, else the latest transfers
    until the sum is reached. A transfer never carries more reported money, from all listings together, than its
    amount; what another listing's money already fills of it is not counted again.
    """
    wanted = [_candidates(ledger, listing, rules) for listing in listings]
    by_transfer: dict[int, list[tuple[int, int]]] = {}
    for case, parts in enumerate(wanted):
        for transfer, cents in parts:
            by_transfer.setdefault(transfer, []).append((case, cents))
    return tuple(_fit(ledger, shares, by_transfer))


def _candidates(ledger: Ledger, listing: Listing, rules: EvaluationRules) -> list[tuple[int, int]]:
    incoming = ledger.received_by(listing.account)
    at = ledger.executed_us[incoming]
    since = listing.listed_us - rules.lookback_days * DAY_US
    latest_first = incoming[(at >= since) & (at < listing.listed_us)][::-1]
    exact = [t for t in latest_first if ledger.amount_cents[t] == listing.reported_cents]
    left, parts = listing.reported_cents, []
    for transfer in exact[:1] or latest_first:
        cents = min(left, int(ledger.amount_cents[transfer]))
        if cents > 0:
            parts.append((int(transfer), cents))
        left -= cents
    return parts


def _fit(ledger: Ledger, shares: np.ndarray, wanted: Mapping[int, list[tuple[int, int]]]) -> list[Injection]:
    """Walk once with nothing controlled; give each wanted part what room its transfer still has."""
    sender, receiver = ledger.sender.tolist(), ledger.receiver.tolist()
    share, amount = shares.tolist(), ledger.amount_cents.tolist()
    purse: dict[int, int] = {}
    found = []
    for t in range(min(wanted, default=len(sender)), len(sender)):
        on = purse.get(sender[t], 0)
        moved = min(on, int(on * share[t])) if on else 0
        room = amount[t] - moved
        given = 0
        for case, cents in wanted.get(t, ()):
            part = min(room - given, cents)
            if part > 0:
                found.append(Injection(t, case, part))
                given += part
        if moved:
            purse[sender[t]] = on - moved
        if moved + given:
            purse[receiver[t]] = purse.get(receiver[t], 0) + moved + given
    return found
