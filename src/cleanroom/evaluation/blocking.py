"""How much of the reported money would have stopped at a controlled account, in many worlds at once.

A world is one set of control times. Money on an account when its control begins stays there; money that arrives
afterwards stays there too; nothing reported leaves it again. So what is blocked in a world is what lies on controlled
accounts at the end: every coin is counted once, never more than was reported, never more than came in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cleanroom.evaluation.ledger import Ledger
from cleanroom.evaluation.taint import Injection

NEVER_US = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Followed:
    """`on_cents`: account -> money on it at the end, one whole number of cents per world, as float64.
    `came_cents`: account -> reported money that ever came in, per world."""

    worlds: int
    on_cents: dict[int, np.ndarray]
    came_cents: dict[int, np.ndarray]

    def total(self) -> np.ndarray:
        return sum(self.on_cents.values(), np.zeros(self.worlds))

    def blocked(self, controls: Sequence[Mapping[int, int]], *, end_us: int) -> list[dict[int, int]]:
        """Per world: account -> cents on it at the end, for accounts under control by `end_us`."""
        return [
            {a: int(x[w]) for a, x in self.on_cents.items() if x[w] >= 1 and control.get(a, NEVER_US) <= end_us}
            for w, control in enumerate(controls)
        ]


def follow(
    ledger: Ledger,
    shares: np.ndarray,
    injections: Sequence[Injection],
    controls: Sequence[Mapping[int, int]],
    *,
    only_case: Sequence[int | None] | None = None,
) -> Followed:
    """Follow the reported money through all transfers, in each world of `controls` (account -> control time, UTC us).

    `only_case[w]` names the one case whose money world `w` follows; None, the default, follows all.
    """
    cases = only_case or [None] * len(controls)
    walk = _Worlds(ledger, shares, controls)
    poured = _poured(injections, cases)
    begin = min(poured, default=len(ledger))
    sender = ledger.sender[begin:].tolist()
    for t, account in enumerate(sender, start=begin):
        if account in walk.on or t in poured:
            walk.step(t, poured.get(t))
    return Followed(len(controls), walk.on, walk.came)


def _poured(injections: Sequence[Injection], cases: Sequence[int | None]) -> dict[int, np.ndarray]:
    poured: dict[int, np.ndarray] = {}
    for i in injections:
        into = np.array([i.cents if c is None or c == i.case else 0 for c in cases], dtype=np.float64)
        poured[i.transfer] = poured.get(i.transfer, 0) + into
    return poured


class _Worlds:
    """Money per account, one column per world. Steps of less than one cent in every world are not walked."""

    def __init__(self, ledger: Ledger, shares: np.ndarray, controls: Sequence[Mapping[int, int]]):
        self.sender, self.receiver = ledger.sender.tolist(), ledger.receiver.tolist()
        self.executed_us, self.share = ledger.executed_us.tolist(), shares.tolist()
        self.control = _control_rows(controls)
        self.worlds = len(controls)
        self.on: dict[int, np.ndarray] = {}
        self.came: dict[int, np.ndarray] = {}

    def step(self, t: int, poured: np.ndarray | None) -> None:
        arriving = self._take(t)
        if poured is not None:
            arriving = poured if arriving is None else arriving + poured
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
