"""How far a walk may go before it must answer with what it has."""

from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

ENDLESS = 1 << 62


class Bound(StrEnum):
    ACCOUNTS = "accounts"
    TRANSFERS = "transfers"
    SECONDS = "seconds"


@dataclass(frozen=True)
class Bounds:
    """Of one answer, per direction. None is no bound.

    `accounts`: arrivals found, an account once per layer, starts apart. `transfers`: those looked at, a transfer once
    per layer. `seconds`: looked at every few milliseconds, so exceeded by as much.
    """

    accounts: int | None = 10_000
    transfers: int | None = 2_000_000
    seconds: float | None = 1.0

    def __post_init__(self) -> None:
        """Raises ValueError where nothing could be answered."""
        for name in ("accounts", "transfers", "seconds"):
            if (bound := getattr(self, name)) is not None and bound <= 0:
                raise ValueError(f"the bound on {name} is more than nothing, or absent")

    def deadline(self) -> float:
        """On the monotonic clock."""
        return float("inf") if self.seconds is None else monotonic() + self.seconds


DEFAULT = Bounds()
UNBOUNDED = Bounds(None, None, None)


@dataclass(frozen=True)
class Cut:
    """Which bound cut the answer, while arrivals at `layer` were being found.

    The layers before it are whole. Those at it are arrivals by allowed walks, but not all, and an earlier arrival at
    the same account may be missing.
    """

    by: Bound
    layer: int
