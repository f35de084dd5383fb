"""Distinct transfers as columns, and the ordinary ones among them."""

from dataclasses import dataclass, fields

import numpy as np

from cleanroom.synthetic.people import Population
from cleanroom.synthetic.sizes import DAY_S, DAYS, PERIOD_S

CHANNELS = np.array(["atm", "online", "mobile", "counter", "e_payment", "other"])
_CHANNEL_SHARES = [0.13, 0.27, 0.41, 0.06, 0.11, 0.02]
_HOURS = np.array([1, 1, 1, 1, 1, 2, 3, 5, 8, 10, 11, 10, 11, 9, 9, 10, 10, 9, 8, 8, 7, 6, 4, 2], dtype=float)
_CONTACTS = 5
NO_CASE = -1


@dataclass(frozen=True)
class Flows:
    """`sender`, `receiver`: account indices. `at`: seconds since the period began. `case`: NO_CASE where ordinary."""

    sender: np.ndarray
    receiver: np.ndarray
    at: np.ndarray
    amount_cents: np.ndarray
    channel: np.ndarray
    preregistered: np.ndarray
    reversed: np.ndarray
    case: np.ndarray

    def __len__(self) -> int:
        return len(self.at)

    def where(self, chosen: np.ndarray) -> "Flows":
        """`chosen`: a mask or indices."""
        return Flows(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    def with_(self, other: "Flows") -> "Flows":
        names = [f.name for f in fields(self)]
        return Flows(**{n: np.concatenate([getattr(self, n), getattr(other, n)]) for n in names})

    def in_time_order(self) -> "Flows":
        return self.where(np.lexsort((self.receiver, self.sender, self.at)))


def ordinary(rng: np.random.Generator, people: Population, count: int) -> Flows:
    """Payments between people who know each other, purchases, wages."""
    bought, paid = int(count * 0.25), int(count * 0.12)
    parts = (_between_people(rng, people, count - bought - paid), _purchases(rng, people, bought))
    return parts[0].with_(parts[1]).with_(_wages(rng, people, paid))


def _between_people(rng: np.random.Generator, people: Population, count: int) -> Flows:
    persons = np.concatenate([people.personal, people.outside])
    share = people.weight[persons] / people.weight[persons].sum()
    sender = rng.choice(persons, p=share, size=count)
    known = rng.choice(persons, p=share, size=(len(people.institution), _CONTACTS))
    friend = known[sender, rng.integers(0, _CONTACTS, size=count)]
    receiver = np.where(rng.random(count) < 0.65, friend, rng.choice(persons, p=share, size=count))
    amount = _rounded(rng, rng.lognormal(np.log(3_200), 1.45, size=count))
    return _flows(rng, people, sender, receiver, _times(rng, count), amount, rng.random(count) < 0.3)


def _purchases(rng: np.random.Generator, people: Population, count: int) -> Flows:
    buyers = np.concatenate([people.personal, people.outside])
    share = people.weight[buyers] / people.weight[buyers].sum()
    shops = people.business
    popularity = 1.0 / np.arange(1, len(shops) + 1)
    receiver = rng.choice(shops, p=popularity / popularity.sum(), size=count)
    amount = np.maximum(1, rng.lognormal(np.log(850), 1.1, size=count).astype(np.int64)) * 100
    sender = rng.choice(buyers, p=share, size=count)
    return _flows(rng, people, sender, receiver, _times(rng, count), amount, rng.random(count) < 0.1)


def _wages(rng: np.random.Generator, people: Population, count: int) -> Flows:
    """On the fifth of each month by day, from few firms to many people, registered in advance."""
    firms = rng.choice(people.business, size=max(1, len(people.business) // 4), replace=False)
    months = rng.integers(0, DAYS // 30, size=count)
    at = (months * 30 + 4) * DAY_S + rng.integers(8 * 3600, 17 * 3600, size=count)
    amount = (rng.normal(42_000, 11_000, size=count).clip(27_000, 160_000).astype(np.int64) // 10) * 1_000
    receiver = rng.choice(people.personal, size=count)
    return _flows(rng, people, rng.choice(firms, size=count), receiver, at, amount, np.ones(count, dtype=bool))


def _times(rng: np.random.Generator, count: int) -> np.ndarray:
    hour = rng.choice(24, p=_HOURS / _HOURS.sum(), size=count)
    day = rng.integers(0, DAYS, size=count)
    return np.minimum(day * DAY_S + hour * 3600 + rng.integers(0, 3600, size=count), PERIOD_S - 1)


def _rounded(rng: np.random.Generator, amount_twd: np.ndarray) -> np.ndarray:
    """Cents. People prefer round sums; a few amounts (converted currencies) have cents."""
    capped = amount_twd.clip(1, 3_000_000)
    step = rng.choice([1, 100, 500, 1_000], p=[0.35, 0.3, 0.15, 0.2], size=len(capped))
    whole = np.maximum(1, (capped // step) * step).astype(np.int64) * 100
    return np.where(rng.random(len(capped)) < 0.01, whole + rng.integers(1, 100, size=len(capped)), whole)


def _flows(
    rng: np.random.Generator,
    people: Population,
    sender: np.ndarray,
    receiver: np.ndarray,
    at: np.ndarray,
    amount_cents: np.ndarray,
    preregistered: np.ndarray,
) -> Flows:
    """Nobody pays himself, and no transfer runs past the consortium (both ends outside)."""
    count = len(at)
    past = (sender >= people.owned) & (receiver >= people.owned)
    receiver = np.where(past, rng.choice(people.personal, size=count), receiver)
    kept = sender != receiver
    return Flows(
        sender=sender,
        receiver=receiver,
        at=at.astype(np.int64),
        amount_cents=amount_cents.astype(np.int64),
        channel=rng.choice(len(CHANNELS), p=_CHANNEL_SHARES, size=count),
        preregistered=preregistered,
        reversed=rng.random(count) < 0.003,
        case=np.full(count, NO_CASE),
    ).where(kept)
