"""Laws that hold on any ledger: nothing is made or lost, nothing is counted twice, more knowledge blocks no less."""

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.evaluation.blocking import follow
from cleanroom.evaluation.ledger import Listing
from cleanroom.evaluation.outcome import answer
from cleanroom.evaluation.reach import Start, nearest_layers
from cleanroom.evaluation.rules import HOUR_US, EvaluationRules
from cleanroom.evaluation.scenarios import (
    World,
    families,
    flags_alone,
    flags_by_scenario,
    prepare,
    sightings,
    world,
)
from cleanroom.evaluation.tally import (
    ACCOUNTS,
    CONTROLLED,
    HOURS,
    INNOCENTS,
    INSTITUTION,
    LAYER,
    MONEY,
    TYPOLOGY,
    UNKNOWN,
    columns_of,
    tally,
)
from cleanroom.moneyflow import reference as money_flow
from cleanroom.moneyflow.reference import Direction, Transfer, WalkRule, expand
from cleanroom.vocabulary.terms import Scenario
from tests.factories.drawing import DAY_1
from tests.factories.laws import LAW
from tests.factories.ledgers import everyone, ledger_of

TOKENS = [f"{name}{code}" for name in "abcd" for code in ("700", "808", "822")]
RULES = EvaluationRules(
    least_taint_cents=100, least_step_cents=50, least_share=0.01, curve_hours=(0, 5, 50), resamples=50
)
TRUTH = {
    "a700": [{"pattern": "1", "typology": "stack"}],
    "b808": [{"pattern": "1", "typology": "stack"}, {"pattern": "2", "typology": "cycle"}],
}


def worlds_of_all_measures(case):
    seen = sightings(case, RULES)
    flags = [*flags_by_scenario(seen, RULES).values(), *flags_alone(seen, RULES).values()]
    return [world(case, f, hours * HOUR_US) for f in flags for hours in (0, 5)]


@st.composite
def ledgers(draw):
    rows = []
    for minutes in sorted(draw(st.lists(st.integers(0, 5_000), min_size=3, max_size=40))):
        sender, receiver = draw(st.lists(st.sampled_from(TOKENS), min_size=2, max_size=2))
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


@given(cases())
@LAW
def test_reported_money_is_bounded_and_conserved_in_every_world(case):
    ledger, poured = case.ledger, sum(i.cents for i in case.injections)
    for number, listing in enumerate(case.listings):
        assert sum(i.cents for i in case.injections if i.case == number) <= listing.reported_cents
    worlds = [World({}, {}), *worlds_of_all_measures(case)]
    controls = [w.control for w in worlds]
    found = follow(ledger, case.view.shares, case.injections, controls)
    assert (found.total() == poured).all(), "conservation"
    assert all((cents >= 0).all() and (cents == np.floor(cents)).all() for cents in found.on_cents.values())
    came_in = np.bincount(ledger.receiver, weights=ledger.amount_cents * ledger.moves, minlength=len(ledger.tokens))
    for account, cents in found.came_cents.items():
        assert (cents <= came_in[account]).all(), "never more than came in"
    for control, blocked in zip(controls, found.blocked(controls), strict=True):
        assert sum(blocked.values()) <= poured <= sum(x.reported_cents for x in case.listings)
        assert set(blocked) <= set(control)
        for account, cents in blocked.items():
            assert cents <= there_from(case, account, control[account]), "never more than was there"


def there_from(case, account, control_us):
    """What was on the account when its control began, and came in afterwards; nothing known left what was there."""
    ledger = case.ledger
    before = ledger.executed_us < control_us
    into, out_of = ledger.receiver == account, (ledger.sender == account) & ledger.moves
    balance = 0
    for t in np.flatnonzero(before & ((into & ledger.moves) | out_of)):
        amount = int(ledger.amount_cents[t])
        balance = max(balance, amount) - amount if out_of[t] else balance + amount
    return balance + int(ledger.amount_cents[~before & into & ledger.moves].sum())


