"""What walks with link steps found: arrays over arrivals, in the order of layers."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cleanroom.lookout.bounds import Bounds, Cut
from cleanroom.lookout.ties import KINDS, TiedGraph
from cleanroom.lookout.walks.live import Events
from cleanroom.lookout.walks.transfers import Transfers
from cleanroom.moneyflow.rules import Direction, WalkRule

TRANSFER = "transfer"


@dataclass(frozen=True)
class Step:
    """Of a walk. `kind`: transfer, or the kind of the identifier that both accounts have. `via`: the transfer's id or
    the identifier's token, 16 bytes."""

    kind: str
    via: bytes


@dataclass(frozen=True)
class LinkedArrival:
    """Account numbers (see TiedGraph). `step` and `came_from` are None at layer 0."""

    account: int
    layer: int
    at_us: int
    start: int
    step: Step | None
    came_from: int | None


@dataclass(frozen=True)
class LinkedReach:
    """The answer in one direction.

    Arrivals at layer k are those at `ends[k]:ends[k + 1]`; `event` int64 is the place of each in `events`, which holds
    the live steps of all layers. `hubs`, `truncated`: account numbers. `looked_at`: transfers, and link steps.
    """

    tied: TiedGraph
    way: Direction
    ends: tuple[int, ...]
    event: np.ndarray
    events: Events
    hubs: np.ndarray
    truncated: np.ndarray
    looked_at: int
    cut: Cut | None

    def __len__(self) -> int:
        return len(self.event)

    @property
    def layer(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.ends) - 1, dtype=np.uint8), np.diff(self.ends))

    @property
    def account(self) -> np.ndarray:
        return self.events.account[self.event]

    @property
    def at_us(self) -> np.ndarray:
        clock = self.events.clock[self.event]
        return -clock if self.way is Direction.BACKWARD else clock

    def path_to(self, place: int) -> list[int]:
        """The steps that explain an arrival, in the order of the walk, as places in `events`."""
        found, here = [], int(self.event[place])
        while self.events.before[here] >= 0:
            found.append(here)
            here = int(self.events.before[here])
        return found[::-1]

    def steps(self, events: np.ndarray) -> list[Step]:
        """By what each of them, none a start, got on."""
        kinds, vias = self._named(events)
        return [Step(kind, via.tobytes()) for kind, via in zip(kinds, vias, strict=True)]

    def vias(self, events: np.ndarray) -> np.ndarray:
        """uint8[n, 16]: transfer ids and identifiers' tokens of steps, none a start."""
        return self._named(events)[1]

    def amounts(self, events: np.ndarray) -> list[int | None]:
        """Cents of each step; None for a link step, which moves nothing."""
        by_link, via = self.events.by_link[events], self.events.via[events]
        cents = np.zeros(len(events), np.int64)
        cents[~by_link] = Transfers(self.tied.graph).column("amount_cents", via[~by_link].astype(np.uint32))
        return [None if linked else int(one) for linked, one in zip(by_link, cents, strict=True)]

    def arrival(self, place: int) -> LinkedArrival:
        account, layer, at_us = int(self.account[place]), int(self.layer[place]), int(self.at_us[place])
        path = self.path_to(place)
        if not path:
            return LinkedArrival(account, 0, at_us, account, None, None)
        before = self.events.before[[path[0], path[-1]]]
        start, came_from = (int(number) for number in self.events.account[before])
        return LinkedArrival(account, layer, at_us, start, self.steps(np.array(path[-1:]))[0], came_from)

    def __iter__(self) -> Iterator[LinkedArrival]:
        return map(self.arrival, range(len(self)))

    def _named(self, events: np.ndarray) -> tuple[list[str], np.ndarray]:
        by_link, via = self.events.by_link[events], self.events.via[events]
        found = np.empty((len(events), 16), np.uint8)
        found[by_link] = self.tied.ties.identifiers[via[by_link]]
        found[~by_link] = Transfers(self.tied.graph).column("transfer_id", via[~by_link].astype(np.uint32))
        kinds = np.full(len(events), TRANSFER, object)
        kinds[by_link] = self._kinds[self.tied.ties.kinds[via[by_link]]]
        return kinds.tolist(), found

    @cached_property
    def _kinds(self) -> np.ndarray:
        return np.array(KINDS, object)


@dataclass(frozen=True)
class LinkedExpansion:
    """The answer to one question; `ways` has one reach per direction that the rule asks for. `state`: the graph's."""

    rule: WalkRule
    link_limit: int
    bounds: Bounds
    state: int
    ways: dict[Direction, LinkedReach]

    @property
    def cut(self) -> Cut | None:
        """What cut the answer, in whichever direction first; None: it is whole."""
        return next((reach.cut for reach in self.ways.values() if reach.cut), None)
