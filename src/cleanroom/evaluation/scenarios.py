"""What each scenario lets an institution know, and from when on it could have controlled which account.

own_bank               each institution alone: its own listings, followed in its own ledger
shared_list            and others' listings, learnt at the daily exchange, followed in its own ledger
shared_graph_daily     own_bank, and every listing followed in the joined ledger, at the next daily run
shared_graph_realtime  own_bank, and every listing followed in the joined ledger, at once
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cleanroom.evaluation.flagging import View, flagged
from cleanroom.evaluation.ledger import Ledger, Listing
from cleanroom.evaluation.rules import DAY_US, EvaluationRules, next_daily_run
from cleanroom.evaluation.taint import Injection, haircut_shares, reported_money
from cleanroom.vocabulary.terms import Scenario

Flags = dict[int, int]  # account -> UTC microseconds at which its institution knew enough to act


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


def prepare(
    ledger: Ledger, listings: tuple[Listing, ...], participants: frozenset[int], rules: EvaluationRules
) -> Case:
    shares = haircut_shares(ledger)
    return Case(View(ledger, shares), listings, reported_money(ledger, shares, listings, rules), participants)


def flags_by_scenario(case: Case, rules: EvaluationRules) -> dict[Scenario, Flags]:
    """For each scenario the accounts that could be controlled, beyond the listed ones, and when that was known."""
    own, others = _own_ledgers(case, rules)
    reached = list(_joined(case, rules))
    daily = [{a: next_daily_run(us, rules) for a, us in flags.items()} for flags in reached]
    return {
        Scenario.OWN_BANK: _earliest([own]),
        Scenario.SHARED_LIST: _earliest([own, others]),
        Scenario.SHARED_GRAPH_DAILY: _earliest([own, *daily]),
        Scenario.SHARED_GRAPH_REALTIME: _earliest([own, *reached]),
    }


def _joined(case: Case, rules: EvaluationRules) -> Iterable[Flags]:
    """Per listing: accounts of participants that its money reached, known once it is listed and they are reached."""
    for number, listing in enumerate(case.listings):
        seeds = [(i.transfer, i.cents) for i in case.injections if i.case == number]
        found = flagged(case.view, listing, seeds, rules)
        yield _known(found, listing.listed_us, case, case.participants)


def _own_ledgers(case: Case, rules: EvaluationRules) -> tuple[Flags, Flags]:
    """Each institution's own ledger: what its own listings show, and what the others' listings show."""
    own, others = [], []
    for institution in sorted(case.participants):
        mask = case.ledger.seen_by(institution)
        ledger = case.ledger.only(mask)
        view, position = View(ledger, haircut_shares(ledger)), np.cumsum(mask) - 1
        for number, listing in enumerate(case.listings):
            if listing.institution == institution:
                seeds = [(int(position[i.transfer]), i.cents) for i in case.injections if i.case == number]
                found = flagged(view, listing, seeds, rules)
                own.append(_known(found, listing.listed_us, case, {institution}))
            else:
                found = flagged(view, listing, _sent_by_listed(ledger, listing, rules), rules)
                learnt_us = next_daily_run(listing.listed_us, rules)
                others.append(_known(found, learnt_us, case, {institution}))
    return _earliest(own), _earliest(others)


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


def _known(found: Flags, since_us: int, case: Case, institutions: Iterable[int]) -> Flags:
    at = case.ledger.institution_of
    allowed = set(institutions)
    return {a: max(us, since_us) for a, us in found.items() if int(at[a]) in allowed}


def _earliest(parts: Iterable[Flags]) -> Flags:
    found: Flags = {}
    for part in parts:
        for account, us in part.items():
            found[account] = min(us, found.get(account, us))
    return found


def control_times(case: Case, flags: Mapping[int, int], delay_us: int) -> Flags:
    """When each account came under control: a listed account at its listing, the others `delay_us` after they were
    known to their institution."""
    times = {a: us + delay_us for a, us in flags.items()}
    return _earliest([times, *({x.account: x.listed_us} for x in case.listings)])


def end_of(case: Case) -> int:
    """The last moment the data tells of; what would have come under control later is not counted."""
    times: Sequence[int] = [x.listed_us for x in case.listings] + case.ledger.executed_us[-1:].tolist()
    return max(times, default=0)
