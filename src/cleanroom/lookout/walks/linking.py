"""Walks that may also step from an account to another that shares an identifier with it (S10: `reference.links`).

Layer by layer over whole arrays. A link step keeps the moment, and the tie must have begun by then; so a later arrival
may be the only one that it can continue, and the first of each account does not suffice as it does elsewhere.
"""

from collections.abc import Mapping
from datetime import timedelta
from time import monotonic

import numpy as np

from cleanroom.lookout.bounds import DEFAULT, ENDLESS, Bound, Bounds, Cut
from cleanroom.lookout.ties import NOBODY, TiedGraph
from cleanroom.lookout.walks.leading import Leading, Rows
from cleanroom.lookout.walks.linked import LinkedExpansion, LinkedReach
from cleanroom.lookout.walks.live import Events, Passing, together
from cleanroom.lookout.walks.moments import microseconds
from cleanroom.lookout.walks.runs import first_not_less, spread
from cleanroom.lookout.walks.transfers import Transfers
from cleanroom.moneyflow.rules import Direction, WalkRule

_SLICE = 200_000  # transfers, or link steps, between two looks at the clock
_FAR = np.iinfo(np.int64).max


def expand_linked(
    tied: TiedGraph, starts: Mapping[int, int], rule: WalkRule, link_limit: int, bounds: Bounds = DEFAULT
) -> LinkedExpansion:
    """As `expand_all`, with link steps past identifiers of at most `link_limit` accounts.

    `starts`: account -> moment at which its walks begin, by which the start's own ties must have begun. The bound on
    transfers counts link steps too. Raises ValueError for an account that neither graph nor ties have, a limit that
    links nobody, and a rule without order of time: a tie begins at some moment, and a plain walk has none.
    """
    if not rule.in_time:
        raise ValueError("link steps need the order of time")
    if link_limit < 2:
        raise ValueError("it takes two accounts to share an identifier")
    if any(not 0 <= start < tied.accounts for start in starts):
        raise ValueError("neither graph nor ties have an account of this number")
    ways = {way: _Walk(tied, way, rule, link_limit, bounds).reach(starts) for way in rule.direction.ways}
    return LinkedExpansion(rule, link_limit, bounds, tied.graph.state, ways)


