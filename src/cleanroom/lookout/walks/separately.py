"""Walks from many starts at once, each with an answer of its own: the nearest layer of every account."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from cleanroom.lookout.bounds import UNBOUNDED
from cleanroom.lookout.graph import Graph
from cleanroom.lookout.walks.apart import BLOCK, Block
from cleanroom.lookout.walks.arrivals import NOBODY
from cleanroom.lookout.walks.expanding import check_starts, expand
from cleanroom.moneyflow.rules import MOST_LAYERS, Direction, WalkRule

_THREADS = 2


@dataclass(frozen=True)
class Separately:
    """The answers in one direction."""

    rule: WalkRule
    way: Direction
    starts: tuple[int, ...]
    _layers: Callable[[int], np.ndarray]
    _counts: Callable[[], np.ndarray]

    def layers(self, start: int) -> np.ndarray:
        """uint8 per account: its nearest layer from this start, NOBODY where no walk gets there."""
        return self._layers(self.starts.index(start))

    def counts(self) -> np.ndarray:
        """int64[starts, layers + 1]: how many accounts have which nearest layer."""
        return self._counts()[: len(self.starts), : self.rule.layers + 1]


def separately(graph: Graph, starts: Mapping[int, int], rule: WalkRule) -> dict[Direction, Separately]:
    """One set of answers per direction that the rule asks for. `starts`: account -> moment at which its walks begin.

    In order of time and without a delay: one pass for 256 starts, two passes side by side. Else the nearest layer so
    far is not all that a walk needs to go on, so each start is expanded for itself.
    Raises ValueError for an account that the graph does not have.
    """
    check_starts(graph, starts)
    answer = _in_blocks if rule.in_time and rule.max_delay is None else _one_by_one
    return {way: answer(graph, way, starts, rule) for way in rule.direction.ways}


def _in_blocks(graph: Graph, way: Direction, starts: Mapping[int, int], rule: WalkRule) -> Separately:
    """Starts that begin late are together in a block: it has less to pass, and less of the graph reached."""
    size = max(1, min(BLOCK, -(-len(starts) // _THREADS)))
    joining = sorted(starts.items(), key=lambda start: start[1], reverse=way is Direction.BACKWARD)
    parts = [dict(joining[i : i + size]) for i in range(0, len(joining), size)]
    place_of = {start: place for place, (start, _) in enumerate(joining)}
    places = [place_of[start] for start in starts]
    with ThreadPoolExecutor(_THREADS) as threads:
        blocks = list(threads.map(lambda part: Block(graph, way, rule, part), parts))

    def layers(place: int) -> np.ndarray:
        return blocks[places[place] // size].layers(places[place] % size)

    def counts() -> np.ndarray:
        with ThreadPoolExecutor(_THREADS) as threads:
            found = list(threads.map(Block.counts, blocks))
        none = np.empty((0, MOST_LAYERS + 1), np.int64)
        return np.concatenate([none, *(f[: len(part)] for f, part in zip(found, parts, strict=True))])[places]

    return Separately(rule, way, tuple(starts), layers, counts)


def _one_by_one(graph: Graph, way: Direction, starts: Mapping[int, int], rule: WalkRule) -> Separately:
    one_way = replace(rule, direction=way)

    def nearest(start: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        reach = expand(graph, *start, one_way, UNBOUNDED).only
        accounts, first = np.unique(reach.account, return_index=True)
        return accounts, reach.layer[first]

    with ThreadPoolExecutor(_THREADS) as threads:
        found = list(threads.map(nearest, starts.items()))

    def layers(place: int) -> np.ndarray:
        whole = np.full(graph.accounts, NOBODY, np.uint8)
        accounts, own = found[place]
        whole[accounts] = own
        return whole

    def counts() -> np.ndarray:
        none = np.empty((0, rule.layers + 1), np.int64)
        return np.concatenate([none, *(np.bincount(own, minlength=rule.layers + 1)[np.newaxis] for _, own in found)])

    return Separately(rule, way, tuple(starts), layers, counts)
