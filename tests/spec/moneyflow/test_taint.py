"""Laws of taint and of release, on the reference and on the online engine."""

from collections import deque
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cleanroom.evaluation import blocking
from cleanroom.evaluation import ledger as evaluation
from cleanroom.evaluation.rules import EvaluationRules
from cleanroom.evaluation.taint import haircut_shares
from cleanroom.evaluation.taint import reported_money as evaluation_money
from cleanroom.lookout.walks.moments import microseconds
from cleanroom.moneyflow.reference import (
    TaintMethod,
    Transfer,
    follow,
    proposed_for_release,
    reported_money,
)
from tests.factories.drawing import Flow
from tests.factories.flows import flows, listings, minute
from tests.factories.laws import LAW
from tests.factories.ledgers import ledger_of
from tests.spec.moneyflow.taints import (
    followed_by_reference,
    followed_online,
    released_by_reference,
    released_online,
)

methods = st.sampled_from(TaintMethod)
seeds = st.none() | st.integers(0, 9)


def taint_of(flow, reports, method):
    return follow(flow.carried(), reported_money(flow.carried(), reports), method)


@given(flows(most=30), listings(), methods, seeds)
@LAW
def test_the_online_engine_gives_the_reference_s_cents(flow, reports, method, seed):
    assert followed_online(flow, reports, method, seed=seed) == followed_by_reference(flow, reports, method)


@given(flows(), listings(), st.sets(st.integers(0, 2)), seeds)
@LAW
def test_the_online_engine_proposes_the_same_releases(flow, reports, places, seed):
    lifted = {f"case {place}" for place in places}
    assert released_online(flow, reports, lifted, seed=seed) == released_by_reference(flow, reports, lifted)


@given(flows(), listings(), methods)
@LAW
def test_what_is_held_is_what_was_reported_in(flow, reports, method):
    found = taint_of(flow, reports, method)
    assert sum(found.held.values()) == sum(found.entered.values())
    for one in reports:
        entered = sum(cents for (_, case), cents in found.entered.items() if case == one.case)
        assert entered <= one.reported_cents


@given(flows(), listings(), methods)
@LAW
def test_nobody_gets_more_tainted_money_than_money(flow, reports, method):
    found = taint_of(flow, reports, method)
    amounts = {t.transfer_id: t for t in flow.carried()}
    received = {}
    for name, cents in found.carried.items():
        transfer = amounts[name]
        assert 0 < cents <= transfer.amount_cents
        assert transfer.sender != transfer.receiver
        received[transfer.receiver] = received.get(transfer.receiver, 0) + cents
    assert received == found.received
    assert all(found.held[account] <= found.received[account] for account in found.held)


@given(flows(), listings(), methods, minute())
@LAW
def test_nothing_of_the_future_is_used(flow, reports, method, end):
    injections = reported_money(flow.carried(), reports)
    early = [t for t in flow.carried() if t.executed_at < end]
    known = {t.transfer_id for t in early}
    whole = follow(flow.carried(), injections, method).carried
    assert follow(early, injections, method).carried == {name: c for name, c in whole.items() if name in known}


@given(flows(), listings(), methods, st.randoms(use_true_random=False))
@LAW
def test_the_order_of_reports_does_not_matter(flow, reports, method, random):
    shuffled = random.sample(reports, len(reports))
    first, second = taint_of(flow, reports, method), taint_of(flow, shuffled, method)
    assert (first.received, first.held, first.carried) == (second.received, second.held, second.carried)


@given(flows(), listings(), methods)
@LAW
def test_the_path_is_of_transfers_that_carried_it_from_a_report(flow, reports, method):
    found = taint_of(flow, reports, method)
    by_id = {t.transfer_id: t for t in flow.carried()}
    sources = {transfer_id for transfer_id, _ in found.entered}
    assert found.path.keys() == found.received.keys()
    for account, path in found.path.items():
        steps = [by_id[name] for name in path]
        assert path[0] in sources and set(path) <= found.carried.keys()
        assert all(one.receiver == two.sender and one.order < two.order for one, two in pairwise(steps))
        assert (steps[-1].receiver, steps[-1].executed_at) == (account, found.since[account])


@given(flows(), listings())
@LAW
def test_fifo_and_poison_are_what_single_cents_do(flow, reports):
    """Each cent a thing of its own: True where it was reported."""
    injections = reported_money(flow.carried(), reports)
    for method in (TaintMethod.FIFO, TaintMethod.POISON):
        found = follow(flow.carried(), injections, method)
        held = {account: sum(cents) for account, cents in _cent_by_cent(flow, injections, method).items()}
        assert found.held == {account: cents for account, cents in held.items() if cents}


