"""Laws that hold on any ledger: nothing is made or lost, nothing is counted twice, more knowledge blocks no less."""

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.evaluation.blocking import follow
from cleanroom.evaluation.ledger import Listing
from cleanroom.evaluation.outcome import answer
from cleanroom.evaluation.reach import Start, nearest_layers
from cleanroom.evaluation.rules import EvaluationRules
from cleanroom.evaluation.scenarios import control_times, end_of, flags_by_scenario, prepare
from cleanroom.evaluation.taint import haircut_shares
from cleanroom.moneyflow import reference as money_flow
from cleanroom.moneyflow.reference import Direction, Transfer, WalkRule, expand
from cleanroom.vocabulary.terms import Scenario
from tests.factories.drawing import DAY_1
from tests.factories.ledgers import everyone, ledger_of

ACCOUNTS = [f"{name}{code}" for name in "abcd" for code in ("700", "808", "822")]
RULES = EvaluationRules(least_taint_cents=100, least_step_cents=50, least_share=0.01, curve_hours=(0, 5, 50))


@st.composite
def ledgers(draw):
    rows = []
    for minutes in sorted(draw(st.lists(st.integers(0, 5_000), min_size=3, max_size=40))):
        sender, receiver = draw(st.lists(st.sampled_from(ACCOUNTS), min_size=2, max_size=2, unique=True))
        rows.append((sender, receiver, DAY_1 + timedelta(minutes=minutes), draw(st.integers(1, 500_000))))
    return ledger_of(rows)


@st.composite
def cases(draw):
    ledger = draw(ledgers())
    chosen = draw(st.lists(st.integers(0, len(ledger.tokens) - 1), min_size=1, max_size=4, unique=True))
    start = int(DAY_1.timestamp()) * 1_000_000
    listings = tuple(
        Listing(a, int(ledger.institution_of[a]), start + draw(st.integers(0, 6_000)) * 60_000_000,
                draw(st.integers(0, 600_000)))
        for a in chosen
    )  # fmt: skip
    return prepare(ledger, listings, everyone(ledger), RULES)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_reported_money_is_bounded_and_conserved_in_every_world(case):
    ledger, poured = case.ledger, sum(i.cents for i in case.injections)
    assert poured <= sum(x.reported_cents for x in case.listings)
    for number, listing in enumerate(case.listings):
        assert sum(i.cents for i in case.injections if i.case == number) <= listing.reported_cents
    flags = flags_by_scenario(case, RULES)
    worlds = [{}, *(control_times(case, f, 0) for f in flags.values())]
    found = follow(ledger, case.view.shares, case.injections, worlds)
    assert (found.total() == poured).all(), "conservation"
    came_in = np.bincount(ledger.receiver, weights=ledger.amount_cents, minlength=len(ledger.tokens))
    for account, cents in found.came_cents.items():
        assert (cents <= came_in[account]).all(), "never more than came in"
    for control, blocked in zip(worlds, found.blocked(worlds, end_us=end_of(case)), strict=True):
        assert sum(blocked.values()) <= poured and set(blocked) <= set(control)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_no_transfer_carries_more_reported_money_than_its_amount(case):
    ledger, shares = case.ledger, case.view.shares
    for t in range(len(ledger)):
        upto = [i for i in case.injections if i.transfer <= t]
        part = ledger.only(np.arange(len(ledger)) <= t)
        after = follow(part, shares[: t + 1], upto, [{}])
        before_part = ledger.only(np.arange(len(ledger)) < t)
        before = follow(before_part, shares[:t], [i for i in upto if i.transfer < t], [{}])
        receiver = int(ledger.receiver[t])
        arrived = after.came_cents.get(receiver, [0])[0] - before.came_cents.get(receiver, [0])[0]
        assert arrived <= ledger.amount_cents[t]


@settings(max_examples=150, deadline=None)
@given(cases())
def test_earlier_and_wider_control_blocks_no_less(case):
    """Up to the cents that rounding leaves on the way: less than one per step and world."""
    found = answer(case, RULES)
    slack = len(case.ledger)
    totals = [found.outcomes[s].cents for s in Scenario]
    assert all(later >= earlier - slack for earlier, later in pairwise(totals))
    for row in found.curve.values():
        assert all(soon >= late - slack for soon, late in pairwise(row))


@settings(max_examples=100, deadline=None)
@given(cases())
def test_the_cases_add_up_to_the_whole(case):
    for outcome in answer(case, RULES).outcomes.values():
        assert outcome.by_case.sum() == pytest.approx(outcome.cents, abs=len(case.ledger) * len(case.listings))


@settings(max_examples=100, deadline=None)
@given(cases())
def test_each_scenario_keeps_the_measures_of_the_one_before(case):
    flags = flags_by_scenario(case, RULES)
    for narrow, wide in zip(Scenario, list(Scenario)[1:], strict=False):
        for account, us in flags[narrow].items():
            assert flags[wide][account] <= us


@settings(max_examples=150, deadline=None)
@given(ledgers(), st.data())
def test_shares_are_parts_of_a_balance_that_never_falls_below_zero(ledger, data):
    shares = haircut_shares(ledger)
    assert np.all(shares > 0) and np.all(shares <= 1)
    balance = {}
    for t in range(len(ledger)):
        sender, amount = int(ledger.sender[t]), int(ledger.amount_cents[t])
        before = round(amount / shares[t])
        assert abs(before - balance.setdefault(sender, before)) <= 1e-9 * before + 1
        balance[sender] = before - amount
        receiver = int(ledger.receiver[t])
        if receiver in balance:
            balance[receiver] += amount


@settings(max_examples=150, deadline=None)
@given(ledgers(), st.booleans(), st.data())
def test_reach_is_the_money_flows_own_meaning(ledger, backward, data):
    chosen = data.draw(st.lists(st.integers(0, len(ledger.tokens) - 1), min_size=1, max_size=3, unique=True))
    minutes = data.draw(st.integers(0, 5_000))
    when = DAY_1 + timedelta(minutes=minutes)
    starts = [Start(a, round(when.timestamp() * 1_000_000)) for a in chosen]
    transfers = [
        Transfer(f"t{n:06d}", DAY_1 + timedelta(microseconds=int(us) - round(DAY_1.timestamp() * 1e6)),
                 ledger.tokens[s], ledger.tokens[r], 1)
        for n, (us, s, r) in enumerate(zip(ledger.executed_us, ledger.sender, ledger.receiver, strict=True))
    ]  # fmt: skip
    direction = Direction.BACKWARD if backward else Direction.FORWARD
    rule = WalkRule(layers=4, direction=direction)
    for start, found in zip(starts, nearest_layers(ledger, starts, layers=4, backward=backward), strict=True):
        name = ledger.tokens[start.account]
        expected = money_flow.nearest_layers(expand(transfers, {name: when}, rule)[direction].arrivals)
        assert {ledger.tokens[a]: k for a, k in found.items()} == expected
