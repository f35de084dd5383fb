"""What is known of transfers, by their numbers over both segments: those of the delta go on where the base's end."""

import numpy as np

from cleanroom.lookout.graph import Graph
from cleanroom.moneyflow.rules import Direction


class Transfers:
    def __init__(self, graph: Graph):
        self._graph, self._base = graph, len(graph.base)

    def column(self, name: str, numbers: np.ndarray) -> np.ndarray:
        """`time_us`, `sender`, `receiver`, `amount_cents` or `transfer_id` of each."""
        base, delta = self._graph.base, self._graph.delta
        if delta is None or not len(numbers) or int(numbers.max()) < self._base:
            return getattr(base, name).take(numbers, axis=0)  # of rows of bytes several times as quick as an index
        of_base = getattr(base, name)
        found = np.empty((len(numbers), *of_base.shape[1:]), of_base.dtype)
        late = numbers >= self._base
        found[~late] = of_base.take(numbers[~late], axis=0)
        found[late] = getattr(delta, name).take(numbers[late] - np.uint32(self._base), axis=0)
        return found

    def origin(self, numbers: np.ndarray, way: Direction) -> np.ndarray:
        """Where a step along each of them begins."""
        return self.column("sender" if way is Direction.FORWARD else "receiver", numbers)

    def end(self, numbers: np.ndarray, way: Direction) -> np.ndarray:
        return self.column("receiver" if way is Direction.FORWARD else "sender", numbers)
