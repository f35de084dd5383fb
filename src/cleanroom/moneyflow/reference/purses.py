"""What of an account's balance is reported money, by each method. Integer cents.

Nobody uploads balances. An account begins at nothing; when more leaves than is there, the rest was there before, clean.
This looks at nothing of the future, so that an answer given once stays as it was when more is known.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from cleanroom.moneyflow.rules import TaintMethod


@dataclass(frozen=True)
class Lot:
    """Cents in a row that are alike."""

    cents: int
    tainted: bool


class Purse(Protocol):
    """One account."""

    @property
    def held(self) -> int:
        """Tainted cents."""

    def pay(self, cents: int) -> list[Lot]:
        """Take a transfer's cents out; what they are, the first to be spent first."""

    def take(self, lots: list[Lot]) -> None:
        """A transfer's cents come in."""

    def show(self, cents: int) -> None:
        """A transfer to oneself: so much must be there. Nothing leaves and nothing comes in."""


@dataclass
class _Mixed(ABC):
    """Tainted and clean cents are not told apart on the account: only how many of its balance are tainted."""

    balance: int = 0
    held: int = 0

    def pay(self, cents: int) -> list[Lot]:
        self.show(cents)
        moved = min(self.held, self._part(cents))
        self.balance -= cents
        self.held -= moved
        return [Lot(moved, True), Lot(cents - moved, False)]

    def take(self, lots: list[Lot]) -> None:
        self.balance += sum(lot.cents for lot in lots)
        self.held += tainted_cents(lots)

    def show(self, cents: int) -> None:
        self.balance = max(self.balance, cents)

    @abstractmethod
    def _part(self, cents: int) -> int:
        """How many of the cents that leave are tainted, before the purse bounds them."""


class _Haircut(_Mixed):
    """Every cent on the account leaves in proportion. IEEE double, so that every engine gets the same cents."""

    def _part(self, cents: int) -> int:
        share = float(cents) / float(self.balance)
        return int(float(self.held) * share)


class _Poison(_Mixed):
    """Tainted money leaves first."""

    def _part(self, cents: int) -> int:
        return cents


@dataclass
class _Fifo:
    """What came first leaves first, lot by lot. What was there before anything known is the oldest of all."""

    lots: deque[Lot] = field(default_factory=deque)

    @property
    def held(self) -> int:
        return tainted_cents(self.lots)

    def pay(self, cents: int) -> list[Lot]:
        self.show(cents)
        paid = []
        while cents:
            lot = self.lots.popleft()
            part = min(lot.cents, cents)
            paid.append(Lot(part, lot.tainted))
            if part < lot.cents:
                self.lots.appendleft(Lot(lot.cents - part, lot.tainted))
            cents -= part
        return paid

    def take(self, lots: list[Lot]) -> None:
        self.lots.extend(lots)

    def show(self, cents: int) -> None:
        missing = cents - sum(lot.cents for lot in self.lots)
        if missing > 0:
            self.lots.appendleft(Lot(missing, False))


KIND: dict[TaintMethod, type[Purse]] = {
    TaintMethod.HAIRCUT: _Haircut,
    TaintMethod.FIFO: _Fifo,
    TaintMethod.POISON: _Poison,
}


def tainted_cents(lots: Iterable[Lot]) -> int:
    return sum(lot.cents for lot in lots if lot.tainted)


def inject(lots: list[Lot], cents: int) -> list[Lot]:
    """The lots with their first `cents` clean cents turned tainted, as far as there are any."""
    turned = []
    for lot in lots:
        part = 0 if lot.tainted else min(lot.cents, cents)
        turned += [Lot(part, True), Lot(lot.cents - part, lot.tainted)]
        cents -= part
    return [lot for lot in turned if lot.cents]
