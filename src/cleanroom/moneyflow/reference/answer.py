"""The form of an answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Arrival:
    """How a walk of exactly `layer` steps got to `account`: at `at`, by `via` from `came_from`, begun at `start`.

    `via` is a transfer id, or the identifier of a link step; it and `came_from` are None at layer 0. `path`: all steps
    of the walk that explains the arrival, from the start account on, so that `via` is its last.
    """

    account: str
    layer: int
    at: datetime
    start: str
    via: str | None = None
    came_from: str | None = None
    path: tuple[str, ...] = ()


Arrivals = dict[tuple[str, int], Arrival]  # by account and layer


@dataclass(frozen=True)
class Expansion:
    """The answer in one direction.

    `hubs`: accounts that were reached, and that only the hub rule kept from being passed. `truncated`: accounts that
    were passed with not all of their transfers looked at.
    """

    arrivals: Arrivals
    hubs: frozenset[str] = frozenset()
    truncated: frozenset[str] = frozenset()


def nearest_layers(arrivals: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Each account's layer: the nearest at which it was reached. From the keys of Arrivals."""
    nearest: dict[str, int] = {}
    for account, layer in arrivals:
        nearest[account] = min(layer, nearest.get(account, layer))
    return nearest
