"""The rule of a walk: which transfers may follow each other. Every engine takes the same and says it in its answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LOOKBACK = timedelta(days=30)
MOST_LAYERS = 6


class Direction(StrEnum):
    """Forward: where the money went. Backward: who paid in. Both: the two answers side by side; no walk turns round."""

    FORWARD = "forward"
    BACKWARD = "backward"
    BOTH = "both"

    @property
    def ways(self) -> tuple["Direction", ...]:
        return (Direction.FORWARD, Direction.BACKWARD) if self is Direction.BOTH else (self,)


def begins_at(listed_at: datetime, direction: Direction, *, lookback: timedelta = LOOKBACK) -> datetime:
    """When walks from a watch-listed account begin: money left it before the notice, and came in before it.

    `direction` is one way, not both.
    """
    return listed_at - lookback if direction is Direction.FORWARD else listed_at


class TaintMethod(StrEnum):
    """How tainted money leaves an account. Haircut: every cent in proportion. Fifo: what came first leaves first.
    Poison: the tainted first."""

    HAIRCUT = "haircut"
    FIFO = "fifo"
    POISON = "poison"


@dataclass(frozen=True)
class WalkRule:
    """What a walk may do.

    `in_time`: each transfer happens strictly after the one before it on the walk (backward: strictly before). False is
    the plain rule: order plays no part, an account counts once, at its nearest layer.
    `max_delay`: and at most this long after it. The first transfer of a walk continues no arrival: no delay binds it.
    `hub_limit`: an account with more transfers than this inside the window, in and out added up, is reached but not
    passed through. The account where a walk begins is passed at layer 0 whatever its degree.
    `keep_latest`: of an account's transfers along the walk's direction inside the window, only this many, the latest
    (ties: the greater transfer id), are looked at. An account with more is named as truncated.
    `after`, `before`: the window, both ends excluded. None is open.
    """

    layers: int = MOST_LAYERS
    direction: Direction = Direction.FORWARD
    in_time: bool = True
    max_delay: timedelta | None = None
    hub_limit: int | None = None
    keep_latest: int | None = None
    after: datetime | None = None
    before: datetime | None = None

    def __post_init__(self) -> None:
        """Raises ValueError where the rule can't be meant."""
        if not 1 <= self.layers <= MOST_LAYERS:
            raise ValueError(f"layers go from 1 to {MOST_LAYERS}, not {self.layers}")
        if self.max_delay is not None and (not self.in_time or self.max_delay <= timedelta(0)):
            raise ValueError("a delay needs the order of time, and must be longer than nothing")
        for name in ("hub_limit", "keep_latest"):
            if (limit := getattr(self, name)) is not None and limit < 1:
                raise ValueError(f"{name} is at least 1, or absent")
        if self.after is not None and self.before is not None and self.after >= self.before:
            raise ValueError("the window must end after it begins")
