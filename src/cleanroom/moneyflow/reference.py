"""What a layer is, in plain Python. Every engine must give these answers; none of them runs this in production.

A walk is a sequence of transfers in which each one starts at the account where the one before ended. Forward it goes
from sender to receiver and on in time; backward from receiver to sender and back in time.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cleanroom.moneyflow.rules import LOOKBACK, Direction


@dataclass(frozen=True)
class Transfer:
    """Accounts are tokens or any other names that differ."""

    transfer_id: str
    executed_at: datetime
    sender: str
    receiver: str


@dataclass(frozen=True)
class Arrival:
    """How a walk of exactly `layer` transfers got to `account`: at `at`, by `via` from `came_from`, begun at `start`.

    `via` and `came_from` are None at layer 0.
    """

    account: str
    layer: int
    at: datetime
    start: str
    via: str | None = None
    came_from: str | None = None


Arrivals = dict[tuple[str, int], Arrival]  # by account and layer


def begins_at(listed_at: datetime, direction: Direction, *, lookback: timedelta = LOOKBACK) -> datetime:
    """When the walk from a watch-listed account begins: money left it before the notice, and came in before it."""
    return listed_at - lookback if direction is Direction.FORWARD else listed_at


def layers_in_time(
    transfers: Iterable[Transfer],
    starts: Mapping[str, datetime],
    *,
    layers: int,
    direction: Direction = Direction.FORWARD,
    as_of: datetime | None = None,
) -> Arrivals:
    """Time-respecting: every transfer happens strictly after (backward: before) the arrival that it continues.

    `starts`: account -> time at which its walks begin. Only transfers strictly before `as_of` count. Of all walks of
    exactly k transfers to an account the first arrival counts (backward: the last); ties by transfer id. That one
    suffices: whatever a later arrival leads to, the first one leads to as well.
    """
    known = [t for t in transfers if as_of is None or t.executed_at < as_of]
    found: Arrivals = {(account, 0): Arrival(account, 0, at, account) for account, at in starts.items()}
    for layer in range(1, layers + 1):
        for arrival in _at_layer(found, layer - 1):
            for transfer in known:
                _take_step(found, arrival, transfer, direction)
    return found


def plain_layers(
    transfers: Iterable[Transfer],
    starts: Iterable[str],
    *,
    layers: int,
    direction: Direction = Direction.FORWARD,
    window: tuple[datetime, datetime] | None = None,
) -> dict[str, int]:
    """Without order of time: the least number of transfers inside the window (both ends excluded) to each account."""
    inside = [t for t in transfers if window is None or window[0] < t.executed_at < window[1]]
    nearest = dict.fromkeys(starts, 0)
    for layer in range(1, layers + 1):
        reached = {_ends(t, direction)[1] for t in inside if nearest.get(_ends(t, direction)[0]) == layer - 1}
        nearest |= dict.fromkeys(reached - set(nearest), layer)
    return nearest


def nearest_layers(arrivals: Arrivals) -> dict[str, int]:
    """Each account's layer: the nearest at which it was reached."""
    nearest: dict[str, int] = {}
    for account, layer in arrivals:
        nearest[account] = min(layer, nearest.get(account, layer))
    return nearest


def path(arrivals: Arrivals, account: str, layer: int) -> tuple[str, ...]:
    """The transfers that explain an arrival, from the start account on. Empty at layer 0."""
    arrival = arrivals[account, layer]
    if arrival.via is None or arrival.came_from is None:
        return ()
    return (*path(arrivals, arrival.came_from, layer - 1), arrival.via)


def _at_layer(found: Arrivals, layer: int) -> list[Arrival]:
    return [arrival for (_, at_layer), arrival in found.items() if at_layer == layer]


def _take_step(found: Arrivals, arrival: Arrival, transfer: Transfer, direction: Direction) -> None:
    origin, end = _ends(transfer, direction)
    if origin != arrival.account or not _is_after(transfer.executed_at, arrival.at, direction):
        return
    place = (end, arrival.layer + 1)
    step = Arrival(end, arrival.layer + 1, transfer.executed_at, arrival.start, transfer.transfer_id, origin)
    if place not in found or _comes_first(step, found[place], direction):
        found[place] = step


def _ends(transfer: Transfer, direction: Direction) -> tuple[str, str]:
    """Where a step along the transfer begins and where it ends."""
    ends = (transfer.sender, transfer.receiver)
    return ends if direction is Direction.FORWARD else ends[::-1]


def _is_after(moment: datetime, other: datetime, direction: Direction) -> bool:
    return moment > other if direction is Direction.FORWARD else moment < other


def _comes_first(step: Arrival, other: Arrival, direction: Direction) -> bool:
    if step.at != other.at:
        return _is_after(other.at, step.at, direction)
    return (step.via or "") < (other.via or "")


def walks(
    transfers: list[Transfer], start: str, at: datetime, *, length: int, direction: Direction = Direction.FORWARD
) -> Iterator[tuple[Transfer, ...]]:
    """Every time-respecting walk of exactly `length` transfers from one account: the definition itself.

    Their number grows with the power of `length`; for small graphs only.
    """
    if length == 0:
        yield ()
        return
    for transfer in transfers:
        origin, end = _ends(transfer, direction)
        if origin == start and _is_after(transfer.executed_at, at, direction):
            for rest in walks(transfers, end, transfer.executed_at, length=length - 1, direction=direction):
                yield (transfer, *rest)
