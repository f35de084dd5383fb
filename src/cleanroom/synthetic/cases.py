"""Scams: victims pay a mule, mules pass the money on through several banks within minutes to hours, police list.

One case is made layer by layer in the order in which it would happen, so that a watch-listed account receives and
sends nothing afterwards and no mule passes on more than it received.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from cleanroom.synthetic.people import Population, recruit
from cleanroom.synthetic.sizes import DAY_S, PERIOD_S, Size

HOUR_S = 3600
CASES_PER_RING = 4
TYPOLOGIES = ("fan_in", "fan_out", "chain", "scatter_gather", "cycle")
_NEVER_REPORTED = 0.06
_LISTED_DEEPER = (0.4, 0.25, 0.15, 0.1)  # chance by layer that police also find the accounts behind the first one
_OUTSIDE = 0.12  # money that leaves for an institution outside the consortium


@dataclass(frozen=True)
class Move:
    sender: int
    receiver: int
    at: int
    amount_cents: int


@dataclass(frozen=True)
class Listing:
    """`layer` 1 is the account that victims paid. `loss_cents` stands there only, so that no loss counts twice."""

    account: int
    at: int
    layer: int
    loss_cents: int | None
    case_no: str
    parent_case: str | None


@dataclass
class Case:
    number: int
    ring: int
    typology: str
    layers: list[list[int]]
    payments: list[Move] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    listings: dict[int, Listing] = field(default_factory=dict)

    @property
    def mules(self) -> list[int]:
        return sorted({a for layer in self.layers for a in layer})

    @property
    def victims(self) -> list[int]:
        return sorted({p.sender for p in self.payments})

    def listed_at(self, account: int) -> int:
        return self.listings[account].at if account in self.listings else PERIOD_S


def make_cases(rng: np.random.Generator, people: Population, size: Size) -> list[Case]:
    """In order of time. The population's accounts that become mules are changed to look the part."""
    starts = np.sort(rng.integers(2 * DAY_S, PERIOD_S - 4 * DAY_S, size=size.cases))
    recruits = _Recruits(rng, people)
    cases = []
    for number, start in enumerate(starts):
        case = _planned(rng, number, recruits)
        _victims_pay(rng, people, case, int(start), recruits)
        _head_is_listed(rng, case)
        _money_moves_on(rng, people, case)
        cases.append(case)
    return cases


class _Recruits:
    """Accounts that become mules: each heads at most one case; a ring uses some exits again."""

    def __init__(self, rng: np.random.Generator, people: Population):
        self._rng, self._people = rng, people
        self._fresh = list(rng.permutation(people.personal))
        self._exits: dict[int, list[int]] = defaultdict(list)
        self.taken: set[int] = set()

    def head(self) -> int:
        return self._take()

    def behind(self, previous: int, ring: int, *, last: bool) -> int:
        """Another institution than the previous account's where that is easy."""
        exits = self._exits[ring]
        if last and exits and self._rng.random() < 0.35:
            return int(self._rng.choice(exits))
        if self._rng.random() < _OUTSIDE:
            return int(self._rng.choice(self._people.outside))
        account = self._take(avoid=self._people.institution[previous])
        if last:
            exits.append(account)
        return account

    def _take(self, avoid: str | None = None) -> int:
        place = next((i for i, a in enumerate(self._fresh[:6]) if self._people.institution[a] != avoid), 0)
        account = int(self._fresh.pop(place))
        recruit(self._rng, self._people, np.array([account]))
        self.taken.add(account)
        return account


def _planned(rng: np.random.Generator, number: int, recruits: _Recruits) -> Case:
    typology, ring = TYPOLOGIES[number % len(TYPOLOGIES)], number // CASES_PER_RING
    heads = [recruits.head() for _ in range(2 if typology == "fan_in" and rng.random() < 0.3 else 1)]
    layers = [heads]
    for width, last in _widths(rng, typology):
        layers.append([recruits.behind(layers[-1][0], ring, last=last) for _ in range(width)])
    if typology == "cycle":  # back to the head, and out through one more
        layers[-1:] = [heads, layers[-1]]
    return Case(number, ring, typology, [sorted(set(layer)) for layer in layers])


def _widths(rng: np.random.Generator, typology: str) -> list[tuple[int, bool]]:
    """(number of accounts, whether they are the last) of each layer behind the head."""
    many = int(rng.integers(4, 9))
    widths = {
        "fan_in": [1],
        "fan_out": [many],
        "chain": [1] * int(rng.integers(3, 6)),
        "scatter_gather": [many, 1],
        "cycle": [1] * int(rng.integers(3, 5)),
    }[typology]
    return [(width, i == len(widths) - 1) for i, width in enumerate(widths)]


