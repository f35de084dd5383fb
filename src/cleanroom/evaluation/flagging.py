"""Which accounts one case's money reached, as seen in one ledger, and when it first was enough to act on."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cleanroom.evaluation.ledger import Ledger, Listing
from cleanroom.evaluation.rules import DAY_US, EvaluationRules


@dataclass
class _Arrival:
    """What one account received: reported money on it, in total, its layer, and all money since the first of it."""

    layer: int
    since: int  # position of the transfer that brought the first of it
    on_cents: float = 0
    came_cents: float = 0
    enough_us: int | None = None
    followed: bool = False  # whether its next outgoing transfer waits in the queue


@dataclass(frozen=True)
class View:
    """One ledger with what the walk needs of it. `shares` belongs to exactly this ledger's transfers."""

    ledger: Ledger
    shares: np.ndarray
    _received: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def received_between(self, account: int, first: int, last: int) -> int:
        """Sum in cents of what the account received with the transfers from position `first` to `last`, both
        included."""
        if account not in self._received:
            positions = self.ledger.received_by(account)
            self._received[account] = positions, np.cumsum(self.ledger.amount_cents[positions])
        positions, total = self._received[account]
        low, high = np.searchsorted(positions, [first, last + 1])
        return int(total[high - 1] - (total[low - 1] if low else 0)) if high > low else 0


def flagged(view: View, listing: Listing, seeds: Sequence[tuple[int, int]], rules: EvaluationRules) -> dict[int, int]:
    """Accounts that the case's money reached, with the time (UTC microseconds) at which it was enough to act on.

    `seeds`: (transfer position in the view, cents) that brought the money to its first account. The listed account
    itself is not in the answer. Same rule for every scenario; only the view, the seeds and the clock differ.
    """
    walk = _Walk(view, listing, rules)
    for transfer, cents in sorted(seeds):
        walk.seed(transfer, cents)
    walk.run()
    return {a: x.enough_us for a, x in walk.reached.items() if x.enough_us is not None and a != listing.account}


class _Walk:
    def __init__(self, view: View, listing: Listing, rules: EvaluationRules):
        self.view, self.listing, self.rules = view, listing, rules
        self.reached: dict[int, _Arrival] = {}
        self.until_us = listing.listed_us + rules.horizon_days * DAY_US
        self.queue: list[tuple[int, int]] = []  # (transfer position, cents that a seed adds; -1: an ordinary step)

    def seed(self, transfer: int, cents: int) -> None:
        heapq.heappush(self.queue, (transfer, cents))

    def run(self) -> None:
        ledger = self.view.ledger
        while self.queue:
            transfer, seeded = heapq.heappop(self.queue)
            if ledger.executed_us[transfer] > self.until_us:
                break
            if seeded >= 0:
                self._arrive(transfer, seeded, layer=self._seed_layer(transfer))
            else:
                self._step(transfer)

    def _seed_layer(self, transfer: int) -> int:
        return 0 if self.view.ledger.receiver[transfer] == self.listing.account else 1

    def _step(self, transfer: int) -> None:
        ledger = self.view.ledger
        source = self.reached[int(ledger.sender[transfer])]
        moved = float(np.floor(source.on_cents * self.view.shares[transfer]))
        if moved >= self.rules.least_step_cents and source.layer < self.rules.layers:
            source.on_cents -= moved
            self._arrive(transfer, moved, layer=source.layer + 1)
        source.followed = False
        self._follow(int(ledger.sender[transfer]), source, after=transfer)

    def _arrive(self, transfer: int, cents: float, *, layer: int) -> None:
        account = int(self.view.ledger.receiver[transfer])
        arrival = self.reached.get(account)
        if arrival is None:
            arrival = self.reached[account] = _Arrival(layer, since=transfer)
        arrival.layer = min(arrival.layer, layer)
        arrival.on_cents += cents
        arrival.came_cents += cents
        if arrival.enough_us is None and self._enough(account, arrival, transfer):
            arrival.enough_us = int(self.view.ledger.executed_us[transfer])
        self._follow(account, arrival, after=transfer)

    def _enough(self, account: int, arrival: _Arrival, transfer: int) -> bool:
        if arrival.came_cents < self.rules.least_taint_cents:
            return False
        received = self.view.received_between(account, arrival.since, transfer)
        return arrival.came_cents >= self.rules.least_share * received

    def _follow(self, account: int, arrival: _Arrival, *, after: int) -> None:
        """Queue the account's next outgoing transfer, while there is enough on it to be followed."""
        if arrival.followed or arrival.on_cents < self.rules.least_step_cents:
            return
        outgoing = self.view.ledger.sent_by(account)
        at = int(np.searchsorted(outgoing, after, side="right"))
        if at < len(outgoing):
            heapq.heappush(self.queue, (int(outgoing[at]), -1))
            arrival.followed = True
