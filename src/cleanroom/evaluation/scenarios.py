"""What each scenario lets an institution know, and from when on it could have controlled which account.

own_bank               each institution alone: its own listings, followed in its own ledger
shared_list            and the others' listings, learnt at the daily exchange, followed in its own ledger
shared_graph_daily     and every listing followed in the joined ledger, at the next daily run
shared_graph_realtime  the same, with every listing told and followed at once
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


def flags_by_scenario(case: Case, rules: EvaluationRules, *, list_stays: bool = True) -> dict[Scenario, Flags]:
    """For each scenario the accounts that could be controlled, beyond the listed ones, and when that was known.

    More knowledge takes no action away: each scenario keeps what the institutions do without it. `list_stays=False`
    asks what the graph does in place of the list, for the sensitivity of the answer.
    """
    seen, joined = _in_own_ledgers(case, rules), _in_joined_ledger(case, rules)
    own = [x.flags(x.listing.listed_us) for x in seen if x.own]
    foreign = [x for x in seen if not x.own]
    by_list = [x.flags(_next_run(x, rules)) for x in foreign]
    listed_daily = by_list if list_stays else []
    listed_at_once = [x.flags(x.listing.listed_us) for x in foreign] if list_stays else []
    daily = [{a: next_daily_run(us, rules) for a, us in x.flags(x.listing.listed_us).items()} for x in joined]
    at_once = [x.flags(x.listing.listed_us) for x in joined]
    return {
        Scenario.OWN_BANK: _earliest(own),
        Scenario.SHARED_LIST: _earliest([*own, *by_list]),
        Scenario.SHARED_GRAPH_DAILY: _earliest([*own, *listed_daily, *daily]),
        Scenario.SHARED_GRAPH_REALTIME: _earliest([*own, *listed_at_once, *at_once]),
    }


@dataclass(frozen=True)
class _Seen:
    """What one ledger shows of one listing. `own`: the listing is the ledger's own institution's."""

    listing: Listing
    reached: Flags  # account -> when enough had reached it, whoever knew of it then
    own: bool

    def flags(self, since_us: int) -> Flags:
        """Known once the listing is known and the account is reached."""
        return {a: max(us, since_us) for a, us in self.reached.items()}


def _next_run(seen: _Seen, rules: EvaluationRules) -> int:
    return next_daily_run(seen.listing.listed_us, rules)


def _in_joined_ledger(case: Case, rules: EvaluationRules) -> list[_Seen]:
    return [
        _Seen(x, _kept(flagged(case.view, x, _seeds(case, number), rules), case, case.participants), own=False)
        for number, x in enumerate(case.listings)
    ]


def _in_own_ledgers(case: Case, rules: EvaluationRules) -> list[_Seen]:
    """Each institution's own ledger: what its own listings show of its own accounts, and what the others' show."""
    found = []
    for institution in sorted(case.participants):
        mask = case.ledger.seen_by(institution)
        ledger = case.ledger.only(mask)
        view, position = View(ledger, haircut_shares(ledger)), np.cumsum(mask) - 1
        for number, listing in enumerate(case.listings):
            own = listing.institution == institution
            if own:
                seeds = [(int(position[t]), cents) for t, cents in _seeds(case, number)]
            else:
                seeds = _sent_by_listed(ledger, listing, rules)
            found.append(_Seen(listing, _kept(flagged(view, listing, seeds, rules), case, {institution}), own=own))
    return found


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


def _kept(found: Flags, case: Case, institutions: Iterable[int]) -> Flags:
    """Only accounts of these institutions: nobody controls another's."""
    at, allowed = case.ledger.institution_of, set(institutions)
    return {a: us for a, us in found.items() if int(at[a]) in allowed}


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
