"""Where moments lie in a graph of two segments, and how a stretch of time is cut into periods."""

from dataclasses import dataclass

import numpy as np

from cleanroom.lookout.graph import Graph

BEGINNING_US = -(2**62)  # before all transfers
END_US = 2**62  # after all transfers
LEAST_TRANSFERS = 1 << 18  # a shorter period is not cut again


@dataclass(frozen=True)
class Place:
    """The first transfers at or after a moment: number in the base, number in the delta."""

    base: int
    delta: int

    @property
    def total(self) -> int:
        return self.base + self.delta


def place_of(graph: Graph, moment_us: int) -> Place:
    numbers = [int(np.searchsorted(segment.time_us, moment_us)) for segment in graph.segments]
    return Place(numbers[0], numbers[1] if len(numbers) > 1 else 0)


def moment_before(graph: Graph, place: Place) -> int:
    """The moment of the last transfer before the place."""
    found = [BEGINNING_US]
    for segment, number in zip(graph.segments, (place.base, place.delta), strict=False):
        if number:
            found.append(int(segment.time_us[number - 1]))
    return max(found)


def cuts(graph: Graph, since_us: int, *, least: int = LEAST_TRANSFERS) -> list[int]:
    """Moments at which periods begin, from `since_us` on, ascending: each period is about as long as all after it.

    So who goes back by n transfers passes over about 2 n of them again, and the number of periods grows with the
    logarithm of the transfers.
    """
    found, total = [since_us], place_of(graph, END_US).total
    while (left := total - place_of(graph, found[-1]).total) > least:
        middle = _moment_with(graph, total - left // 2)
        if middle <= found[-1]:
            break
        found.append(middle)
    return found


def _moment_with(graph: Graph, number: int) -> int:
    """The moment of the transfer that has `number` others before it, both segments read as one."""
    low, high = _span(graph)
    while low < high:
        middle = (low + high + 1) // 2
        if place_of(graph, middle).total <= number:
            low = middle
        else:
            high = middle - 1
    return low


def _span(graph: Graph) -> tuple[int, int]:
    ends = [(int(s.time_us[0]), int(s.time_us[-1])) for s in graph.segments if len(s)]
    return min(first for first, _ in ends), max(last for _, last in ends)
