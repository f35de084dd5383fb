"""Which accounts a case's money reaches, and when it is enough to act on."""

from dataclasses import replace

import pytest

from cleanroom.evaluation.flagging import View, flagged
from cleanroom.evaluation.rules import EvaluationRules
from cleanroom.evaluation.taint import haircut_shares
from tests.factories.ledgers import draw_money, listed, us

RULES = EvaluationRules(least_taint_cents=5_000, least_share=0.1, least_step_cents=1_000)


def reached(text, rules=RULES, loss=1000, listed_at="day 2 00:00", seed=0):
    ledger = draw_money(text)
    case = listed(ledger, "W822", listed_at, loss)
    found = flagged(View(ledger, haircut_shares(ledger)), case, [(seed, loss * 100)], rules)
    return {ledger.tokens[a]: when for a, when in found.items()}


CHAIN = """\
    V808 -> W822  09:00  1000
    W822 -> A700  09:10  900
    A700 -> B808  09:20  800
    B808 -> C822  09:30  700"""


def test_each_account_of_the_chain_with_the_time_of_arrival():
    assert reached(CHAIN) == {"A700": us("09:10"), "B808": us("09:20"), "C822": us("09:30")}


def test_not_further_than_the_layers_go():
    assert set(reached(CHAIN, replace(RULES, layers=2))) == {"A700", "B808"}


def test_not_longer_than_the_horizon():
    late = CHAIN.replace("09:30", "day 40 09:30")
    assert set(reached(late, replace(RULES, horizon_days=30))) == {"A700", "B808"}


def test_the_listed_account_itself_is_not_an_answer_even_when_the_money_returns():
    assert set(reached(CHAIN + "\n    C822 -> W822  10:00  600")) == {"A700", "B808", "C822"}


def test_what_left_before_the_money_came_leads_nowhere():
    assert reached("V808 -> W822  09:00  1000\nW822 -> A700  08:00  900".replace("08:00", "08:59"), seed=1) == {}


def test_several_small_arrivals_add_up():
    text = "V808 -> W822  09:00  1000\n" + "\n".join(f"W822 -> A700  1{n}:00  30" for n in range(3))
    assert reached(text) == {"A700": us("11:00")}, "the second one makes it 50"


def test_steps_too_small_are_not_followed():
    text = "V808 -> W822  09:00  1000\n" + "\n".join(f"W822 -> A700  1{n}:00  9" for n in range(9))
    assert reached(text) == {}


@pytest.mark.parametrize("honest, expected", [(400, True), (10_000, False)])
def test_a_drop_in_much_other_income_is_not_enough(honest, expected):
    text = f"""\
        V808 -> W822  09:00  1000
        W822 -> A700  09:05  60
        E808 -> A700  09:06  {honest}
        W822 -> A700  09:10  60"""
    rules = replace(RULES, least_taint_cents=10_000)
    assert ("A700" in reached(text, rules)) is expected


def test_money_that_arrives_while_the_account_was_followed_already_is_followed_too():
    text = """\
        V808 -> W822  09:00  1000
        W822 -> A700  09:05  500
        A700 -> B808  09:06  480
        W822 -> A700  09:10  500
        A700 -> C808  09:12  480"""
    assert set(reached(text)) == {"A700", "B808", "C808"}
