"""Live events: steps that some allowed walk takes, each with the step before it."""

from dataclasses import dataclass
from datetime import datetime

from cleanroom.moneyflow.reference.answer import Arrival
from cleanroom.moneyflow.reference.transfers import along
from cleanroom.moneyflow.rules import Direction

_START, _TRANSFER, _LINK = range(3)


@dataclass(frozen=True)
class Event:
    """A walk has got to `account` at `at`. A start has no `via` and nothing before it; a link step keeps the moment.

    `moved`: some transfer is on the walk.
    """

    account: str
    at: datetime
    via: str | None = None
    before: "Event | None" = None
    by_link: bool = False
    moved: bool = False

    def order(self, direction: Direction) -> tuple:
        """First is least: by time along the walk, then by id, a transfer before a link step; ties by what led there."""
        if self.before is None:
            return along(self.at, direction), _START, self.account, ()
        kind = _LINK if self.by_link else _TRANSFER
        return along(self.at, direction), kind, self.via, self.before.order(direction)

    @property
    def start(self) -> str:
        return self.account if self.before is None else self.before.start

    @property
    def path(self) -> tuple[str, ...]:
        return () if self.before is None or self.via is None else (*self.before.path, self.via)

    def arrival(self, layer: int) -> Arrival:
        came_from = self.before.account if self.before else None
        return Arrival(self.account, layer, self.at, self.start, self.via, came_from, self.path)