@given(cases())
@LAW
def test_every_coin_is_told_once_by_its_report_and_where_it_lies(case):
    """The parts by case, institution, layer and typology are the very cents that were left on the accounts."""
    worlds = worlds_of_all_measures(case)
    columns = columns_of(case, RULES, TRUTH)
    found = tally(case, worlds, columns, truth=TRUTH, least_cents=1)
    controls = [w.control for w in worlds]
    blocked = follow(case.ledger, case.view.shares, case.injections, controls).blocked(controls)
    money, poured = found[MONEY], np.zeros(len(case.listings) + 1)
    np.add.at(poured, [i.case for i in case.injections], [i.cents for i in case.injections])
    assert money[:, :, 0].sum(axis=0) == pytest.approx([sum(b.values()) for b in blocked], abs=1e-3)
    assert (money[:, :, 0] <= poured[:, None] + 1e-3).all(), "never more of a case than came in for it"
    assert (money >= -1e-3).all()
    for what in (INSTITUTION, LAYER):
        parts = list(columns.of(what).values())
        assert money[:, :, parts].sum(axis=2) == pytest.approx(money[:, :, 0], abs=1e-3)
        for figure in (ACCOUNTS, CONTROLLED, HOURS, INNOCENTS):
            assert found[figure][:, :, parts].sum(axis=2) == pytest.approx(found[figure][:, :, 0])
    assert found[ACCOUNTS][:, :, 0].sum(axis=0).tolist() == [len(b) for b in blocked]
    assert (found[INNOCENTS] <= found[CONTROLLED]).all()
    for which, column in columns.of(TYPOLOGY).items():
        of_it = columns.of_case[:, column]
        assert (money[~of_it, :, column] == 0).all() and which in (UNKNOWN, "stack", "cycle")
        assert money[of_it, :, column] == pytest.approx(money[of_it, :, 0])


@given(cases())
@LAW
def test_no_transfer_carries_more_reported_money_than_its_amount(case):
    ledger, carried = case.ledger, {}
    for one in worlds_of_all_measures(case):
        on, poured = {}, {}
        for i in case.injections:
            poured[i.transfer] = poured.get(i.transfer, 0) + i.cents
        parts = dict(follow(ledger, case.view.shares, case.injections, [one.control]).steps)
        for t in sorted({*parts, *poured}):
            sender, receiver = int(ledger.sender[t]), int(ledger.receiver[t])
            moved = round(on.get(sender, 0) * float(parts[t][0])) if t in parts else 0
            carried[t] = moved + poured.get(t, 0)
            on[sender] = on.get(sender, 0) - moved
            on[receiver] = on.get(receiver, 0) + carried[t]
            assert carried[t] <= ledger.amount_cents[t] and on[sender] >= 0


@given(cases())
@LAW
def test_earlier_and_wider_control_blocks_no_less(case):
    """Up to the cents that rounding leaves on the way: less than one per step and world. Of accounts it is no law:
    money that is stopped early does not reach the next account."""
    found = answer(case, RULES, truth=None)
    slack = len(case.ledger)
    kept = [money_of(found.scenarios[s]) for s in Scenario]
    assert all((later >= earlier - slack).all() for earlier, later in pairwise(kept))
    for measure in (*found.scenarios.values(), *found.alone.values()):
        row = money_of(measure)
        assert (row[:-1] >= row[1:] - slack).all()
    for s in Scenario:
        assert (money_of(found.scenarios[s]) >= money_of(found.alone[s]) - slack).all()


def money_of(found):
    return found[MONEY][:, :, 0].sum(axis=0)


@given(cases())
@LAW
def test_each_scenario_keeps_the_measures_before_it_and_the_graph_alone_need_not(case):
    seen = sightings(case, RULES)
    kept, alone = flags_by_scenario(seen, RULES), flags_alone(seen, RULES)
    for narrow, wide in pairwise(Scenario):
        for account, (us, _) in kept[narrow].items():
            assert kept[wide][account][0] <= us
    for s in Scenario:
        assert all(kept[s][account][0] <= us for account, (us, _) in alone[s].items())
    assert set(alone[Scenario.SHARED_GRAPH_DAILY]) == set(alone[Scenario.SHARED_GRAPH_REALTIME])


@given(cases())
@LAW
def test_families_share_no_account_in_the_joined_ledger(case):
    family = families(case, sightings(case, RULES))
    assert len(family) == len(case.listings)
    of_account = {}
    for one in sightings(case, RULES).joined:
        for account in one.reached:
            assert of_account.setdefault(account, family[one.case]) == family[one.case]


@given(ledgers(), st.booleans(), st.data())
@LAW
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
