"""An account's edges as a query may see them: inside its window, cut to its number of edges, in its order."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cleanroom.lookout.graph import Graph, Side

DESCENDING, ASCENDING = "TIMESTAMP_DESCENDING", "TIMESTAMP_ASCENDING"


@dataclass(frozen=True)
class View:
    """A graph through a window, both ends excluded (UTC microseconds), and a truncation per step."""

    graph: Graph
    after_us: int
    before_us: int
    limit: int | None = None
    order: str = DESCENDING

    @cached_property
    def numbers(self) -> tuple[int, int]:
        """Transfers inside the window: from the first number up to, and without, the second."""
        time_us = self.graph.base.time_us
        first = np.searchsorted(time_us, self.after_us, side="right")
        return int(first), int(np.searchsorted(time_us, self.before_us, side="left"))

    def outgoing(self, account: int) -> Iterator[tuple[int, int]]:
        """(number, receiver) of each transfer of the account that the query looks at, in the order of time."""
        return self._kept(self.graph.base.outgoing, account)

    def incoming(self, account: int) -> Iterator[tuple[int, int]]:
        """(number, sender), as `outgoing`."""
        return self._kept(self.graph.base.incoming, account)

    def cents(self, number: int) -> int:
        return int(self.graph.base.amount_cents[number])

    def _kept(self, side: Side, account: int) -> Iterator[tuple[int, int]]:
        low, high = int(side.offsets[account]), int(side.offsets[account + 1])
        begin, end = self.numbers
        row = side.number[low:high]
        first, last = low + int(np.searchsorted(row, begin)), low + int(np.searchsorted(row, end))
        if self.limit is not None:
            if self.order == DESCENDING:
                first = max(first, last - self.limit)
            else:
                last = min(last, first + self.limit)
        return zip(side.number[first:last].tolist(), side.other[first:last].tolist(), strict=True)
