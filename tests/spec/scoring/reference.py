"""What each feature means, in plain Python: slow and obvious. The warehouse must give these numbers."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from itertools import product
from statistics import median

from tests.spec.scoring.world import Paid, World, bank_of

DAY = 86_400
RECENT, HISTORY, SOON, CYCLE, BUSY = 30 * DAY, 90 * DAY, 48 * 3600, 10 * DAY, 20
TWINS, TWIN_LIMIT, CROWD = 72 * 3600, 20, 3
LEAST_PPB, LEAST_STEP_PPB = 1_000_000, 10_000


def second(moment: datetime) -> int:
    return int(moment.timestamp())


def opened_at(world: World, account: str) -> datetime:
    """Midnight in Taipei of the day it was opened."""
    return datetime.combine(world.accounts[account][1], time(), UTC) - timedelta(hours=8)


def per_mille(part: int, whole: int) -> int | None:
    return 1000 * part // whole if whole else None


class Ledger:
    """What moved before a cut-off, as one account sees it."""

    def __init__(self, world: World, account: str, as_of: datetime):
        self.world, self.account, self.as_of = world, account, as_of
        self.ever = [p for p in world.paid if not p.reversed and p.at < as_of]
        self.known = [p for p in self.ever if second(p.at) >= second(as_of) - HISTORY]
        self.came = [p for p in self.known if p.receiver == account]
        self.went = [p for p in self.known if p.sender == account]
        self.listed = {a for a, since, until, _ in world.listed if since < as_of and (until is None or until >= as_of)}

    def recent(self, some: Iterable[Paid]) -> list[Paid]:
        return [p for p in some if second(p.at) >= second(self.as_of) - RECENT]


def features(world: World, account: str, as_of: datetime) -> dict[str, int | None]:
    """Every number of one row of account_features."""
    ledger = Ledger(world, account, as_of)
    parts = (fans, habits, passage, resting, cycles, scatter_gather, dealings_with_listed, distances, ties_and_contacts,
             ages, walks, single_dealings, crowds, twins)  # fmt: skip
    return {name: value for part in parts for name, value in part(ledger).items()}


def fans(ledger: Ledger) -> dict:
    found = {"transfers": len(ledger.came) + len(ledger.went)}
    for side, all_of, other in (("in", ledger.came, "sender"), ("out", ledger.went, "receiver")):
        for span, some in (("", all_of), ("recent_", ledger.recent(all_of))):
            found[f"{side}_{span}transfers"] = len(some)
            found[f"{side}_{span}cents"] = sum(p.cents for p in some)
            found[f"{side}_{span}counterparties"] = len({getattr(p, other) for p in some})
        found[f"{side}_largest_cents"] = max((p.cents for p in all_of), default=0)
        found[f"{side}_smallest_cents"] = min((p.cents for p in all_of), default=None)
        met = [(getattr(p, other), taipei_day(p.at)) for p in all_of if p.sender != p.receiver]
        found[f"{side}_repeated_in_a_day"] = max((met.count(one) for one in met), default=0)
    others = {p.sender for p in ledger.came} | {p.receiver for p in ledger.went}
    return found | {"institutions": len({bank_of(other) for other in others})}


def habits(ledger: Ledger) -> dict:
    seen = ledger.came + ledger.went
    ins, outs = sum(p.cents for p in ledger.came), sum(p.cents for p in ledger.went)
    return {
        "night_per_mille": per_mille(sum((p.at + timedelta(hours=8)).hour < 6 for p in seen), len(seen)),
        "round_per_mille": per_mille(sum(p.cents % 100_000 == 0 for p in seen), len(seen)),
        "preregistered_per_mille": per_mille(sum(p.preregistered for p in seen), len(seen)),
        "kept_per_mille": per_mille(abs(ins - outs), max(ins, outs)),
    }


def passage(ledger: Ledger) -> dict:
    waits, passed, passed_on = [], 0, 0
    for arrival in ledger.came:
        later = [p for p in ledger.went if second(p.at) > second(arrival.at)]
        waits += [min(second(p.at) for p in later) - second(arrival.at)] if later else []
        left = sum(p.cents for p in later if second(p.at) - second(arrival.at) <= SOON)
        passed += min(arrival.cents, left)
        passed_on += 5 * min(arrival.cents, left) >= 4 * arrival.cents
    return {
        "min_seconds_to_leave": min(waits, default=None),
        "median_seconds_to_leave": int(median(waits)) if waits else None,
        "passed_cents": passed,
        "passed_on_transfers": passed_on,
        "left_within_day_transfers": sum(wait <= DAY for wait in waits),
        "passed_per_mille": per_mille(passed, sum(p.cents for p in ledger.came)),
    }


def resting(ledger: Ledger) -> dict:
    balance, moved = 0, [p for p in ledger.came + ledger.went if p.sender != p.receiver]
    for p in sorted(moved, key=lambda p: (second(p.at), p.receiver == ledger.account)):
        balance = balance + p.cents if p.receiver == ledger.account else max(0, balance - p.cents)
    came = sum(p.cents for p in ledger.recent(moved) if p.receiver == ledger.account)
    return {"resting_cents": min(balance, came)}


def cycles(ledger: Ledger) -> dict:
    hops = [p for p in ledger.ever if p.sender != p.receiver]
    closed = {1: set(), 2: set()}
    for first, back in product(hops, hops):
        if first.sender != ledger.account or back.receiver != ledger.account:
            continue
        if not second(first.at) < second(back.at) <= second(first.at) + CYCLE:
            continue
        if back.sender == first.receiver:
            closed[1].add(back.name)
        between = [m for m in hops if (m.sender, m.receiver) == (first.receiver, back.sender)]
        if any(second(first.at) < second(m.at) < second(back.at) for m in between):
            closed[2].add(back.name)
    known = {p.name for p in ledger.known}
    return {"returns_by_one": len(closed[1] & known), "returns_by_two": len((closed[2] - closed[1]) & known)}


def scatter_gather(ledger: Ledger) -> dict:
    carriers: dict[tuple[str, str], set[str]] = {}
    for origin, carrier, receiver in _carried(ledger):
        carriers.setdefault((origin, receiver), set()).add(carrier)
    me, moments = ledger.account, {second(p.at) for p in ledger.known}
    came = [p for p in ledger.recent(ledger.came) if p.sender != me]
    went = [p for p in ledger.recent(ledger.went) if p.receiver != me]
    breadth = [
        min(len({p.sender for p in came if second(p.at) <= now}), len({p.receiver for p in went if second(p.at) > now}))
        for now in moments
    ]
    return {
        "scattered_over": max((len(c) for (origin, _), c in carriers.items() if origin == me), default=0),
        "gathered_over": max((len(c) for (_, receiver), c in carriers.items() if receiver == me), default=0),
        "carried_beside": max((len(c) for c in carriers.values() if me in c), default=0),
        "gathered_and_scattered": max(breadth, default=0),
    }


def _carried(ledger: Ledger) -> set[tuple[str, str, str]]:
    """(origin, carrier, receiver) within the recent window."""
    hops = [p for p in ledger.ever if p.sender != p.receiver]
    found = set()
    for came, went in product(hops, hops):
        soon = second(came.at) < second(went.at) <= second(came.at) + SOON
        if not soon or came.receiver != went.sender or came.sender == went.receiver or not ledger.recent([came]):
            continue
        lately = [p for p in hops if second(went.at) - SOON <= second(p.at) <= second(went.at)]
        if sum((p.sender == went.sender) + (p.receiver == went.sender) for p in lately) <= BUSY:
            found.add((came.sender, came.receiver, went.receiver))
    return found


def dealings_with_listed(ledger: Ledger) -> dict:
    me, listed = ledger.account, ledger.listed - {ledger.account}
    came = [p for p in ledger.came if p.sender in listed]
    went = [p for p in ledger.went if p.receiver in listed]
    my_senders, my_receivers = {p.sender for p in ledger.came}, {p.receiver for p in ledger.went}
    third = my_senders | my_receivers
    within_two = {p.sender for p in ledger.known if p.receiver in third}
    within_two |= {p.receiver for p in ledger.known if p.sender in third}
    from_listed, to_listed = sum(p.cents for p in came), sum(p.cents for p in went)
    return {
        "listed_senders": len({p.sender for p in came}),
        "listed_receivers": len({p.receiver for p in went}),
        "from_listed_cents": from_listed,
        "to_listed_cents": to_listed,
        "from_listed_per_mille": per_mille(from_listed, sum(p.cents for p in ledger.came)),
        "to_listed_per_mille": per_mille(to_listed, sum(p.cents for p in ledger.went)),
        "listed_sharing_senders": len({p.receiver for p in ledger.known if p.sender in my_senders} & listed - {me}),
        "listed_sharing_receivers": len({p.sender for p in ledger.known if p.receiver in my_receivers} & listed - {me}),
        "listed_within_two": len(within_two & listed - {me}),
    }


def distances(ledger: Ledger) -> dict:
    found = {}
    for way in ("forward", "backward"):
        mine = [row for row in ledger.world.layers if row[:3] == (ledger.as_of, way, ledger.account) and row[3]]
        found[f"{way}_layer"] = min((row[3] for row in mine), default=None)
        found[f"{way}_layers"] = len({row[3] for row in mine})
        waits = [abs(second(at) - second(before)) for *_, layer, at, before in mine if layer > 1]
        found[f"{way}_hop_seconds"] = min(waits, default=None)
    return found | {"tainted_bound_cents": _tainted_bound(ledger)}


def _tainted_bound(ledger: Ledger) -> int:
    reached: dict[str, int] = {}
    for as_of, way, account, layer, at, _ in ledger.world.layers:
        if (as_of, way) == (ledger.as_of, "forward") and layer <= 2:
            reached[account] = min(second(at), reached.get(account, second(at)))
    came = [p for p in ledger.came if p.sender != ledger.account]
    received = sum(p.cents for p in came if p.sender in reached and reached[p.sender] < second(p.at))
    losses = [row for row in ledger.world.listed if row[1] < ledger.as_of]
    return min(received, sum(cents for account, *_, cents in losses if account in ledger.listed))


def ties(world: World) -> dict[tuple[str, str], tuple[str, datetime]]:
    """(account, identifier) -> (kind, since when)."""
    holds = [("holder", holder, "account", a, opened_at(world, a)) for a, (holder, _) in world.accounts.items()]
    holds += [("device" if h.by_device else "holder", h.holder, h.kind, h.asset, h.since) for h in world.held]
    direct = [(asset, kind, holder, since) for kind, holder, what, asset, since in holds if what == "account"]
    found = list(direct)
    for account, kind, holder, since in direct:
        if kind == "holder":
            mine = [hold for hold in holds if hold[1] == holder and hold[2] != "account"]
            found += [(account, what, asset, max(since, began)) for _, _, what, asset, began in mine]
    earliest: dict[tuple[str, str], tuple[str, datetime]] = {}
    for account, kind, identifier, since in sorted(found, key=lambda tie: tie[3]):
        earliest.setdefault((account, identifier), (kind, since))
    return earliest


def ties_and_contacts(ledger: Ledger) -> dict:
    world, me, as_of = ledger.world, ledger.account, ledger.as_of
    known = {key: kind for key, (kind, since) in ties(world).items() if since < as_of}
    mine = {identifier for account, identifier in known if account == me}
    on = {name: {i for i, which, since, until in world.cross if which == name and since < as_of
                 and (until is None or until >= as_of)} for name in ("black", "grey")}  # fmt: skip
    shared = [i for i in mine if known[me, i] != "holder"]
    pairs = [(a, b) for a, b, at in world.calls if at < as_of]
    dialled = {b for a, b in pairs if a in mine} | {a for a, b in pairs if b in mine}
    reached = {(a, i) for a, i in known if i in dialled and a != me and a in ledger.listed}
    return {
        "black_identifiers": int(bool(mine & on["black"])),
        "grey_identifiers": int(bool(mine & on["grey"])),
        "person_listings": int(any(holder in mine and at < as_of for holder, at in world.persons)),
        "listed_siblings": len({a for a, i in known if i in mine and a != me and a in ledger.listed}),
        "identifier_accounts": max((sum(i == one for _, i in known) for one in shared), default=0),
        "flagged_contacts": len(dialled & on["black"] | {i for _, i in reached}),
        "listed_contacts": len({a for a, _ in reached}),
    }


def ages(ledger: Ledger) -> dict:
    seen, as_of = ledger.came + ledger.went, ledger.as_of
    fresh = {second(p.at) for p in ledger.recent(seen)}
    older = {second(p.at) for p in seen} - fresh
    data_start = min((second(p.at) for p in ledger.world.paid if not p.reversed), default=0)
    born = max(second(as_of) - HISTORY, data_start, second(opened_at(ledger.world, ledger.account)))
    silent = max(min(fresh) - (max(older) if older else born), 0) if fresh else None
    opened = ledger.world.accounts[ledger.account][1]
    return {"silent_seconds": silent, "age_days": max((as_of.date() - opened).days, 0)}


def taipei_day(moment: datetime) -> int:
    return (second(moment) + 8 * 3600) // DAY


def strengths(ledger: Ledger) -> dict[str, dict[str, int]]:
    """account -> counterparty -> how strongly a step is drawn there."""
    days: dict[tuple[str, str], set[int]] = {}
    for p in ledger.known:
        if p.sender != p.receiver:
            for pair in ((p.sender, p.receiver), (p.receiver, p.sender)):
                days.setdefault(pair, set()).add(taipei_day(p.at))
    found: dict[str, dict[str, int]] = {}
    for (one, other), on in days.items():
        found.setdefault(one, {})[other] = 1_000_000 // len(on)
    return found


def walks(ledger: Ledger) -> dict:
    pulls, found = strengths(ledger), {}
    for way in ("reached", "reaching"):
        steps = [[0, 0], [0, 0], [0, 0]]  # per step: all, and directly from a listed account
        for start in ledger.listed - {ledger.account}:
            for total, (share, direct) in zip(steps, _walk(ledger, pulls, way, start), strict=True):
                total[0] += share
                total[1] += direct
        (one, _), (two, two_direct), (three, three_direct) = steps
        evading = 2 * (two - two_direct) + one
        found |= {
            f"{way}_two_ppb": one + 2 * two,
            f"{way}_three_ppb": one + 2 * two + 4 * three,
            f"{way}_two_evading_ppb": evading,
            f"{way}_three_evading_ppb": evading + 4 * (three - three_direct) + 2 * two_direct,
        }
    return found


def _walk(ledger: Ledger, pulls: dict, way: str, start: str) -> list[tuple[int, int]]:
    """Per step what is at the ledger's account, and how much of it came from a listed one."""
    here, seen = {start: 10**9}, []
    for _ in range(3):
        there: dict[str, list[int]] = {}
        for account, ppb in here.items():
            if way == "reached" and ppb * 10**6 < LEAST_STEP_PPB * sum(pulls.get(account, {}).values()):
                continue  # so many counterparties that next to nothing goes on to any one
            for other, strength in pulls.get(account, {}).items():
                whole = sum(pulls[account if way == "reached" else other].values())
                moved = ppb * strength // whole
                entry = there.setdefault(other, [0, 0])
                entry[0] += moved
                entry[1] += moved if account in ledger.listed else 0
        kept = {a: v for a, v in there.items() if v[0] >= LEAST_PPB}
        seen.append(tuple(kept.get(ledger.account, (0, 0))))
        here = {a: v[0] for a, v in kept.items()}
    return seen


