"""Graphs that fill hash tables, sort long lists and outgrow what a walk works in: all ways to ask still agree."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest

from cleanroom.lookout.walks import UNBOUNDED, Transfers, expand, expand_all, separately, together
from cleanroom.lookout.walks import scratch as scratches
from cleanroom.lookout.walks import walk as walking
from cleanroom.moneyflow.rules import Direction, WalkRule
from tests.factories.crowds import MINUTE_US, crowd

SOON = timedelta(minutes=40)
RULES = {
    "in time": WalkRule(direction=Direction.BOTH),
    "hubs and few": WalkRule(direction=Direction.BOTH, hub_limit=100, keep_latest=20),
    "delay": WalkRule(direction=Direction.BOTH, max_delay=SOON),
    "delay and hubs": WalkRule(direction=Direction.BOTH, max_delay=3 * SOON, hub_limit=150, keep_latest=60),
}
STARTS = {account: 1_000 * MINUTE_US + account for account in (0, 3, 40, 200, 500, 880)}


@pytest.fixture(scope="module")
def graph():
    return crowd()


def found_by_walking(graph, starts, rule):
    """Per direction: (account, layer) -> the transfers of its path."""
    ways = expand_all(graph, starts, rule, UNBOUNDED).ways
    return {
        way: {(int(reach.account[i]), int(reach.layer[i])): reach.path_to(i) for i in range(len(reach))}
        for way, reach in ways.items()
    }


def found_by_passing(graph, starts, rule):
    return {way: {key: found.path(*key) for key in found} for way, found in together(graph, starts, rule).items()}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_walking_and_passing_agree_on_every_path(graph, rule):
    walked = found_by_walking(graph, STARTS, rule)
    assert min(len(arrivals) for arrivals in walked.values()) > 40
    assert walked == found_by_passing(graph, STARTS, rule)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_hubs_and_truncated_accounts_agree(graph, rule):
    walked, passed = expand_all(graph, STARTS, rule, UNBOUNDED).ways, together(graph, STARTS, rule)
    assert walked and set(walked) == set(passed)
    for way, reach in walked.items():
        assert np.array_equal(reach.hubs, passed[way].hubs)
        assert np.array_equal(reach.truncated, passed[way].truncated)
        assert len(reach.hubs) > 0 or rule.hub_limit is None
        assert len(reach.truncated) > 0 or rule.keep_latest is None


@pytest.mark.parametrize("rule", [*RULES.values(), WalkRule(in_time=False)], ids=[*RULES, "plain"])
def test_a_walk_that_outgrows_its_memory_and_pauses_gives_the_same_answer(graph, rule, monkeypatch):
    expected = found_by_walking(graph, STARTS, rule)
    monkeypatch.setattr(scratches, "_FIRST_ARRIVALS", 4)
    monkeypatch.setattr(scratches, "_FIRST_EVENTS", 4)
    monkeypatch.setattr(walking, "_SLICE", 50)
    with ThreadPoolExecutor(1) as thread:  # its memory is new, and small
        assert thread.submit(found_by_walking, graph, STARTS, rule).result() == expected


def test_a_path_is_a_walk_that_the_rule_allows(graph):
    rule = RULES["delay"]
    reach = expand(graph, 0, STARTS[0], WalkRule(max_delay=SOON), UNBOUNDED).only
    columns = Transfers(graph)
    longest = range(*reach.ends[-2:])
    assert longest
    for place in longest:
        numbers = np.array(reach.path_to(place), np.uint32)
        moments = columns.column("time_us", numbers)
        assert len(numbers) == rule.layers
        assert columns.column("sender", numbers)[0] == 0
        assert np.array_equal(columns.column("sender", numbers)[1:], columns.column("receiver", numbers)[:-1])
        assert moments[0] > STARTS[0]
        assert (np.diff(moments) > 0).all()
        assert (np.diff(moments) <= SOON.total_seconds() * 1_000_000).all()


def test_more_starts_than_one_pass_has_room_for_keep_apart(graph):
    starts = {account: (account * 7 % 1_500) * MINUTE_US for account in range(600)}
    rule = WalkRule(layers=4, direction=Direction.BOTH, hub_limit=150, keep_latest=20)
    found = separately(graph, starts, rule)
    assert len(found) == 2, "one for each way"
    for way, answers in found.items():
        counts = answers.counts()
        assert counts.shape == (600, 5)
        for place in range(0, 600, 37):
            reach = expand(graph, place, starts[place], rule, UNBOUNDED).ways[way]
            layers = answers.layers(place)
            assert {a: k for a, k in enumerate(layers.tolist()) if k != 255} == reach.nearest()
            assert counts[place].tolist() == np.bincount(layers[layers != 255], minlength=5).tolist()


def test_threads_side_by_side_give_what_one_gives(graph):
    asked = [(account, rule) for rule in RULES.values() for account in range(0, 900, 90)]

    def answer(question):
        account, rule = question
        return found_by_walking(graph, {account: 400 * MINUTE_US}, rule)

    expected = [answer(question) for question in asked]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(answer, asked)) == expected


def test_a_new_state_of_the_graph_is_seen_at_once():
    before, after = crowd(late=0), crowd(late=900)
    rule = WalkRule()
    assert before.delta is None
    found = [expand_all(graph, STARTS, rule, UNBOUNDED).only.counts() for graph in (before, after, before)]
    assert found[0] == found[2]
    assert sum(found[1]) > 0
