"""Money on a controlled account, or arriving there, is blocked once."""

from cleanroom.evaluation.blocking import follow
from cleanroom.evaluation.taint import Injection, haircut_shares
from tests.factories.ledgers import draw_money, named, us

CHAIN = """\
    V808 -> W822  09:00  1000
    W822 -> A700  10:00  1000
    A700 -> B808  11:00  1000"""
END = us("day 3 00:00")


def blocked(text, *controls, cents=100_000, **options):
    ledger = draw_money(text)
    worlds = [{ledger.index_of[a]: us(when) for a, when in control.items()} for control in controls]
    found = follow(ledger, haircut_shares(ledger), [Injection(0, 0, cents)], worlds, **options)
    assert (found.total() == cents).all() or options, "nothing is made or lost"
    return [{n: c // 100 for n, c in named(ledger, b).items()} for b in found.blocked(worlds, end_us=END)]


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


def test_control_after_the_data_ends_blocks_nothing():
    assert blocked(CHAIN, {"B808": "day 3 00:01"}) == [{}]


def test_a_world_can_follow_one_case_alone():
    ledger = draw_money(CHAIN)
    poured = [Injection(0, 0, 60_000), Injection(0, 1, 40_000)]
    found = follow(ledger, haircut_shares(ledger), poured, [{}, {}, {}], only_case=[0, 1, None])
    assert found.total().tolist() == [60_000, 40_000, 100_000]


def test_nothing_reported_nothing_blocked():
    ledger = draw_money(CHAIN)
    found = follow(ledger, haircut_shares(ledger), [], [{0: 0}])
    assert found.total().tolist() == [0] and found.blocked([{0: 0}], end_us=END) == [{}]
