"""What telecom and platform know: who holds which number, who called whom, and their black and grey lists."""

from dataclasses import dataclass

import numpy as np

from cleanroom.synthetic import identities
from cleanroom.synthetic.cases import CASES_PER_RING, HOUR_S, Case
from cleanroom.synthetic.people import Population
from cleanroom.synthetic.sizes import DAY_S, PERIOD_S, Size, moment

TELECOM, PLATFORM = "990", "991"
_SUBSCRIBERS = 0.75
_MEMBERS = 0.5


@dataclass(frozen=True)
class Ring:
    """What a gang uses over several cases."""

    phones: list[str]
    device: str
    sellers: list[str]
    emails: list[str]


@dataclass(frozen=True)
class World:
    """`phone`: of each holder, "" without one at the telecom. `member`: platform account of each holder, or ""."""

    phone: np.ndarray
    member: np.ndarray
    rings: list[Ring]


def make_world(rng: np.random.Generator, people: Population, cases: list[Case]) -> World:
    holders = len(people.holder_id)
    subscribes = (rng.random(holders) < _SUBSCRIBERS) & ~people.holder_is_business
    joins = (rng.random(holders) < _MEMBERS) & ~people.holder_is_business
    rings = [_ring(rng, n) for n in range((len(cases) + CASES_PER_RING - 1) // CASES_PER_RING)]
    taken = {p for ring in rings for p in ring.phones}
    numbers = np.array([p for p in identities.phones(rng, holders + len(taken)) if p not in taken])[:holders]
    members = np.array([f"member-{n:07d}" for n in range(holders)])
    return World(np.where(subscribes, numbers, ""), np.where(joins, members, ""), rings)


def _ring(rng: np.random.Generator, number: int) -> Ring:
    names = range(1, int(rng.integers(2, 5)))
    return Ring(
        phones=[str(p) for p in identities.phones(rng, int(rng.integers(2, 5)))],
        device=str(identities.devices(rng, 1)[0]),
        sellers=[f"seller-{number:04d}-{n}" for n in names],
        emails=[f"shop{number:04d}.{n}@example.com" for n in names],
    )


def contacts(rng: np.random.Generator, people: Population, cases: list[Case], world: World, size: Size) -> list[dict]:
    """Calls and messages in order of time: ordinary ones, and callers who reach victims before they pay."""
    subscribers = np.flatnonzero(world.phone != "")
    rows = _ordinary_calls(rng, world, subscribers, size.calls)
    for case in cases:
        rows += _calls_of(rng, people, case, world, subscribers)
    inside = [r for r in rows if 0 <= r["started_at"] < PERIOD_S]
    ordered = sorted(inside, key=lambda r: (r["started_at"], r["caller"], r["callee"]))
    return [{**r, "started_at": moment(r["started_at"])} for r in ordered]


def _ordinary_calls(rng: np.random.Generator, world: World, subscribers: np.ndarray, count: int) -> list[dict]:
    known = rng.choice(subscribers, size=(len(world.phone), 4))
    callers = rng.choice(subscribers, size=count)
    callees = np.where(
        rng.random(count) < 0.8, known[callers, rng.integers(0, 4, size=count)], rng.choice(subscribers, size=count)
    )
    at = rng.integers(0, PERIOD_S, size=count)
    pairs = zip(callers, callees, at, strict=True)
    return [_call(rng, world.phone[a], world.phone[b], int(t)) for a, b, t in pairs if a != b]


def _calls_of(
    rng: np.random.Generator, people: Population, case: Case, world: World, subscribers: np.ndarray
) -> list[dict]:
    """Four victims in five were called in the day before; many others were tried without success."""
    phones, rows = world.rings[case.ring].phones, []
    for payment in case.payments:
        callee = world.phone[people.holder[payment.sender]]
        if callee and rng.random() < 0.8:
            before = rng.uniform(0.2, 26, size=int(rng.integers(1, 4))) * HOUR_S
            rows += [_call(rng, rng.choice(phones), callee, payment.at - int(b)) for b in before]
    if case.payments:
        tried = rng.choice(subscribers, size=min(len(subscribers), int(rng.integers(4, 16))), replace=False)
        start = case.payments[0].at
        rows += [
            _call(rng, rng.choice(phones), world.phone[t], start + int(rng.uniform(-30, 30) * HOUR_S)) for t in tried
        ]
    return rows


def _call(rng: np.random.Generator, caller: str, callee: str, at: int) -> dict:
    message = rng.random() < 0.15
    return {
        "caller": _as_dialled(str(caller)),
        "callee": _as_dialled(str(callee)),
        "started_at": at,
        "duration_s": "0" if message else str(1 + int(rng.exponential(120))),
        "kind": "sms" if message else "call",
    }


def _as_dialled(phone: str) -> str:
    """The telecom writes national numbers; sealing writes them in E.164 before hashing."""
    return "0" + phone.removeprefix("+886")


def telecom_holdings(rng: np.random.Generator, people: Population, world: World) -> list[dict]:
    rows = []
    for holder in np.flatnonzero(world.phone != ""):
        phone = _as_dialled(str(world.phone[holder]))
        rows.append(_holding(rng, "national_id", str(people.holder_id[holder]), "phone", phone))
    for ring in world.rings:
        rows += [_holding(rng, "device", ring.device, "phone", _as_dialled(p)) for p in ring.phones]
    return rows


def platform_holdings(rng: np.random.Generator, people: Population, world: World) -> list[dict]:
    rows = [
        _holding(rng, "national_id", str(people.holder_id[h]), "platform_account", str(world.member[h]))
        for h in np.flatnonzero(world.member != "")
    ]
    for ring in world.rings:
        rows += [_holding(rng, "device", ring.device, "platform_account", s) for s in ring.sellers]
    return rows


def bank_holdings(
    rng: np.random.Generator, people: Population, cases: list[Case], world: World
) -> dict[str, list[dict]]:
    """Devices from which digital accounts are used. A gang works several mules' accounts from one device."""
    own = identities.devices(rng, len(people.holder_id))
    device = {int(a): str(own[people.holder[a]]) for a in range(people.owned) if people.kind[a].startswith("digital")}
    for case in cases:
        for account in case.mules:
            if account < people.owned and rng.random() < 0.45:
                device[account] = world.rings[case.ring].device
    rows: dict[str, list[dict]] = {}
    for account, used in sorted(device.items()):
        code = str(people.institution[account])
        row = _holding(rng, "device", used, "account", str(people.number[account]), code)
        rows.setdefault(code, []).append(row)
    return rows


def _holding(
    rng: np.random.Generator, kind: str, holder: str, asset_kind: str, asset: str, institution: str | None = None
) -> dict:
    given_up = rng.random() < 0.03
    return {
        "holder_kind": kind,
        "holder": holder,
        "asset_kind": asset_kind,
        "asset": asset,
        "asset_institution": institution,
        "held_from": moment(-int(rng.integers(1, 1_500)) * DAY_S),
        "held_to": moment(int(rng.integers(0, PERIOD_S))) if given_up else None,
    }


def telecom_list(rng: np.random.Generator, cases: list[Case], world: World) -> list[dict]:
    """Callers' numbers some days after their first case, and a few numbers that did nothing."""
    rows = []
    for number, ring in enumerate(world.rings):
        start = _first_payment(cases, number)
        for phone in ring.phones:
            if start is not None and rng.random() < 0.7:
                at = start + int(rng.uniform(0.5, 9) * DAY_S)
                rows.append(_listed("phone", _as_dialled(phone), "black", "reported as a scam caller", at))
    honest = rng.choice(np.flatnonzero(world.phone != ""), size=3 + len(world.rings), replace=False)
    rows += [
        _listed("phone", _as_dialled(str(world.phone[h])), "grey", "many short calls", int(rng.integers(0, PERIOD_S)))
        for h in honest
    ]
    return _in_time(rows)


def platform_list(rng: np.random.Generator, people: Population, cases: list[Case], world: World) -> list[dict]:
    """Sellers, their addresses and devices; holders of mules' accounts whom buyers complained of; and noise."""
    rows = []
    for number, ring in enumerate(world.rings):
        start = _first_payment(cases, number)
        if start is not None:
            at = start + int(rng.uniform(-3, 8) * DAY_S)
            rows += [_listed("platform_account", s, "black", "took money and sent nothing", at) for s in ring.sellers]
            rows += [_listed("email", e, "black", "address of a fraudulent shop", at) for e in ring.emails]
            rows.append(_listed("device", ring.device, "grey", "several fraudulent shops", at + DAY_S))
    for case in cases:
        holder = people.holder[case.layers[0][0]]
        if case.payments and not people.holder_is_business[holder] and rng.random() < 0.3:
            at = case.payments[0].at + int(rng.uniform(-2, 6) * DAY_S)
            rows.append(_listed("national_id", str(people.holder_id[holder]), "grey", "buyers complained", at))
    noise = rng.choice(np.flatnonzero(world.member != ""), size=3 + len(world.rings), replace=False)
    rows += [
        _listed("platform_account", str(world.member[h]), "grey", "late deliveries", int(rng.integers(0, PERIOD_S)))
        for h in noise
    ]
    return _in_time(rows)


def _first_payment(cases: list[Case], ring: int) -> int | None:
    times = [c.payments[0].at for c in cases if c.ring == ring and c.payments]
    return min(times, default=None)


def _listed(kind: str, identifier: str, name: str, reason: str, at: int) -> dict:
    return {
        "identifier_kind": kind,
        "identifier": identifier,
        "list": name,
        "reason": reason,
        "listed_at": at,
        "lifted_at": None,
    }


def _in_time(rows: list[dict]) -> list[dict]:
    inside = [r for r in rows if r["listed_at"] < PERIOD_S]
    ordered = sorted(inside, key=lambda r: (r["listed_at"], r["identifier"]))
    return [{**r, "listed_at": moment(r["listed_at"])} for r in ordered]
