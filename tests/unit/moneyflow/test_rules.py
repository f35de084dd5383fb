"""Rules and questions that cannot be meant are refused, and say why."""

from datetime import timedelta

import pytest

from cleanroom.moneyflow.reference import Direction, Links, Tie, Transfer, WalkRule, begins_at, expand
from tests.factories.drawing import at

NINE, TEN = at("09:00"), at("10:00")
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "limits, why",
    [
        ({"layers": 0}, "layers go from 1 to 6"),
        ({"layers": 7}, "layers go from 1 to 6"),
        ({"max_delay": timedelta(0)}, "a delay needs"),
        ({"max_delay": -HOUR}, "a delay needs"),
        ({"max_delay": HOUR, "in_time": False}, "a delay needs the order of time"),
        ({"hub_limit": 0}, "hub_limit is at least 1"),
        ({"keep_latest": 0}, "keep_latest is at least 1"),
        ({"after": NINE, "before": NINE}, "must end after it begins"),
        ({"after": TEN, "before": NINE}, "must end after it begins"),
    ],
)
def test_a_rule_that_cannot_be_meant(limits, why):
    with pytest.raises(ValueError, match=why):
        WalkRule(**limits)


def test_the_usual_rule_is_six_layers_forward_in_time_without_limits():
    rule = WalkRule()
    assert (rule.layers, rule.direction, rule.in_time) == (6, Direction.FORWARD, True)
    assert (rule.max_delay, rule.hub_limit, rule.keep_latest, rule.after, rule.before) == (None,) * 5


def test_both_is_two_ways_and_each_way_is_itself():
    assert Direction.BOTH.ways == (Direction.FORWARD, Direction.BACKWARD)
    assert all(way.ways == (way,) for way in Direction.BOTH.ways)


def test_a_walk_from_a_listing_begins_before_the_notice_forward_and_at_it_backward():
    assert begins_at(NINE, Direction.FORWARD) == NINE - timedelta(days=30)
    assert begins_at(NINE, Direction.BACKWARD) == NINE


def test_a_plain_walk_has_no_moment_at_which_a_tie_could_have_begun():
    links = Links((Tie("A", "0911", "phone"), Tie("B", "0911", "phone")), limit=2)
    with pytest.raises(ValueError, match="link steps need the order of time"):
        expand([], {"A": NINE}, WalkRule(in_time=False), links=links)


def test_it_takes_two_to_share():
    with pytest.raises(ValueError, match="two accounts"):
        Links((), limit=1)


def test_a_transfer_moves_money():
    with pytest.raises(ValueError, match="at least one cent"):
        Transfer("t1", NINE, "A", "B", 0)
