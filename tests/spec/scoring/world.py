"""A small consortium as the rows that scoring's models read, and how to draw one at random."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

BEGIN = datetime(2025, 3, 1, tzinfo=UTC)
AS_OFS = (BEGIN + timedelta(days=60), BEGIN + timedelta(days=95, hours=5))
BANKS = ("700", "808")


@dataclass(frozen=True)
class Paid:
    """`reversed`: it moved no money."""

    name: str
    at: datetime
    sender: str
    receiver: str
    cents: int
    preregistered: bool = False
    reversed: bool = False


@dataclass(frozen=True)
class Held:
    """`kind`: of the asset; a device holds as well as a person."""

    holder: str
    kind: str
    asset: str
    since: datetime
    by_device: bool = False


@dataclass(frozen=True)
class World:
    """Accounts are owned: account -> (holder, day it was opened). `outside`: accounts nobody uploaded.

    `listed`: (account, from, until, reported cents). `cross`: (identifier, list, from, until). `persons`: (holder, at).
    `calls`: (number, number, at). `layers`: (cut-off, direction, account, layer, arrival, arrival before it).
    """

    paid: tuple[Paid, ...]
    accounts: dict[str, tuple[str, date]]
    outside: frozenset[str] = frozenset()
    held: tuple[Held, ...] = ()
    listed: tuple[tuple[str, datetime, datetime | None, int], ...] = ()
    cross: tuple[tuple[str, str, datetime, datetime | None], ...] = ()
    persons: tuple[tuple[str, datetime], ...] = ()
    calls: tuple[tuple[str, str, datetime], ...] = ()
    layers: tuple[tuple[datetime, str, str, int, datetime, datetime | None], ...] = ()
    as_ofs: tuple[datetime, ...] = field(default=AS_OFS)


def bank_of(account: str) -> str:
    return BANKS[ord(account[-1]) % 2]


def random_world(seed: int, *, accounts: int = 6, transfers: int = 30) -> World:
    """Few accounts, numbers and moments, so that ties, cycles, equal seconds and window edges are common."""
    rng = random.Random(seed)
    names = [f"a{chr(65 + i)}" if i < 26 else f"a{i}{chr(65 + i % 26)}" for i in range(accounts)]
    numbers = [f"p{i}" for i in range(accounts)]
    holders = [f"h{i}" for i in range(max(2, accounts - 1))]
    owned = {
        n: (rng.choice(holders), (BEGIN + timedelta(days=rng.choice((-300, 0, 40, 94)))).date()) for n in names[:-1]
    }
    paid = tuple(_paid(rng, i, names) for i in range(transfers))
    listed = tuple((n, _moment(rng), rng.choice((None, AS_OFS[1])), rng.choice((0, 5_000, 900_000)))
                   for n in rng.sample(names, rng.randrange(len(names))))  # fmt: skip
    return World(
        paid=paid,
        accounts=owned,
        outside=frozenset(names[-1:]),
        held=tuple(_held(rng, holders, numbers, names) for _ in range(accounts)),
        listed=listed,
        cross=tuple(
            (rng.choice(numbers + holders), rng.choice(("black", "grey")), _moment(rng), rng.choice((None, AS_OFS[0])))
            for _ in range(max(2, accounts // 6))
        ),
        persons=tuple((rng.choice(holders), _moment(rng)) for _ in range(max(1, accounts // 10))),
        calls=tuple((*rng.sample(numbers, 2), _moment(rng)) for _ in range(accounts)),
        layers=tuple(
            _layer(rng, as_of, way, name) for as_of in AS_OFS for way in ("forward", "backward") for name in names
        ),
    )


def without_listings_of(world: World, account: str) -> World:
    kept = tuple(row for row in world.listed if row[0] != account)
    return World(**{**vars(world), "listed": kept})


def _moment(rng: random.Random) -> datetime:
    days = rng.choice((0, 4, 5, 28, 29, 30, 31, 57, 58, 59, 60, 64, 65, 66, 92, 93, 94, 95))
    return BEGIN + timedelta(days=days, hours=rng.choice((0, 1, 5, 17)), seconds=rng.choice((0, 0, 1)))


def _paid(rng: random.Random, place: int, names: list[str]) -> Paid:
    cents = rng.choice((100, 80_000, 100_000, 100_001, 5_000_000))
    return Paid(f"t{place:03}", _moment(rng), rng.choice(names), rng.choice(names), cents,
                rng.random() < 0.3, rng.random() < 0.1)  # fmt: skip


def _held(rng: random.Random, holders: list[str], numbers: list[str], names: list[str]) -> Held:
    if rng.random() < 0.3:
        return Held(rng.choice(("d0", "d1")), "account", rng.choice(names), _moment(rng), by_device=True)
    kind = rng.choice(("phone", "phone", "phone", "device", "platform_account"))
    asset = {"phone": rng.choice(numbers), "device": "d0", "platform_account": "x0"}[kind]
    return Held(rng.choice(holders), kind, asset, _moment(rng))


def _layer(rng: random.Random, as_of: datetime, way: str, name: str) -> tuple:
    layer = rng.randrange(4)
    before = BEGIN + timedelta(hours=rng.randrange(100))
    return as_of, way, name, layer, before + timedelta(hours=rng.randrange(1, 50)), before if layer else None