def _cent_by_cent(flow: Flow, injections, method: TaintMethod) -> dict[str, deque]:
    on: dict[str, deque] = {}
    for transfer in sorted(flow.carried(), key=lambda t: t.order):
        own = on.setdefault(transfer.sender, deque())
        while len(own) < transfer.amount_cents:
            own.appendleft(False)
        if transfer.sender == transfer.receiver:
            continue
        if method is TaintMethod.POISON:
            on[transfer.sender] = own = deque(sorted(own, reverse=True))
        moved = [own.popleft() for _ in range(transfer.amount_cents)]
        for injection in (i for i in injections if i.transfer_id == transfer.transfer_id):
            clean = [place for place, cent in enumerate(moved) if not cent]
            for place in clean[: injection.cents]:
                moved[place] = True
        on.setdefault(transfer.receiver, deque()).extend(moved)
    return on


@given(flows(), listings())
@LAW
def test_the_haircut_is_pro_rata_but_for_parts_of_a_cent(flow, reports):
    injections = reported_money(flow.carried(), reports)
    found, exact = follow(flow.carried(), injections, TaintMethod.HAIRCUT), _pro_rata(flow, injections)
    for account in exact.keys() | found.held.keys():
        assert abs(found.held.get(account, 0) - exact.get(account, 0)) <= 2 * len(flow.transfers)


def _pro_rata(flow: Flow, injections) -> dict[str, Fraction]:
    balance: dict[str, int] = {}
    tainted: dict[str, Fraction] = {}
    for transfer in sorted(flow.carried(), key=lambda t: t.order):
        before = max(balance.get(transfer.sender, 0), transfer.amount_cents)
        balance[transfer.sender] = before
        if transfer.sender == transfer.receiver:
            continue
        moved = tainted.get(transfer.sender, Fraction(0)) * transfer.amount_cents / before
        wanted = sum(i.cents for i in injections if i.transfer_id == transfer.transfer_id)
        balance[transfer.sender] = before - transfer.amount_cents
        balance[transfer.receiver] = balance.get(transfer.receiver, 0) + transfer.amount_cents
        tainted[transfer.sender] = tainted.get(transfer.sender, Fraction(0)) - moved
        arrived = min(moved + wanted, Fraction(transfer.amount_cents))
        tainted[transfer.receiver] = tainted.get(transfer.receiver, Fraction(0)) + arrived
    return tainted


@given(flows(), listings(), methods, st.sets(st.integers(0, 2)), st.sets(st.integers(0, 2)))
@LAW
def test_lifting_more_proposes_more(flow, reports, method, some, others):
    injections = reported_money(flow.carried(), reports)

    def proposed(places):
        return proposed_for_release(flow.carried(), injections, {f"case {place}" for place in places}, method)

    assert proposed(set()) == set()
    assert proposed(some) <= proposed(some | others)
    assert proposed({0, 1, 2}) == follow(flow.carried(), injections, method).received.keys()


@given(flows(most=30), listings())
@LAW
def test_the_evaluation_s_haircut_is_the_reference_s_to_the_cent(flow, reports):
    rows = sorted((_named(t) for t in flow.carried()), key=lambda t: t.order)
    ledger = ledger_of([(t.sender, t.receiver, t.executed_at, t.amount_cents) for t in rows])
    renamed = [replace(one, account=one.account + "808") for one in reports]
    there = [
        evaluation.Listing(ledger.index_of[one.account], 0, microseconds(one.listed_at), one.reported_cents)
        for one in renamed
        if one.account in ledger.index_of
    ]
    shares = haircut_shares(ledger)
    injections = evaluation_money(ledger, shares, there, EvaluationRules())
    found = blocking.follow(ledger, shares, injections, [{}])
    expected = follow(rows, reported_money(rows, renamed), TaintMethod.HAIRCUT)
    assert {ledger.tokens[a]: cents[0] for a, cents in found.came_cents.items()} == expected.received
    assert {ledger.tokens[a]: cents[0] for a, cents in found.on_cents.items() if cents[0]} == expected.held


def _named(t: Transfer) -> Transfer:
    """Accounts as the evaluation wants them: with their institution."""
    return replace(t, sender=t.sender + "808", receiver=t.receiver + "808")
