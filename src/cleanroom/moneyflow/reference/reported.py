"""Which incoming transfers carried the money that was reported lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cleanroom.moneyflow.reference.transfers import Transfer
from cleanroom.moneyflow.rules import LOOKBACK


@dataclass(frozen=True)
class Listing:
    """A watch-listing of an account, with the loss reported on it."""

    case: str
    account: str
    listed_at: datetime
    reported_cents: int


@dataclass(frozen=True)
class Injection:
    """Reported money that came in with a transfer."""

    transfer_id: str
    case: str
    cents: int


def reported_money(
    transfers: Sequence[Transfer], listings: Iterable[Listing], *, lookback: timedelta = LOOKBACK
) -> list[Injection]:
    """Per listing, from `lookback` before the notice until just before it: the latest transfer of exactly the
    reported sum, else the latest ones until the sum is reached. A transfer to oneself brings nothing."""
    return [injection for listing in listings for injection in _of_listing(transfers, listing, lookback)]


def _of_listing(transfers: Sequence[Transfer], listing: Listing, lookback: timedelta) -> Iterable[Injection]:
    since, until = listing.listed_at - lookback, listing.listed_at
    incoming = [
        t
        for t in transfers
        if t.receiver == listing.account and t.sender != t.receiver and since <= t.executed_at < until
    ]
    latest_first = sorted(incoming, key=lambda t: t.order, reverse=True)
    exact = [t for t in latest_first if t.amount_cents == listing.reported_cents]
    left = listing.reported_cents
    for transfer in exact[:1] or latest_first:
        cents = min(left, transfer.amount_cents)
        if cents > 0:
            yield Injection(transfer.transfer_id, listing.case, cents)
        left -= cents