def single_pairs(ledger: Ledger) -> dict[tuple[str, str], int]:
    """(sender, receiver) that met on one day only -> second of the first payment."""
    met: dict[tuple[str, str], list[Paid]] = {}
    for p in ledger.known:
        if p.sender != p.receiver:
            met.setdefault((p.sender, p.receiver), []).append(p)
    return {pair: min(second(p.at) for p in all_of) for pair, all_of in met.items()
            if len({taipei_day(p.at) for p in all_of}) == 1}  # fmt: skip


def single_dealings(ledger: Ledger) -> dict:
    singles, me = single_pairs(ledger), ledger.account
    found = {}
    for name, mine in (
        ("senders", [at for (_, receiver), at in singles.items() if receiver == me]),
        ("receivers", [at for (sender, _), at in singles.items() if sender == me]),
    ):
        found[f"single_{name}"] = len(mine)
        found[f"single_{name}_in_a_day"] = max((sum(at - DAY < b <= at for b in mine) for at in mine), default=0)
    return found


def crowds(ledger: Ledger) -> dict:
    singles, me, found = single_pairs(ledger), ledger.account, {}
    for part, (own, other) in (("paying", (0, 1)), ("paid", (1, 0))):
        mine = [(pair[other], at) for pair, at in singles.items() if pair[own] == me]
        sizes = [sum(pair[other] == o and abs(b - at) < DAY for pair, b in singles.items()) for o, at in mine]
        found |= {f"{part}_crowd": max(sizes, default=0), f"{part}_in_crowds": sum(size >= CROWD for size in sizes)}
    return found


def twins(ledger: Ledger) -> dict:
    found = {}
    for name, (own, other) in (("senders", (1, 0)), ("receivers", (0, 1))):
        singles = [(pair[own], pair[other], at) for pair, at in single_pairs(ledger).items()]
        quiet = [(a, o, at) for a, o, at in singles
                 if sum(x == o and abs(b - at) <= TWINS for _, x, b in singles) <= TWIN_LIMIT]  # fmt: skip
        common: dict[str, int] = {}
        for (a, o, at), (b, x, then) in product(quiet, quiet):
            if a == ledger.account != b and o == x and abs(at - then) <= TWINS:
                common[b] = common.get(b, 0) + 1
        more = [n for n in common.values() if n > 1]
        found |= {f"twins_by_{name}": len(more), f"{name}_in_common": max(more, default=0)}
    return found