class _Walk:
    """One direction. Times are clocks that grow along the walk: negated backward."""

    def __init__(self, tied: TiedGraph, way: Direction, rule: WalkRule, link_limit: int, bounds: Bounds):
        self.tied, self.way, self.rule, self.link_limit = tied, way, rule, link_limit
        self.sign = -1 if way is Direction.BACKWARD else 1
        self.delay = None if rule.max_delay is None else rule.max_delay // timedelta(microseconds=1)
        self.known_before = _FAR if rule.before is None else microseconds(rule.before)
        self.deadline = bounds.deadline()
        self.most_arrivals = ENDLESS if bounds.accounts is None else bounds.accounts
        self.most_looked_at = ENDLESS if bounds.transfers is None else bounds.transfers
        self.leading, self.transfers = Leading(tied.graph, way, rule), Transfers(tied.graph)
        self.layers: list[Events] = []
        self.firsts: list[np.ndarray] = []
        self.hubs: list[np.ndarray] = []
        self.truncated: list[np.ndarray] = []
        self.looked_at, self.cut = 0, None

    def reach(self, starts: Mapping[int, int]) -> LinkedReach:
        self._begin(starts)
        while self.cut is None and self.layer < self.rule.layers and len(self.layers[-1]):
            self._step()
        ends = np.cumsum([0, *map(len, self.firsts)]).tolist()
        hubs, truncated = (np.unique(np.concatenate(n)) if n else _NONE for n in (self.hubs, self.truncated))
        event, events = np.concatenate(self.firsts), together(self.layers)
        return LinkedReach(
            self.tied, self.way, tuple(ends), event, events, hubs, truncated, self.looked_at, self.cut
        )  # fmt: skip

    @property
    def layer(self) -> int:
        """The last one that was reached."""
        return len(self.layers) - 1

    def _begin(self, starts: Mapping[int, int]) -> None:
        accounts = np.array(sorted(starts), np.int64)
        clocks = self.sign * np.array([starts[a] for a in accounts.tolist()], np.int64)
        nothing = np.full(len(accounts), -1, np.int64)
        self._reached(Events(accounts, clocks, np.zeros(len(accounts), bool), nothing, nothing))

    def _step(self) -> None:
        """Reach the next layer."""
        passing = self._passing()
        found = [*self._by_transfer(passing), *self._by_link(passing)]
        events = self._worth_keeping(together([_NO_EVENTS, *found]))
        first = np.flatnonzero(events.is_first)
        room = self.most_arrivals - sum(map(len, self.firsts[1:]))
        if len(first) > room:
            self.cut = Cut(Bound.ACCOUNTS, self.layer + 1)
            events = events.taken(np.arange(first[room]))
        self._reached(events)

    def _reached(self, events: Events) -> None:
        self.layers.append(events)
        self.firsts.append(np.flatnonzero(events.is_first) + self._place_of_layer)

    @property
    def _place_of_layer(self) -> int:
        """Of its first event over those of all layers."""
        return sum(map(len, self.layers[:-1]))

    def _passing(self) -> Passing:
        """Without hubs, unless walks begin there."""
        events, own = self.layers[-1], self._place_of_layer
        moved = np.full(len(events), self.layer > 0)
        if self.layer == 1:
            moved &= ~events.by_link
        places = own + np.arange(len(events))
        if self.layer and self.rule.hub_limit is not None:
            accounts, account = np.unique(events.account, return_inverse=True)
            stopped = self.leading.degrees(accounts) > self.rule.hub_limit
            self.hubs.append(accounts[stopped])
            passed = ~stopped[account]
            events, moved, places = events.taken(passed), moved[passed], places[passed]
        return Passing(events, places, moved)

    # --- transfers ------------------------------------------------------------------------------------------------

    def _by_transfer(self, passing: Passing) -> list[Events]:
        kept, is_truncated = self.leading.kept(passing.accounts)
        self.truncated.append(passing.accounts[is_truncated])
        first, last = passing.span(self.delay, _FAR)
        found = []
        for rows in kept:
            due = rows.between(*self._numbers(rows, first, last))
            for row, place in self._slices(due.low, due.high):
                found.append(self._continued(passing, due, row, place))
        return found

    def _numbers(self, rows: Rows, first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """[first, end) of the segment's numbers with a clock over `first` and up to `last`."""
        times = rows.segment.time_us
        if self.way is Direction.BACKWARD:
            return np.searchsorted(times, -last, side="left"), np.searchsorted(times, -first, side="left")
        return np.searchsorted(times, first, side="right"), np.searchsorted(times, last, side="right")

    def _continued(self, passing: Passing, rows: Rows, row: np.ndarray, place: np.ndarray) -> Events:
        """Events by those of the transfers that continue one."""
        number = rows.side.number[place]
        clock = self.sign * rows.segment.time_us[number]
        before = passing.continued_by(row, clock, self.delay)
        live = before >= 0
        return Events(
            rows.side.other[place[live]].astype(np.int64),
            clock[live],
            np.zeros(int(live.sum()), bool),
            number[live].astype(np.int64) + rows.shift,
            passing.places[before[live]],
        )

    # --- link steps -----------------------------------------------------------------------------------------------

    def _by_link(self, passing: Passing) -> list[Events]:
        found = []
        for row, identifier, other, since in self._pairs(passing):
            low, high = self._late_enough(passing, row, since)
            if self.delay is None:  # the first that can be continued suffices
                high = np.minimum(high, low + 1)
            for pair, place in self._slices(low, high):
                event = passing.linkable[place]
                found.append(
                    Events(
                        other[pair],
                        passing.events.clock[event],
                        np.ones(len(pair), bool),
                        identifier[pair],
                        passing.places[event],
                    )
                )
        return found

    def _late_enough(self, passing: Passing, row: np.ndarray, since: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Arrivals by transfer at which the tie has begun, as [low, high) of `passing.linkable`."""
        if self.way is Direction.BACKWARD:
            return passing.arrived_by_transfer(row, np.full(len(row), -_FAR), 1 - since)
        return passing.arrived_by_transfer(row, since, np.full(len(row), _FAR))

    def _pairs(self, passing: Passing):
        """(row of `passing`, identifier, other account's number, since when both have it), slice by slice."""
        ties, tied_row = self.tied.ties, self.tied.rows(passing.accounts)
        rows = np.flatnonzero(tied_row != NOBODY)
        own = tied_row[rows]
        row, place = spread(ties.own_offsets[own].astype(np.int64), ties.own_offsets[own + 1].astype(np.int64))
        known = ties.own_from[place] < self.known_before
        row, place = row[known], place[known]
        identifier = ties.own[place].astype(np.int64)
        low, high = self._members(identifier)
        for tie, member in self._slices(low, high):
            account = ties.members[member].astype(np.int64)
            is_other = account != own[row[tie]]
            tie, account = tie[is_other], account[is_other]
            since = np.maximum(ties.own_from[place[tie]], ties.members_from[member[is_other]])
            yield rows[row[tie]], identifier[tie], self.tied.numbers(account), since

    def _members(self, identifier: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """[low, high) of the members that are known in the window; none where they are too many."""
        ties = self.tied.ties
        low = ties.member_offsets[identifier].astype(np.int64)
        end = ties.member_offsets[identifier + 1].astype(np.int64)
        high = first_not_less(ties.members_from, low, end, np.full(len(low), self.known_before))
        return low, np.where(high - low > self.link_limit, low, high)

    # --- bounds and order -----------------------------------------------------------------------------------------

    def _slices(self, low: np.ndarray, high: np.ndarray):
        """The places of all runs, some at a time, until a bound is met: (run of each, place)."""
        ends = np.cumsum(high - low)
        begin = 0
        while begin < (int(ends[-1]) if len(ends) else 0) and self._may_look_on():
            size = min(_SLICE, self.most_looked_at - self.looked_at, int(ends[-1]) - begin)
            self.looked_at += size
            yield _part(low, ends, begin, begin + size)
            begin += size

    def _may_look_on(self) -> bool:
        if self.cut is None and self.looked_at >= self.most_looked_at:
            self.cut = Cut(Bound.TRANSFERS, self.layer + 1)
        if self.cut is None and monotonic() > self.deadline:
            self.cut = Cut(Bound.SECONDS, self.layer + 1)
        return self.cut is None

    def _worth_keeping(self, found: Events) -> Events:
        """In order: by account, clock, a transfer before a link step, id, then by what led there. What can neither be
        a first arrival nor be continued by a step that no earlier event allows is left out."""
        is_last = self.layer + 1 == self.rule.layers
        if self.delay is None or is_last:
            found = found.taken(self._first_or_linkable(found, is_last=is_last))
        found = found.taken(self._order(found))
        first = found.is_first
        if is_last:
            return found.taken(first)
        if self.delay is None:
            return found.taken(first | self._linkable(found))
        same = (found.clock[1:] == found.clock[:-1]) & (found.by_link[1:] == found.by_link[:-1]) & ~first[1:]
        return found.taken(np.concatenate([first[:1], ~same]))

    def _first_or_linkable(self, found: Events, *, is_last: bool) -> np.ndarray:
        """bool[n]: at the first moment of its account, or one that a link step may continue."""
        accounts, account = np.unique(found.account, return_inverse=True)
        least = np.full(len(accounts), _FAR)
        np.minimum.at(least, account, found.clock)
        is_first = found.clock == least[account]
        return is_first if is_last else is_first | self._linkable(found)

    def _linkable(self, found: Events) -> np.ndarray:
        accounts, account = np.unique(found.account, return_inverse=True)
        return (self.tied.rows(accounts) != NOBODY)[account] & ~found.by_link

    def _order(self, found: Events) -> np.ndarray:
        via = self._ids(found)
        led = np.zeros_like(via)
        linked = np.flatnonzero(found.by_link)
        before = self.layers[-1].taken(found.before[linked] - self._place_of_layer)
        led[linked] = self._ids(before) if self.layer else _halves(self.tied.tokens(before.account))
        return np.lexsort((led[:, 1], led[:, 0], via[:, 1], via[:, 0], found.by_link, found.clock, found.account))

    def _ids(self, events: Events) -> np.ndarray:
        """uint64[n, 2] that compare as the transfer ids do, or as the identifiers' tokens."""
        found = np.empty((len(events), 16), np.uint8)
        found[events.by_link] = self.tied.ties.identifiers[events.via[events.by_link]]
        transfers = events.via[~events.by_link].astype(np.uint32)
        found[~events.by_link] = self.transfers.column("transfer_id", transfers)
        return _halves(found)


def _part(low: np.ndarray, ends: np.ndarray, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Of all places of runs, one run after the other, those from `begin` up to before `end`."""
    runs = np.arange(np.searchsorted(ends, begin, side="right"), np.searchsorted(ends, end, side="left") + 1)
    sizes = np.minimum(ends[runs], end) - np.maximum(ends[runs] - _sizes(ends)[runs], begin)
    run = np.repeat(runs, sizes)
    place = np.arange(begin, end)
    return run, place - (ends - _sizes(ends))[run] + low[run]


def _sizes(ends: np.ndarray) -> np.ndarray:
    return np.diff(ends, prepend=0)


def _halves(ids: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(ids).view(">u8").reshape(-1, 2).astype(np.uint64)


_NONE = np.empty(0, np.int64)
_NO_EVENTS = Events(_NONE, _NONE, np.empty(0, bool), _NONE, _NONE)
