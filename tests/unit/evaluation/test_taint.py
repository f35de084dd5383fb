"""Balances, shares and where the reported money came in."""

from dataclasses import replace

import numpy as np
import pytest

from cleanroom.evaluation.rules import EvaluationRules
from cleanroom.evaluation.taint import haircut_shares, reported_money
from tests.factories.ledgers import draw_money, listed

RULES = EvaluationRules()


def test_a_transfer_takes_its_share_of_the_balance():
    ledger = draw_money("""\
        V808 -> W808  09:00  100
        C808 -> W808  09:10  300
        W808 -> A822  09:20  100
        W808 -> B822  09:30  300""")
    assert haircut_shares(ledger).tolist() == [1.0, 1.0, 0.25, 1.0]


def test_an_account_begins_at_nothing_and_what_lacks_was_there_before():
    ledger = draw_money("""\
        W808 -> A822  08:00  50
        V808 -> W808  09:00  100
        W808 -> A822  09:20  40
        W808 -> A822  09:30  120
        V808 -> W808  09:40  80
        W808 -> A822  09:50  20""")
    # 50 were there; then 40 of 100, and all of the 60 left with 60 more; then a quarter of 80.
    assert haircut_shares(ledger).tolist() == [1.0, 1.0, 0.4, 1.0, 1.0, 0.25]


def test_a_transfer_to_oneself_shows_what_is_there_and_moves_nothing():
    ledger = draw_money("""\
        V808 -> W808  09:00  100
        W808 -> W808  09:10  400
        W808 -> A822  09:20  100""")
    assert haircut_shares(ledger).tolist() == [1.0, 0.0, 0.25]
    assert ledger.received_by(ledger.index_of["W808"]).tolist() == [0]


def test_shares_stay_between_nothing_and_all():
    ledger = draw_money("\n".join(f"A808 -> B808  {h:02d}:00  {h + 1}\nB808 -> A808  {h:02d}:30  7" for h in range(9)))
    shares = haircut_shares(ledger)
    assert len(shares) == 18 and np.all(shares > 0) and np.all(shares <= 1)


def injected(ledger, listings, rules=RULES):
    found = reported_money(ledger, haircut_shares(ledger), listings, rules)
    return [(i.transfer, i.case, i.cents // 100) for i in found]


def test_the_transfer_of_exactly_the_reported_sum_carried_the_loss():
    ledger = draw_money("""\
        V808 -> W822  09:00  100
        X808 -> W822  09:10  100
        Y808 -> W822  09:20  250""")
    assert injected(ledger, [listed(ledger, "W822", "10:00", 100)]) == [(1, 0, 100)]


def test_else_the_latest_transfers_until_the_sum_is_reached():
    ledger = draw_money("""\
        V808 -> W822  09:00  100
        X808 -> W822  09:10  100
        Y808 -> W822  09:20  250""")
    assert injected(ledger, [listed(ledger, "W822", "10:00", 330)]) == [(1, 0, 80), (2, 0, 250)]


def test_never_more_than_came_in():
    ledger = draw_money("V808 -> W822  09:00  100")
    assert injected(ledger, [listed(ledger, "W822", "10:00", 999)]) == [(0, 0, 100)]


@pytest.mark.parametrize("when", ["09:00", "08:00", "day 40 09:00"])
def test_only_what_came_in_before_the_listing_and_lately(when):
    ledger = draw_money("V808 -> W822  09:00  100")
    assert injected(ledger, [listed(ledger, "W822", when, 100)]) == []


def test_two_listings_never_put_more_on_a_transfer_than_its_amount():
    ledger = draw_money("""\
        V808 -> W822  09:00  100
        W822 -> X808  09:10  100""")
    cases = [listed(ledger, "W822", "10:00", 100), listed(ledger, "X808", "11:00", 100)]
    assert injected(ledger, cases) == [(0, 0, 100)], "the second report is the same money"
    cases[0] = replace(cases[0], reported_cents=4000)
    assert injected(ledger, cases) == [(0, 0, 40), (1, 1, 60)]


def test_a_listing_without_a_loss_puts_in_nothing():
    ledger = draw_money("V808 -> W822  09:00  100")
    assert injected(ledger, [listed(ledger, "W822", "10:00", 0)]) == []
