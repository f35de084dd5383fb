"""Who lives in the consortium: holders, their accounts, how active each account is."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from cleanroom.synthetic import identities
from cleanroom.synthetic.sizes import FIRST_DAY, KEEPERS, OUTSIDE, Size

PERSONAL, BUSINESS = "personal", "business"
DIGITAL = ("digital_1", "digital_2", "digital_3")
_BUSINESS_SHARE = 0.05
_FRESH_SHARE = 0.12  # ordinary accounts opened shortly before; a young account alone proves nothing


@dataclass
class Population:
    """Accounts by index: first `owned` of them at the consortium's institutions, the rest outside it.

    `holder`: index into `holder_id`, -1 outside. `weight`: how much of the ordinary traffic an account takes.
    `kind` and `opened_on` are changed by the cases, which recruit mules.
    """

    owned: int
    institution: np.ndarray
    number: np.ndarray
    holder: np.ndarray
    kind: np.ndarray
    opened_on: np.ndarray
    weight: np.ndarray
    holder_id: np.ndarray
    holder_is_business: np.ndarray

    @property
    def personal(self) -> np.ndarray:
        """Owned accounts of persons, as indices."""
        return np.flatnonzero(self.kind[: self.owned] != BUSINESS)

    @property
    def business(self) -> np.ndarray:
        return np.flatnonzero(self.kind[: self.owned] == BUSINESS)

    @property
    def outside(self) -> np.ndarray:
        return np.arange(self.owned, len(self.institution))

    def accounts_of(self, holder: int) -> np.ndarray:
        return np.flatnonzero(self.holder == holder)


def populate(rng: np.random.Generator, size: Size) -> Population:
    owned, total = size.accounts, size.accounts + size.outside_accounts
    holder, is_business = _holders(rng, owned)
    kind = _kinds(rng, is_business[holder])
    return Population(
        owned=owned,
        institution=np.concatenate([_keepers(rng, owned), rng.choice(OUTSIDE, size=total - owned)]),
        number=identities.account_numbers(rng, total),
        holder=np.concatenate([holder, np.full(total - owned, -1)]),
        kind=np.concatenate([kind, np.full(total - owned, PERSONAL)]),
        opened_on=np.concatenate([_opened(rng, owned), np.full(total - owned, np.datetime64("2000-01-01"))]),
        weight=_weights(rng, total, owned),
        holder_id=_holder_ids(rng, is_business),
        holder_is_business=is_business,
    )


def _holders(rng: np.random.Generator, owned: int) -> tuple[np.ndarray, np.ndarray]:
    """Holder of each account; about one holder in four has two or three."""
    counts = rng.choice([1, 2, 3], p=[0.76, 0.18, 0.06], size=owned)
    holder = np.repeat(np.arange(owned), counts)[:owned]
    return rng.permutation(holder), rng.random(int(holder.max()) + 1) < _BUSINESS_SHARE


def _holder_ids(rng: np.random.Generator, is_business: np.ndarray) -> np.ndarray:
    persons = iter(identities.national_ids(rng, int((~is_business).sum())))
    firms = (identities.business_no(n) for n in range(10_000))
    return np.array([next(firms) if business else next(persons) for business in is_business])


def _kinds(rng: np.random.Generator, business: np.ndarray) -> np.ndarray:
    drawn = rng.choice([PERSONAL, *DIGITAL], p=[0.78, 0.09, 0.04, 0.09], size=len(business))
    return np.where(business, BUSINESS, drawn)


def _keepers(rng: np.random.Generator, owned: int) -> np.ndarray:
    return rng.choice([i.code for i in KEEPERS], p=[i.share for i in KEEPERS], size=owned)


def _opened(rng: np.random.Generator, owned: int) -> np.ndarray:
    years = rng.integers(200, 6_500, size=owned)
    fresh = rng.integers(1, 200, size=owned)
    days = np.where(rng.random(owned) < _FRESH_SHARE, fresh, years)
    return np.datetime64(FIRST_DAY) - days.astype("timedelta64[D]")


def _weights(rng: np.random.Generator, total: int, owned: int) -> np.ndarray:
    """Heavy-tailed: a few accounts take much of the traffic."""
    weight = rng.pareto(1.6, size=total) + 0.05
    weight[owned:] *= 0.4
    return weight


def recruit(rng: np.random.Generator, people: Population, accounts: np.ndarray) -> None:
    """Make `accounts` look as mules' accounts do: quiet, often young, often opened online."""
    for account in accounts[accounts < people.owned]:
        people.weight[account] = min(people.weight[account], 0.25)
        if rng.random() < 0.55:
            opened = FIRST_DAY - timedelta(days=int(rng.integers(3, 150)))
            people.opened_on[account] = np.datetime64(opened)
        if rng.random() < 0.4:
            people.kind[account] = "digital_3"
