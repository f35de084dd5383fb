"""A bound cuts an answer, which says so; what was found until then holds."""

from datetime import timedelta

import numpy as np
import pytest

from cleanroom.lookout.walks import UNBOUNDED, Bound, Bounds, expand, separately, together, trace
from cleanroom.lookout.walks import walk as walking
from cleanroom.moneyflow.rules import Direction, WalkRule
from tests.factories.crowds import MINUTE_US, crowd

BEGINS_US = 300 * MINUTE_US
RULES = {
    "in time": WalkRule(),
    "backward": WalkRule(direction=Direction.BACKWARD),
    "delay": WalkRule(max_delay=timedelta(minutes=90)),
    "plain": WalkRule(in_time=False),
}
CUTS = {
    Bound.ACCOUNTS: [Bounds(accounts=most) for most in (1, 7, 60, 300)],
    Bound.TRANSFERS: [Bounds(transfers=most) for most in (1, 9, 80, 300)],
}


@pytest.fixture(scope="module")
def graph():
    return crowd()


def arrivals(reach):
    return {(int(reach.account[i]), int(reach.layer[i])): reach.path_to(i) for i in range(len(reach))}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("by", CUTS)
def test_a_cut_answer_is_a_part_of_the_whole(graph, rule, by):
    begins = 1_700 * MINUTE_US if rule.direction is Direction.BACKWARD else BEGINS_US
    whole = expand(graph, 0, begins, rule, UNBOUNDED).only
    known = arrivals(whole)
    for bounds in CUTS[by]:
        answer = expand(graph, 0, begins, rule, bounds)
        found = arrivals(answer.only)
        assert answer.cut.by is by
        assert answer.bounds is bounds
        assert set(found) <= set(known)
        complete = {key: path for key, path in found.items() if key[1] < answer.cut.layer}
        assert complete == {key: path for key, path in known.items() if key[1] < answer.cut.layer}
        if by is Bound.ACCOUNTS:
            assert len(found) == 1 + bounds.accounts
        else:
            assert answer.only.looked_at == bounds.transfers


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_bound_that_is_not_reached_changes_nothing(graph, rule):
    whole = expand(graph, 0, BEGINS_US, rule, UNBOUNDED)
    bounds = Bounds(accounts=len(whole.only), transfers=whole.only.looked_at + 1)
    answer = expand(graph, 0, BEGINS_US, rule, bounds)
    assert answer.cut is None
    assert arrivals(answer.only) == arrivals(whole.only)


def test_time_runs_out(graph, monkeypatch):
    monkeypatch.setattr(walking, "_SLICE", 50)
    answer = expand(graph, 0, BEGINS_US, WalkRule(), Bounds(seconds=1e-9))
    assert answer.cut.by is Bound.SECONDS
    assert set(arrivals(answer.only)) < set(arrivals(expand(graph, 0, BEGINS_US, WalkRule(), UNBOUNDED).only))


def test_a_trace_that_was_cut_does_not_say_that_there_is_none(graph):
    far = expand(graph, 0, BEGINS_US, WalkRule(), UNBOUNDED).only
    target = next(account for account, layer in far.nearest().items() if layer == 3)
    whole = trace(graph, 0, target, BEGINS_US, WalkRule(), UNBOUNDED)
    assert whole.layers == 3
    assert whole.cut is None
    cut = trace(graph, 0, target, BEGINS_US, WalkRule(), Bounds(transfers=1))
    assert (cut.transfers, cut.accounts, cut.cut.by) == ((), (), Bound.TRANSFERS)


def test_nobody_is_led_to_an_account_without_transfers(graph):
    asked = WalkRule(before=None, after=None, direction=Direction.BOTH)
    late = int(graph.base.time_us[-1]) + 10**12
    assert trace(graph, 0, 41, late, WalkRule(), UNBOUNDED) is None
    assert expand(graph, 0, late, WalkRule(), UNBOUNDED).only.counts() == [1, 0]
    assert expand(graph, 0, late, asked, UNBOUNDED).ways[Direction.BACKWARD].counts()[1] > 0


def test_what_is_no_bound_is_refused():
    with pytest.raises(ValueError, match="accounts"):
        Bounds(accounts=0)
    with pytest.raises(ValueError, match="seconds"):
        Bounds(seconds=-1.0)


def test_an_account_that_is_not_there_is_refused(graph):
    absent = graph.accounts
    for ask in (
        lambda: expand(graph, absent, 0, WalkRule()),
        lambda: expand(graph, -1, 0, WalkRule()),
        lambda: trace(graph, 3, absent, 0, WalkRule()),
        lambda: together(graph, {absent: 0}, WalkRule()),
        lambda: separately(graph, {absent: 0}, WalkRule()),
    ):
        with pytest.raises(ValueError, match="no account"):
            ask()


def test_no_start_reaches_nobody(graph):
    found = together(graph, {}, WalkRule())[Direction.FORWARD]
    assert found.counts() == [0] * 7
    assert (found.nearest == 255).all()
    assert separately(graph, {}, WalkRule())[Direction.FORWARD].counts().shape == (0, 7)


def test_an_arrival_tells_whence_and_when(graph):
    reach = expand(graph, 0, BEGINS_US, WalkRule(), UNBOUNDED).only
    start, last = reach.arrival(0), reach.arrival(len(reach) - 1)
    assert (start.account, start.layer, start.at_us, start.via, start.came_from) == (0, 0, BEGINS_US, None, None)
    path = reach.path(last.account, last.layer)
    assert (last.layer, last.start, last.via) == (len(path), 0, path[-1])
    assert np.array_equal(reach.layer[[0, -1]], [0, last.layer])
    with pytest.raises(KeyError):
        reach.path(0, 7)