def _victims_pay(rng: np.random.Generator, people: Population, case: Case, start: int, recruits: _Recruits) -> None:
    count = int(rng.integers(6, 13) if case.typology == "fan_in" else rng.integers(2, 6))
    chance = people.weight[people.personal] / people.weight[people.personal].sum()
    at = start
    for victim in rng.choice(people.personal, p=chance, size=count, replace=False):
        head = int(rng.choice(case.layers[0]))
        for _ in range(int(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))):
            at += int(rng.exponential(5 * HOUR_S)) + 120
            amount = int(_lognormal(rng, 48_000, 1.0, low=3_000, high=2_000_000)) // 1_000 * 100_000
            if int(victim) not in recruits.taken and at < PERIOD_S:
                case.payments.append(Move(int(victim), head, at, amount))


def _lognormal(rng: np.random.Generator, median: float, sigma: float, *, low: float, high: float) -> float:
    return min(max(rng.lognormal(np.log(median), sigma), low), high)


def _head_is_listed(rng: np.random.Generator, case: Case) -> None:
    """Some victims report; the first report has the account listed; what was paid before and reported is the loss."""
    for head in case.layers[0]:
        paid = [p for p in case.payments if p.receiver == head]
        if not paid or rng.random() < _NEVER_REPORTED:
            continue
        at = paid[0].at + int(_lognormal(rng, 10, 1.0, low=1.5, high=144) * HOUR_S)
        reported = [p.amount_cents for i, p in enumerate(paid) if p.at < at and (i == 0 or rng.random() < 0.8)]
        if at < PERIOD_S:
            case_no = f"165-{case.number:05d}-{case.layers[0].index(head) + 1}"
            case.listings[head] = Listing(head, at, 1, sum(reported), case_no, None)
    case.payments = [p for p in case.payments if p.at < case.listed_at(p.receiver)]


def _money_moves_on(rng: np.random.Generator, people: Population, case: Case) -> None:
    """Each layer sweeps what came in and pays the next, until the account is listed."""
    pace_s = rng.choice([12 * 60, 3 * HOUR_S, 9 * HOUR_S], p=[0.5, 0.3, 0.2])
    inflow = _by_receiver(case.payments)
    for depth, (layer, targets) in enumerate(pairwise(case.layers), start=1):
        moves = [
            move
            for account in layer
            for move in _sweeps(rng, account, inflow[account], targets, case.listed_at(account), pace_s * depth**0.5)
        ]
        _list_deeper(rng, people, case, _by_receiver(moves), depth)
        moves = [m for m in moves if m.at < case.listed_at(m.receiver)]
        case.moves += moves
        inflow = _by_receiver(moves)


def _by_receiver(moves: list[Move]) -> dict[int, list[Move]]:
    found = defaultdict(list)
    for move in sorted(moves, key=lambda m: m.at):
        found[move.receiver].append(move)
    return found


def _sweeps(
    rng: np.random.Generator, account: int, inflow: list[Move], targets: list[int], until: int, pace_s: float
) -> list[Move]:
    moves, waiting = [], list(inflow)
    while waiting:
        at = waiting[0].at + 60 + int(rng.lognormal(np.log(pace_s), 0.9))
        if at >= until:
            break
        swept = sum(m.amount_cents for m in waiting if m.at < at)
        waiting = [m for m in waiting if m.at >= at]
        moves += _split(rng, account, targets, at, int(swept * rng.uniform(0.86, 0.99)), until)
    return moves


def _split(
    rng: np.random.Generator, account: int, targets: list[int], at: int, amount_cents: int, until: int
) -> list[Move]:
    moves = []
    for target, share in zip(targets, rng.dirichlet(np.full(len(targets), 6.0)), strict=True):
        amount = int(amount_cents * share) // 10_000 * 10_000
        if amount and target != account and at < until:
            moves.append(Move(account, target, at, amount))
        at += int(rng.integers(20, 400))
    return moves


def _list_deeper(
    rng: np.random.Generator, people: Population, case: Case, inflow: dict[int, list[Move]], depth: int
) -> None:
    head = next((case.listings[h] for h in case.layers[0] if h in case.listings), None)
    if head is None:
        return
    chance = _LISTED_DEEPER[min(depth, len(_LISTED_DEEPER)) - 1]
    for i, (account, moves) in enumerate(sorted(inflow.items()), start=1):
        found = rng.random() < chance
        at = max(head.at, moves[0].at) + int(rng.lognormal(np.log(26), 0.8) * HOUR_S)
        if found and at < PERIOD_S and account < people.owned and account not in case.listings:
            case_no = f"165-{case.number:05d}-L{depth + 1}{i:02d}"
            case.listings[account] = Listing(account, at, depth + 1, None, case_no, head.case_no)
