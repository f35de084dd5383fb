"""From watch-listings to walks, in the models: when walks begin, what a cut-off lets them know."""

from datetime import timedelta

import pytest

from cleanroom.moneyflow.reference import Direction, WalkRule, begins_at, expand
from tests.factories.drawing import at, draw
from tests.spec.moneyflow.models import BUILT, END, transfer_row

LISTED = at("day 10 00:00")


@pytest.fixture
def reached(bench):
    """`reached(flow, {account: listed_at}, as_of=...)`: direction -> {(account, layer)}, as the models answer."""

    def answer(flow, listed, *, as_of=END):
        bench.given("int_transfers__joined", [transfer_row(t, flow) for t in flow.transfers])
        bench.given("int_moneyflow__as_of", [{"cut_off": as_of, "as_of": as_of, "is_latest": True}])
        bench.given("int_moneyflow__rule", [{"code": ""}])
        bench.given("int_list_events__listings", [listing(account, when) for account, when in listed.items()])
        bench.build("int_moneyflow__starts", *BUILT)
        rows = bench.rows("int_moneyflow__layers")
        return {way: {(r["account_token"], r["layer"]) for r in rows if r["direction"] == way} for way in Direction}

    return answer


def listing(account, listed_at):
    """A row of int_list_events__listings that stands."""
    row = {"account_token": account, "listing": 0, "listed_at": listed_at, "ended_at": None}
    return row | {"ends_by_law_at": listed_at + timedelta(days=730)}


def test_forward_walks_begin_thirty_days_before_the_notice(reached):
    flow = draw("""
        W -> A  day 1 00:00
        W -> B  day 1 00:00:01""")
    assert reached(flow, {"W": at("day 31 00:00")})["forward"] == {("W", 0), ("B", 1)}


def test_money_that_leaves_after_the_notice_is_followed(reached):
    assert reached(draw("W -> A  day 12 09:00"), {"W": LISTED})["forward"] == {("W", 0), ("A", 1)}


def test_backward_walks_begin_at_the_notice(reached):
    flow = draw("""
        A -> W  day 9 23:59
        B -> W  day 10 00:00""")
    assert reached(flow, {"W": LISTED})["backward"] == {("W", 0), ("A", 1)}


def test_nothing_at_or_after_the_cut_off_is_known(reached):
    flow = draw("""
        W -> A  day 11 09:00
        W -> B  day 12 00:00
        A -> C  day 13 00:00""")
    assert reached(flow, {"W": LISTED}, as_of=at("day 12 00:00"))["forward"] == {("W", 0), ("A", 1)}


def test_an_account_that_is_listed_later_starts_no_walk(reached):
    flow = draw("""
        W -> A  09:00
        V -> B  09:00""")
    found = reached(flow, {"W": at("day 3 00:00"), "V": at("day 5 00:00")}, as_of=at("day 5 00:00"))
    assert {account for account, _ in found["forward"]} == {"W", "A"}


def test_no_listing_no_layers(reached):
    assert not any(reached(draw("A -> B  09:00"), {}).values())


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_the_beginnings_are_those_of_the_rule(reached, way):
    flow = draw("""
        V -> W  day 0 09:00
        W -> A  day 2 09:00
        A -> W  day 9 09:00
        W -> B  day 11 09:00""")
    starts = {"W": begins_at(LISTED, Direction(way))}
    expected = expand(flow.carried(), starts, WalkRule(direction=Direction(way)))[Direction(way)]
    assert reached(flow, {"W": LISTED})[way] == set(expected.arrivals)
