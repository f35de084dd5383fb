"""Transfers, and what of them a rule lets a walk see."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cleanroom.moneyflow.rules import Direction, WalkRule

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Transfer:
    """Money that moved; a reversed transfer is none. Accounts are tokens or any other names that differ."""

    transfer_id: str
    executed_at: datetime
    sender: str
    receiver: str
    amount_cents: int

    def __post_init__(self) -> None:
        """Raises ValueError unless money moved."""
        if self.amount_cents <= 0:
            raise ValueError("a transfer moves at least one cent")

    @property
    def order(self) -> tuple[datetime, str]:
        """The one order of all transfers."""
        return self.executed_at, self.transfer_id


def ends(transfer: Transfer, direction: Direction) -> tuple[str, str]:
    """Where a step along the transfer begins and where it ends."""
    both = (transfer.sender, transfer.receiver)
    return both if direction is Direction.FORWARD else both[::-1]


def along(moment: datetime, direction: Direction) -> timedelta:
    """A clock that grows along the walk: with time forward, against it backward."""
    return moment - _EPOCH if direction is Direction.FORWARD else _EPOCH - moment


@dataclass(frozen=True)
class View:
    """What walks of one direction can see.

    `leading`: per account the transfers that lead away from it, only the latest where the rule keeps no more.
    `hubs`: accounts that are not passed through. `shortened`: accounts of which `leading` leaves something out.
    """

    direction: Direction
    leading: dict[str, list[Transfer]]
    hubs: frozenset[str]
    shortened: frozenset[str]


def view(transfers: Iterable[Transfer], rule: WalkRule, direction: Direction) -> View:
    """`direction` is one way, not both."""
    inside = [t for t in transfers if is_inside(t.executed_at, rule)]
    leading: dict[str, list[Transfer]] = {}
    for transfer in sorted(inside, key=lambda t: t.order):
        leading.setdefault(ends(transfer, direction)[0], []).append(transfer)
    most = rule.keep_latest
    if most is None:
        return View(direction, leading, _hubs(inside, rule), frozenset())
    shortened = frozenset(account for account, own in leading.items() if len(own) > most)
    return View(direction, {a: own[-most:] for a, own in leading.items()}, _hubs(inside, rule), shortened)


def is_inside(moment: datetime, rule: WalkRule) -> bool:
    return (rule.after is None or rule.after < moment) and (rule.before is None or moment < rule.before)


def _hubs(inside: Iterable[Transfer], rule: WalkRule) -> frozenset[str]:
    """In and out count, whatever the direction of the walk; a transfer to oneself is one of each."""
    if rule.hub_limit is None:
        return frozenset()
    degree = Counter(account for t in inside for account in (t.sender, t.receiver))
    return frozenset(account for account, number in degree.items() if number > rule.hub_limit)
