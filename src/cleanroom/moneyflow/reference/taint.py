"""Reported money followed through balances: how much of it came to each account, and how much is still there."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from cleanroom.moneyflow.reference.purses import KIND, Lot, inject, tainted_cents
from cleanroom.moneyflow.reference.reported import Injection
from cleanroom.moneyflow.reference.transfers import Transfer
from cleanroom.moneyflow.rules import TaintMethod


@dataclass(frozen=True)
class Taint:
    """All in cents, all above nothing; who is missing has none.

    `received`: all tainted money that ever came to an account. `held`: what of it is there after the last transfer.
    `carried`: by transfer id. `entered`: by transfer id and case, what of an injection its transfer had room for.
    `since`: when the first of it came. `path`: the transfers that brought this first of it, from the report on.
    """

    received: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    carried: dict[str, int] = field(default_factory=dict)
    entered: dict[tuple[str, str], int] = field(default_factory=dict)
    since: dict[str, datetime] = field(default_factory=dict)
    path: dict[str, tuple[str, ...]] = field(default_factory=dict)


def follow(transfers: Iterable[Transfer], injections: Iterable[Injection], method: TaintMethod) -> Taint:
    """In the one order of all transfers; nothing of the future is used. A transfer carries at most its amount.

    A transfer to oneself moves nothing and brings in no reported money. Of two injections with one transfer the one
    given first has the room first.
    """
    wanted: dict[str, list[Injection]] = defaultdict(list)
    for injection in injections:
        wanted[injection.transfer_id].append(injection)
    purses = defaultdict(KIND[method])
    found = Taint()
    for transfer in sorted(transfers, key=lambda t: t.order):
        if transfer.sender == transfer.receiver:
            purses[transfer.sender].show(transfer.amount_cents)
            continue
        paid = purses[transfer.sender].pay(transfer.amount_cents)
        arriving = _with_reported(paid, wanted[transfer.transfer_id], found)
        purses[transfer.receiver].take(arriving)
        if tainted_cents(arriving):
            _note(found, transfer, tainted_cents(arriving), is_source=tainted_cents(arriving) > tainted_cents(paid))
    found.held.update({account: purse.held for account, purse in purses.items() if purse.held})
    return found


def _with_reported(paid: list[Lot], injections: list[Injection], found: Taint) -> list[Lot]:
    lots = paid
    for injection in injections:
        before = tainted_cents(lots)
        lots = inject(lots, injection.cents)
        if given := tainted_cents(lots) - before:
            place = injection.transfer_id, injection.case
            found.entered[place] = found.entered.get(place, 0) + given
    return lots


def _note(found: Taint, transfer: Transfer, cents: int, *, is_source: bool) -> None:
    account = transfer.receiver
    found.carried[transfer.transfer_id] = cents
    found.received[account] = found.received.get(account, 0) + cents
    if account not in found.since:
        found.since[account] = transfer.executed_at
        led_there = () if is_source else found.path[transfer.sender]
        found.path[account] = (*led_there, transfer.transfer_id)
