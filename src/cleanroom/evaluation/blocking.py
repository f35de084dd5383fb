"""How much of the reported money would have stopped at a controlled account, in many worlds at once.

A world is one set of control times. Money on an account when its control begins stays there; money that arrives
afterwards stays there too; nothing reported leaves it again. So what is blocked in a world is what lies on controlled
accounts at the end: every coin is counted once, never more than was reported, never more than came in.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cleanroom.evaluation.ledger import Ledger
from cleanroom.evaluation.taint import Injection

NEVER_US = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Followed:
    """`on_cents`: account -> money on it at the end, one whole number of cents per world, as float64.
    `came_cents`: account -> reported money that ever came in, per world. `steps`: in time order, each transfer that
    moved any, with the part of its sender's reported money that left with it, per world."""

    worlds: int
    on_cents: dict[int, np.ndarray]
    came_cents: dict[int, np.ndarray]
    steps: list[tuple[int, np.ndarray]]

    def total(self) -> np.ndarray:
        return sum(self.on_cents.values(), np.zeros(self.worlds))

    def blocked(self, controls: Sequence[Mapping[int, int]]) -> list[dict[int, int]]:
        """Per world: account -> cents on it at the end, for the accounts under control."""
        return [
            {a: int(self.on_cents[a][w]) for a in control if a in self.on_cents and self.on_cents[a][w] >= 1}
            for w, control in enumerate(controls)
        ]


def follow(
    ledger: Ledger, shares: np.ndarray, injections: Sequence[Injection], controls: Sequence[Mapping[int, int]]
) -> Followed:
    """Follow reported money through all transfers, in each world of `controls`: account -> control time, UTC us."""
    walk = _Worlds(ledger, shares, controls)
    poured: dict[int, float] = {}
    for i in injections:
        poured[i.transfer] = poured.get(i.transfer, 0.0) + i.cents
    begin = min(poured, default=len(ledger))
    sender = ledger.sender[begin:].tolist()
    for t, account in enumerate(sender, start=begin):
        if account in walk.on or t in poured:
            walk.step(t, poured.get(t, 0.0))
    return Followed(len(controls), walk.on, walk.came, walk.steps)


class _Worlds:
    """Money per account, one column per world. Steps of less than one cent in every world are not walked."""

    def __init__(self, ledger: Ledger, shares: np.ndarray, controls: Sequence[Mapping[int, int]]):
        self.sender, self.receiver = ledger.sender.tolist(), ledger.receiver.tolist()
        self.executed_us, self.share = ledger.executed_us.tolist(), shares.tolist()
        self.control = _control_rows(controls)
        self.worlds = len(controls)
        self.on: dict[int, np.ndarray] = {}
        self.came: dict[int, np.ndarray] = {}
        self.steps: list[tuple[int, np.ndarray]] = []

    def step(self, t: int, poured: float) -> None:
        arriving = self._take(t)
        if poured:
            arriving = np.full(self.worlds, poured) if arriving is None else arriving + poured
        if arriving is not None:
            self._put(self.receiver[t], arriving)

    def _take(self, t: int) -> np.ndarray | None:
        account = self.sender[t]
        on = self.on.get(account)
        if on is None:
            return None
        moved = np.floor(on * self.share[t])
        if account in self.control:
            moved *= self.control[account] > self.executed_us[t]
        if not moved.any():
            return None
        self.steps.append((t, moved / np.maximum(on, 1.0)))
        on -= moved
        return moved

    def _put(self, account: int, cents: np.ndarray) -> None:
        if account in self.on:
            self.on[account] += cents
            self.came[account] += cents
        else:
            self.on[account], self.came[account] = cents.copy(), cents.copy()


def _control_rows(controls: Sequence[Mapping[int, int]]) -> dict[int, np.ndarray]:
    rows: dict[int, np.ndarray] = {}
    for world, control in enumerate(controls):
        for account, us in control.items():
            rows.setdefault(account, np.full(len(controls), NEVER_US, dtype=np.int64))[world] = us
    return rows


def by_injection(
    ledger: Ledger,
    followed: Followed,
    injections: Sequence[Injection],
    goal: Callable[[int], np.ndarray | None],
    columns: int,
) -> np.ndarray:
    """Cents of each injection that lie in each column at the end: float64 [injections, worlds, columns].

    `goal(account)`: for each world and column 1 where what lies on the account counts, else 0; None for no column. One
    walk back in time: what a coin on an account is worth is what it will be worth where it goes. Summed over the
    injections it is what `follow` left on the accounts, but for the last bits of a float.
    """
    worth = {a: g.copy() for a in followed.on_cents if (g := goal(a)) is not None}
    found = np.zeros((len(injections), followed.worlds, columns))
    poured: dict[int, list[int]] = {}
    for number, i in enumerate(injections):
        poured.setdefault(i.transfer, []).append(number)
    parts = dict(followed.steps)
    for t in sorted({*poured, *parts}, reverse=True):
        sender, receiver = int(ledger.sender[t]), int(ledger.receiver[t])
        if receiver in worth:
            for number in poured.get(t, ()):
                found[number] = injections[number].cents * worth[receiver]
        if t in parts:
            _pass_back(worth, sender, receiver, parts[t][:, None])
    return found


def _pass_back(worth: dict[int, np.ndarray], sender: int, receiver: int, part: np.ndarray) -> None:
    ahead, here = worth.get(receiver), worth.get(sender)
    if here is not None:
        here *= 1.0 - part
        if ahead is not None:
            here += part * ahead
    elif ahead is not None:
        worth[sender] = part * ahead


def layers_from_report(ledger: Ledger, shares: np.ndarray, injections: Sequence[Injection]) -> dict[int, int]:
    """Account -> least number of transfers by which reported money came to it with nobody controlling anything; 0
    where it was reported to have come in. No world brings it to another account."""
    reported = {i.transfer for i in injections}
    steps = {t for t, _ in follow(ledger, shares, injections, [{}]).steps}
    found: dict[int, int] = {}
    for t in sorted(reported | steps):
        receiver = int(ledger.receiver[t])
        layer = 0 if t in reported else found[int(ledger.sender[t])] + 1
        found[receiver] = min(layer, found.get(receiver, layer))
    return found
