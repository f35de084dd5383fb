"""Money on a controlled account, or arriving there, is blocked once."""

import numpy as np
import pytest

from cleanroom.evaluation.blocking import by_injection, follow, layers_from_report
from cleanroom.evaluation.taint import Injection, haircut_shares
from tests.factories.ledgers import draw_money, named, us

CHAIN = """\
    V808 -> W822  09:00  1000
    W822 -> A700  10:00  1000
    A700 -> B808  11:00  1000"""


def blocked(text, *controls, cents=100_000):
    ledger = draw_money(text)
    worlds = [{ledger.index_of[a]: us(when) for a, when in control.items()} for control in controls]
    found = follow(ledger, haircut_shares(ledger), [Injection(0, 0, cents)], worlds)
    assert (found.total() == cents).all(), "nothing is made or lost"
    return [{n: c // 100 for n, c in named(ledger, b).items()} for b in found.blocked(worlds)]


def test_where_it_stops_depends_on_when_control_begins():
    assert blocked(CHAIN, {"A700": "10:30"}, {"A700": "11:00"}, {"A700": "11:01"}, {}) == [
        {"A700": 1000}, {"A700": 1000}, {}, {},
    ]  # fmt: skip


def test_what_arrives_at_a_controlled_account_is_blocked():
    assert blocked(CHAIN, {"B808": "08:00"}) == [{"B808": 1000}]


def test_each_coin_is_counted_once_however_many_accounts_are_controlled():
    every = {"W822": "09:30", "A700": "09:30", "B808": "09:30"}
    assert blocked(CHAIN, every) == [{"W822": 1000}]


def test_half_of_the_balance_carries_half_of_the_money():
    text = "V808 -> W822  09:00  1000\nC808 -> W822  09:10  1000\nW822 -> A700  10:00  1000"
    assert blocked(text, {"W822": "10:30", "A700": "10:30"}) == [{"W822": 500, "A700": 500}]


def test_what_lies_on_an_account_is_told_by_the_report_that_brought_it():
    ledger = draw_money("""\
        V808 -> W822  09:00  600
        X808 -> U700  09:05  400
        W822 -> A700  09:30  600
        U700 -> A700  09:40  400
        A700 -> B808  11:00  250""")
    shares = haircut_shares(ledger)
    poured = [Injection(0, 0, 60_000), Injection(1, 1, 40_000)]
    worlds = [{ledger.index_of["A700"]: us("12:00")}, {ledger.index_of["W822"]: us("09:10")}]
    found = follow(ledger, shares, poured, worlds)

    def everywhere(account):
        marks = np.zeros((2, 2))
        marks[:, 0] = [account == ledger.index_of["A700"], account == ledger.index_of["W822"]]
        marks[:, 1] = 1
        return marks

    each = by_injection(ledger, found, poured, everywhere, 2)
    assert each[:, 0, 0] == pytest.approx([45_000, 30_000]), "three quarters of each stay on A"
    assert each[:, 1, 0] == pytest.approx([60_000, 0]), "the first never left W"
    assert each[:, :, 1] == pytest.approx(np.array([[60_000] * 2, [40_000] * 2])), "all of it is somewhere"


def test_layers_count_from_where_the_loss_came_in():
    ledger = draw_money(CHAIN + "\nB808 -> A700  12:00  1000")
    layers = layers_from_report(ledger, haircut_shares(ledger), [Injection(0, 0, 100_000)])
    assert named(ledger, layers) == {"W822": 0, "A700": 1, "B808": 2}


def test_nothing_reported_nothing_blocked():
    ledger = draw_money(CHAIN)
    found = follow(ledger, haircut_shares(ledger), [], [{0: 0}])
    assert found.total().tolist() == [0] and found.blocked([{0: 0}]) == [{}]
