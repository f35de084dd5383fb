"""What a walk found: arrays over arrivals, in the order of layers. Objects are made of them when asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cleanroom.lookout.bounds import Bounds, Cut
from cleanroom.lookout.graph import Graph
from cleanroom.lookout.kernels.source import walking_table as at
from cleanroom.lookout.walks.transfers import Transfers
from cleanroom.moneyflow.rules import Direction, WalkRule

NONE = at.NONE


@dataclass(frozen=True)
class Arrival:
    """Account numbers; `via` is a transfer's number (see Transfers). `via` and `came_from` are None at layer 0."""

    account: int
    layer: int
    at_us: int
    start: int
    via: int | None
    came_from: int | None


@dataclass(frozen=True)
class Steps:
    """Live steps: `via` uint32 (NONE at a start), `before` uint32, the step that it continues (NONE where none)."""

    via: np.ndarray
    before: np.ndarray

    def back_from(self, step: int) -> list[int]:
        """The transfers that led to it, in the order of the walk."""
        found: list[int] = []
        while step != NONE and self.via[step] != NONE:
            found.append(int(self.via[step]))
            step = int(self.before[step])
        return found[::-1]


@dataclass(frozen=True)
class Reach:
    """The answer in one direction.

    Arrivals at layer k are those at `ends[k]:ends[k + 1]`. Over arrivals: `account`, `via` (NONE at layer 0) and
    `step` (its place in `steps`), all uint32, and `flags`. `begins_us` of the starts. `looked_at`: transfers.
    """

    graph: Graph
    way: Direction
    ends: tuple[int, ...]
    account: np.ndarray
    via: np.ndarray
    step: np.ndarray
    flags: np.ndarray
    begins_us: np.ndarray
    steps: Steps
    looked_at: int
    cut: Cut | None

    def __len__(self) -> int:
        return len(self.account)

    @cached_property
    def layer(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.ends) - 1, dtype=np.uint8), np.diff(self.ends))

    @cached_property
    def at_us(self) -> np.ndarray:
        moved = Transfers(self.graph).column("time_us", self.via[self.ends[1] :])
        return np.concatenate([self.begins_us, moved])

    @cached_property
    def came_from(self) -> np.ndarray:
        """NONE at layer 0."""
        moved = Transfers(self.graph).origin(self.via[self.ends[1] :], self.way)
        return np.concatenate([np.full(self.ends[1], NONE, np.uint32), moved])

    @property
    def hubs(self) -> np.ndarray:
        """Accounts that were reached, and that only the hub rule kept from being passed."""
        return np.unique(self.account[(self.flags & at.IS_HUB) != 0])

    @property
    def truncated(self) -> np.ndarray:
        """Accounts that were passed with only their latest transfers looked at."""
        return np.unique(self.account[(self.flags & at.IS_TRUNCATED) != 0])

    def counts(self) -> list[int]:
        """Arrivals per layer, from layer 0 on."""
        return np.diff(self.ends).tolist()

    def nearest(self) -> dict[int, int]:
        """Each account's nearest layer."""
        accounts, first = np.unique(self.account, return_index=True)
        return dict(zip(accounts.tolist(), self.layer[first].tolist(), strict=True))

    def place(self, account: int, layer: int) -> int | None:
        """Of the arrival at an account and layer, where there is one."""
        if not 0 <= layer < len(self.ends) - 1:
            return None
        low, high = self.ends[layer], self.ends[layer + 1]
        found = np.flatnonzero(self.account[low:high] == account)
        return low + int(found[0]) if len(found) else None

    def path(self, account: int, layer: int) -> list[int]:
        """The transfers that explain an arrival, in the order of the walk. Raises KeyError where there is none."""
        if (place := self.place(account, layer)) is None:
            raise KeyError((account, layer))
        return self.path_to(place)

    def path_to(self, place: int) -> list[int]:
        return self.steps.back_from(int(self.step[place]))

    def arrival(self, place: int) -> Arrival:
        account, layer, moment = int(self.account[place]), int(self.layer[place]), int(self.at_us[place])
        if layer == 0:
            return Arrival(account, 0, moment, account, None, None)
        via, came_from = int(self.via[place]), int(self.came_from[place])
        first = np.array(self.path_to(place)[:1], np.uint32)
        start = int(Transfers(self.graph).origin(first, self.way)[0])
        return Arrival(account, layer, moment, start, via, came_from)

    def __iter__(self) -> Iterator[Arrival]:
        return map(self.arrival, range(len(self)))


@dataclass(frozen=True)
class Expansion:
    """The answer to one question; `ways` has one Reach per direction that the rule asks for. `state`: the graph's."""

    rule: WalkRule
    bounds: Bounds
    state: int
    ways: dict[Direction, Reach]

    @property
    def cut(self) -> Cut | None:
        """What cut the answer, in whichever direction first; None: it is whole."""
        return next((reach.cut for reach in self.ways.values() if reach.cut), None)

    @property
    def only(self) -> Reach:
        """Of a rule with one direction. Raises ValueError where it has two."""
        (reach,) = self.ways.values()
        return reach
