"""Live events of one layer: steps that some allowed walk takes, in the order in which the first is looked for."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cleanroom.lookout.walks.runs import first_not_less


@dataclass(frozen=True)
class Events:
    """Columns int64[n], `by_link` bool[n]: the account where the step ends, the moment as a clock that grows along the
    walk, `via` (a transfer's number, or the row of an identifier), `before` (place of the event that it continues, over
    the events of all layers); -1 for both at a start."""

    account: np.ndarray
    clock: np.ndarray
    by_link: np.ndarray
    via: np.ndarray
    before: np.ndarray

    def __len__(self) -> int:
        return len(self.account)

    def taken(self, rows: np.ndarray) -> "Events":
        return Events(*(column[rows] for column in self.columns))

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        return self.account, self.clock, self.by_link, self.via, self.before

    @property
    def is_first(self) -> np.ndarray:
        """bool[n], of events that are in order: the first of its account."""
        return np.concatenate([[True], self.account[1:] != self.account[:-1]])[: len(self)]


def together(parts: list[Events]) -> Events:
    return Events(*(np.concatenate(columns) for columns in zip(*(part.columns for part in parts), strict=True)))


class Passing:
    """Events of a layer that is passed, in order. `accounts` int64[a] ascending: account i has the events
    `low[i]:high[i]`. `places`: theirs, over the events of all layers. `moved`: a transfer is on the walk that led
    there, so a delay binds the next one."""

    def __init__(self, events: Events, places: np.ndarray, moved: np.ndarray):
        self.events, self.places = events, places
        self.low = np.flatnonzero(events.is_first)
        self.high = np.append(self.low, len(events))[1:]
        self.accounts = events.account[self.low]
        self._moved = moved

    def span(self, delay: int | None, endless: int) -> tuple[np.ndarray, np.ndarray]:
        """Per account: transfers with a clock over the first and up to the second may continue some event."""
        first, last = self.events.clock[self.low], self.events.clock[self.high - 1]
        if delay is None:
            return first, np.full(len(first), endless)
        bound = np.minimum.reduceat(self._moved, self.low) if len(self.low) else np.empty(0, bool)
        return first, np.where(bound, last + delay, endless)

    def continued_by(self, row: np.ndarray, clock: np.ndarray, delay: int | None) -> np.ndarray:
        """int64[n]: the first event of the account in this row that a transfer of that clock continues; -1: none."""
        if delay is None:
            place = self.low[row]
            return np.where(self.events.clock[place] < clock, place, -1)
        found = self._first_among(self._bound, row, clock, clock - delay)
        if len(self._free[0]):
            free = self._first_among(self._free, row, clock, np.full(len(row), np.iinfo(np.int64).min))
            found = np.where((free >= 0) & ((found < 0) | (free < found)), free, found)
        return found

    def arrived_by_transfer(self, row: np.ndarray, low_clock: np.ndarray, end_clock: np.ndarray):
        """Per row: [low, high) among `linkable` with a clock from `low_clock` up to before `end_clock`."""
        places, low, high = self._linking
        first = first_not_less(self.events.clock[places], low[row], high[row], low_clock)
        return first, first_not_less(self.events.clock[places], first, high[row], end_clock)

    @property
    def linkable(self) -> np.ndarray:
        """Places of the events that a link step may continue: no two of them follow each other."""
        return self._linking[0]

    @cached_property
    def _linking(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self._those(~self.events.by_link)

    @cached_property
    def _bound(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self._those(self._moved)

    @cached_property
    def _free(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self._those(~self._moved)

    def _those(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Their places, and per account [low, high) among them."""
        places = np.flatnonzero(chosen)
        return places, np.searchsorted(places, self.low), np.searchsorted(places, self.high)

    def _first_among(self, those: tuple, row: np.ndarray, clock: np.ndarray, least: np.ndarray) -> np.ndarray:
        """The first of them with a clock from `least` up to before `clock`; -1: none."""
        places, low, high = those
        if not len(places):
            return np.full(len(row), -1)
        found = first_not_less(self.events.clock[places], low[row], high[row], least)
        place = places[np.minimum(found, len(places) - 1)]
        return np.where((found < high[row]) & (self.events.clock[place] < clock), place, -1)
