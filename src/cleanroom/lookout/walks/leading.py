"""The transfers that lead away from accounts, as a rule lets a walk see them: rows of the graph's sides, no scan."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from cleanroom.lookout.graph import Graph, Segment, Side
from cleanroom.lookout.walks.ground import sides, window
from cleanroom.lookout.walks.runs import first_not_less
from cleanroom.moneyflow.rules import Direction, WalkRule


@dataclass(frozen=True)
class Rows:
    """Of each account the entries `low[i]:high[i]` of a segment's side. `shift`: added to its transfers' numbers."""

    segment: Segment
    side: Side
    shift: int
    low: np.ndarray
    high: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        return self.high - self.low

    def between(self, first: np.ndarray, end: np.ndarray) -> "Rows":
        """Those with the segment's numbers `first[i]` up to before `end[i]`."""
        low = first_not_less(self.side.number, self.low, self.high, first)
        return Rows(self.segment, self.side, self.shift, low, first_not_less(self.side.number, low, self.high, end))


class Leading:
    """Of one direction. Accounts are numbers of the graph; greater ones have no transfers."""

    def __init__(self, graph: Graph, way: Direction, rule: WalkRule):
        self._graph, self._way, self._rule = graph, way, rule

    def degrees(self, accounts: np.ndarray) -> np.ndarray:
        """Transfers in the window, in and out added up."""
        return sum(rows.sizes for against in (False, True) for rows in self._inside(accounts, against=against))

    def kept(self, accounts: np.ndarray) -> tuple[list[Rows], np.ndarray]:
        """Rows per segment of what the rule lets a walk look at; and which accounts have more than that."""
        inside = self._inside(accounts)
        most, counts = self._rule.keep_latest, sum(rows.sizes for rows in inside)
        if most is None:
            return inside, np.zeros(len(accounts), bool)
        over = counts > most
        kept_of_last = np.minimum(inside[-1].sizes, most)
        if len(inside) == 2:
            for place in np.flatnonzero(over & (kept_of_last > 0) & (inside[0].sizes > 0)):
                kept_of_last[place] = _latest_of_delta(*(partial(_moment_and_id, r, r.high[place]) for r in inside),
                                                       *(int(r.sizes[place]) for r in inside), most)  # fmt: skip
        parts = [np.minimum(inside[0].sizes, most - kept_of_last), kept_of_last][-len(inside) :]
        return [Rows(r.segment, r.side, r.shift, r.high - n, r.high) for r, n in zip(inside, parts, strict=True)], over

    def _inside(self, accounts: np.ndarray, *, against: bool = False) -> list[Rows]:
        found, shift = [], 0
        for segment in self._graph.segments:
            side = sides(segment, self._way)[against]
            rows = Rows(segment, side, shift, *_row(side, accounts))
            if self._rule.after is not None or self._rule.before is not None:
                rows = rows.between(*(np.full(len(accounts), number) for number in window(segment, self._rule)))
            found.append(rows)
            shift += len(segment)
        return found


def _row(side: Side, accounts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[low, high) of each account's entries; the same where it has none."""
    count = len(side.offsets) - 1
    if count == 0:
        return np.zeros(len(accounts), np.int64), np.zeros(len(accounts), np.int64)
    if side.accounts is None:
        row = np.minimum(accounts, count - 1)
        known = row == accounts
    else:
        row = np.minimum(np.searchsorted(side.accounts, accounts.astype(np.uint32)), count - 1)
        known = side.accounts[row] == accounts
    low = side.offsets[row].astype(np.int64)
    return low, np.where(known, side.offsets[row + 1], low)


def _moment_and_id(rows: Rows, high: int, from_end: int) -> tuple[int, bytes]:
    """Of the entry so many places before `high` (1: the last)."""
    number = rows.side.number[high - from_end]
    return int(rows.segment.time_us[number]), rows.segment.transfer_id[number].tobytes()


def _latest_of_delta(base, delta, base_size: int, delta_size: int, most: int) -> int:
    """How many of the `most` latest of both are the delta's: the least number d such that its next one is older than
    the oldest of the base that is kept beside d, by bisection."""
    low, high = max(0, most - base_size), min(delta_size, most)
    while low < high:
        middle = (low + high) // 2
        if delta(middle + 1) > base(most - middle):
            low = middle + 1
        else:
            high = middle
    return low
