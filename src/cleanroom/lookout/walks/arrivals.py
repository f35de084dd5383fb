"""What walks from many starts together found: a record per first arrival, in the order in which they came about."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cleanroom.lookout.graph import Graph
from cleanroom.lookout.walks.ground import sides
from cleanroom.lookout.walks.transfers import Transfers
from cleanroom.moneyflow.rules import Direction, WalkRule

NOBODY = 255


@dataclass(frozen=True)
class Arrivals:
    """The answer in one direction.

    `via` uint32 and `layers` uint8 over records: this transfer is the first arrival, at the account where it ends, at
    each layer k whose bit is set. `reached` uint8 over accounts: bit k says that it was reached at layer k (bit 0: a
    start). `hubs`, `truncated`: account numbers. `live`: with a delay, uint8 over transfers, the layers at which each
    is on some walk.
    """

    graph: Graph
    way: Direction
    rule: WalkRule
    starts: np.ndarray
    begins_us: np.ndarray
    via: np.ndarray
    layers: np.ndarray
    reached: np.ndarray
    hubs: np.ndarray
    truncated: np.ndarray
    live: np.ndarray | None

    def counts(self) -> list[int]:
        """Arrivals per layer, from layer 0 on."""
        found = np.bincount(self.layers, minlength=256)
        bits = np.arange(256)
        at_layers = [int(found[(bits >> layer) & 1 == 1].sum()) for layer in range(1, self.rule.layers + 1)]
        return [len(self.starts), *at_layers]

    def at_layer(self, layer: int) -> tuple[np.ndarray, np.ndarray]:
        """(accounts, the transfers that explain them) at one layer from 1 on."""
        via = self.via[(self.layers >> layer) & 1 == 1]
        return Transfers(self.graph).end(via, self.way), via

    @cached_property
    def nearest(self) -> np.ndarray:
        """uint8 per account: its nearest layer, or NOBODY where no walk gets there."""
        lowest = np.array([NOBODY, *((b & -b).bit_length() - 1 for b in range(1, 256))], np.uint8)
        return lowest[self.reached]

    def path(self, account: int, layer: int) -> list[int]:
        """The transfers that explain an arrival, in the order of the walk. Raises KeyError where there is none."""
        if not (int(self.reached[account]) >> layer) & 1:
            raise KeyError((account, layer))
        steps: list[int] = []
        here = account
        while layer > 0:
            steps.append(self._first(here, layer, steps[-1] if steps else None))
            here, layer = self._origin(steps[-1]), layer - 1
        return steps[::-1]

    def start(self, account: int, layer: int) -> int:
        """Where the walk began that explains an arrival."""
        steps = self.path(account, layer)
        return self._origin(steps[0]) if steps else account

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """(account, layer) of all arrivals."""
        yield from ((int(start), 0) for start in self.starts)
        for layer in range(1, self.rule.layers + 1):
            yield from ((int(account), layer) for account in self.at_layer(layer)[0])

    @cached_property
    def _explains(self) -> np.ndarray:
        """uint8 over transfers: the layers at which each is a first arrival."""
        found = np.zeros(self.graph.transfers, np.uint8)
        found[self.via] = self.layers
        return found

    def _first(self, account: int, layer: int, following: int | None) -> int:
        """By which transfer a walk got to the account: the first of all, or the first that `following` continues."""
        own = self._arriving(account)
        if following is None or self.live is None:
            return int(own[(self._explains[own] >> layer) & 1 == 1][0])
        own = own[(self.live[own] >> layer) & 1 == 1]
        delay = round(self.rule.max_delay.total_seconds() * 1_000_000)
        waited = self._clock(np.array([following], np.uint32)) - self._clock(own)
        own = own[(waited > 0) & (waited <= delay)]
        ids = Transfers(self.graph).column("transfer_id", own)
        return int(own[min(range(len(own)), key=lambda i: (int(self._clock(own)[i]), ids[i].tobytes()))])

    def _arriving(self, account: int) -> np.ndarray:
        """Numbers of the transfers by which a step gets to the account."""
        shift, found = 0, []
        for segment in self.graph.segments:
            side, row = sides(segment, self.way)[1], account
            if side.accounts is not None:
                row = int(np.searchsorted(side.accounts, account))
            if row < len(side.offsets) - 1 and (side.accounts is None or side.accounts[row] == account):
                found.append(side.number[side.offsets[row] : side.offsets[row + 1]] + np.uint32(shift))
            shift += len(segment)
        return np.concatenate(found) if found else np.empty(0, np.uint32)

    def _clock(self, numbers: np.ndarray) -> np.ndarray:
        moments = Transfers(self.graph).column("time_us", numbers)
        return -moments if self.way is Direction.BACKWARD else moments

    def _origin(self, number: int) -> int:
        return int(Transfers(self.graph).origin(np.array([number], np.uint32), self.way)[0])
