"""What each measure lets an institution know, and from when on it could have controlled which account.

own_bank               each institution alone: its own listings, followed in its own ledger
shared_list            the others' listings, learnt at the daily exchange, followed in its own ledger
shared_graph_daily     every listing followed in the joined ledger, at the next daily run
shared_graph_realtime  the same, with every listing told and followed at once

Each measure is asked alone, and as a scenario: on top of the measures before it, which go on (docs/adr/0113).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cleanroom.evaluation.flagging import View, flagged
from cleanroom.evaluation.ledger import Ledger, Listing
from cleanroom.evaluation.rules import DAY_US, EvaluationRules, next_daily_run
from cleanroom.evaluation.taint import Injection, haircut_shares, reported_money
from cleanroom.vocabulary.terms import Scenario

Flags = dict[int, tuple[int, int]]
"""Account -> UTC microseconds at which its institution knew enough to act, and the case that told it (NO_CASE: none
did). The earliest counts; of one moment the earlier listing."""

NO_CASE = -1


@dataclass(frozen=True)
class Case:
    """Everything that the scenarios share: the joined ledger, the listings, and the reported money in it."""

    view: View
    listings: tuple[Listing, ...]
    injections: tuple[Injection, ...]
    participants: frozenset[int]  # institutions that can act

    @property
    def ledger(self) -> Ledger:
        return self.view.ledger

    @property
    def listed(self) -> frozenset[int]:
        return frozenset(x.account for x in self.listings)


def prepare(
    ledger: Ledger, listings: tuple[Listing, ...], participants: frozenset[int], rules: EvaluationRules
) -> Case:
    shares = haircut_shares(ledger)
    return Case(View(ledger, shares), listings, reported_money(ledger, shares, listings, rules), participants)


@dataclass(frozen=True)
class _Seen:
    """What one ledger shows of one listing. `own`: the listing is the ledger's own institution's."""

    case: int
    listed_us: int
    reached: Mapping[int, int]  # account -> when enough had reached it, whoever knew of it then
    own: bool

    def flags(self, known_us: Callable[[int], int] = int) -> Flags:
        """Known once the listing is known and the account is reached. `known_us`: when what is there is learnt."""
        return {a: (known_us(max(us, self.listed_us)), self.case) for a, us in self.reached.items()}

    def flags_from(self, since_us: int) -> Flags:
        return {a: (max(us, since_us), self.case) for a, us in self.reached.items()}


@dataclass(frozen=True)
class Sightings:
    """What all ledgers show of all listings: the one input of every measure."""

    own: tuple[_Seen, ...]
    foreign: tuple[_Seen, ...]
    joined: tuple[_Seen, ...]


def families(case: Case, seen: Sightings) -> np.ndarray:
    """Per case the number of its family, from 0: cases whose money was enough to act on the same account, or on the
    other's watch-listed account. They share people, so one of them says little beside the other."""
    parent = list(range(len(case.listings)))

    def head(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    first = {x.account: number for number, x in enumerate(case.listings)}
    for one in seen.joined:
        for account in one.reached:
            least, other = sorted((head(first.setdefault(account, one.case)), head(one.case)))
            parent[other] = least
    heads = [head(number) for number in parent]
    return np.unique(np.array(heads, dtype=np.int64), return_inverse=True)[1]


def sightings(case: Case, rules: EvaluationRules) -> Sightings:
    own, foreign = _in_own_ledgers(case, rules)
    return Sightings(own, foreign, _in_joined_ledger(case, rules))


def flags_alone(seen: Sightings, rules: EvaluationRules) -> dict[Scenario, Flags]:
    """For each measure by itself the accounts that could be controlled, beyond the listed ones, and since when."""
    own, by_list, daily, at_once = _measures(seen, rules)
    return {
        Scenario.OWN_BANK: own,
        Scenario.SHARED_LIST: by_list,
        Scenario.SHARED_GRAPH_DAILY: daily,
        Scenario.SHARED_GRAPH_REALTIME: at_once,
    }


def flags_by_scenario(seen: Sightings, rules: EvaluationRules) -> dict[Scenario, Flags]:
    """The same with each scenario keeping the measures before it: more knowledge takes no action away. In real time
    the list is told at once as well."""
    own, by_list, daily, at_once = _measures(seen, rules)
    told_at_once = earliest(x.flags() for x in seen.foreign)
    return {
        Scenario.OWN_BANK: own,
        Scenario.SHARED_LIST: earliest([own, by_list]),
        Scenario.SHARED_GRAPH_DAILY: earliest([own, by_list, daily]),
        Scenario.SHARED_GRAPH_REALTIME: earliest([own, told_at_once, at_once]),
    }


def _measures(seen: Sightings, rules: EvaluationRules) -> tuple[Flags, Flags, Flags, Flags]:
    def run(at_us: int) -> int:
        return next_daily_run(at_us, rules)

    return (
        earliest(x.flags() for x in seen.own),
        earliest(x.flags_from(run(x.listed_us)) for x in seen.foreign),
        earliest(x.flags(run) for x in seen.joined),
        earliest(x.flags() for x in seen.joined),
    )


def _in_joined_ledger(case: Case, rules: EvaluationRules) -> tuple[_Seen, ...]:
    return tuple(
        _Seen(number, x.listed_us, _kept(flagged(case.view, x, _seeds(case, number), rules), case, case.participants),
              own=False)
        for number, x in enumerate(case.listings)
    )  # fmt: skip


def _in_own_ledgers(case: Case, rules: EvaluationRules) -> tuple[tuple[_Seen, ...], tuple[_Seen, ...]]:
    """Each institution's own ledger: what its own listings show of its own accounts, and what the others' show."""
    own, foreign = [], []
    for institution in sorted(case.participants):
        mask = case.ledger.seen_by(institution)
        ledger = case.ledger.only(mask)
        view, position = View(ledger, haircut_shares(ledger)), np.cumsum(mask) - 1
        for number, listing in enumerate(case.listings):
            is_own = listing.institution == institution
            if is_own:
                seeds = [(int(position[t]), cents) for t, cents in _seeds(case, number)]
            else:
                seeds = _sent_by_listed(ledger, listing, rules)
            reached = _kept(flagged(view, listing, seeds, rules), case, {institution})
            (own if is_own else foreign).append(_Seen(number, listing.listed_us, reached, own=is_own))
    return tuple(own), tuple(foreign)


def _seeds(case: Case, number: int) -> list[tuple[int, int]]:
    return [(i.transfer, i.cents) for i in case.injections if i.case == number]


def _sent_by_listed(ledger: Ledger, listing: Listing, rules: EvaluationRules) -> list[tuple[int, int]]:
    """What another institution sees of a foreign listed account: its payments to own customers within the lookback,
    taken as reported money in full, latest first, up to the reported sum."""
    sent = ledger.sent_by(listing.account)
    at = ledger.executed_us[sent]
    recent = sent[(at >= listing.listed_us - rules.lookback_days * DAY_US) & (at < listing.listed_us)]
    left, seeds = listing.reported_cents, []
    for transfer in recent[::-1]:
        cents = min(left, int(ledger.amount_cents[transfer]))
        if cents > 0:
            seeds.append((int(transfer), cents))
        left -= cents
    return seeds


def _kept(found: Mapping[int, int], case: Case, institutions: Iterable[int]) -> dict[int, int]:
    """Only accounts of these institutions: nobody controls another's."""
    at, allowed = case.ledger.institution_of, set(institutions)
    return {a: us for a, us in found.items() if int(at[a]) in allowed}


def earliest(parts: Iterable[Flags]) -> Flags:
    found: Flags = {}
    for part in parts:
        for account, flag in part.items():
            found[account] = min(flag, found.get(account, flag))
    return found


@dataclass(frozen=True)
class World:
    """One set of controls. `control`: account -> UTC microseconds at which it came under control, within the data.
    `due_to`: account -> the case that brought it under control, or NO_CASE."""

    control: Mapping[int, int]
    due_to: Mapping[int, int]


def world(case: Case, flags: Flags, delay_us: int) -> World:
    """A listed account is controlled at its listing, the others `delay_us` after they were known to their
    institution. What would have come under control after the data ends is left out."""
    listed: Sequence[Flags] = [{x.account: (x.listed_us, number)} for number, x in enumerate(case.listings)]
    due = earliest([{a: (us + delay_us, number) for a, (us, number) in flags.items()}, *listed])
    due |= {x.account: (due[x.account][0], number) for number, x in enumerate(case.listings)}
    end_us = end_of(case)
    in_time = {a: flag for a, flag in due.items() if flag[0] <= end_us}
    return World({a: us for a, (us, _) in in_time.items()}, {a: number for a, (_, number) in in_time.items()})


def end_of(case: Case) -> int:
    """The last moment the data tells of; what would have come under control later is not counted."""
    times: Sequence[int] = [x.listed_us for x in case.listings] + case.ledger.executed_us[-1:].tolist()
    return max(times, default=0)
