"""Walks with link steps on graphs too big for the reference: bounds, slices, and what they have in common with walks
by transfers alone."""

from datetime import timedelta

import numpy as np
import pytest

from cleanroom.lookout.index.tying import arranged
from cleanroom.lookout.ties import EVER, TiedGraph
from cleanroom.lookout.walks import UNBOUNDED, Bound, Bounds, expand_all, expand_linked, linking
from cleanroom.moneyflow.rules import Direction, WalkRule
from tests.factories.crowds import MINUTE_US, crowd

STARTS = {0: 300 * MINUTE_US, 870: 200 * MINUTE_US, 3: 400 * MINUTE_US}
FROM_THE_END = dict.fromkeys(STARTS, 1_700 * MINUTE_US)
HOUR_AND_A_HALF = timedelta(minutes=90)
RULES = {
    "in time": WalkRule(layers=4),
    "backward": WalkRule(layers=4, direction=Direction.BACKWARD),
    "delay": WalkRule(max_delay=HOUR_AND_A_HALF),
    "limits": WalkRule(max_delay=3 * HOUR_AND_A_HALF, hub_limit=150, keep_latest=12),
    "limits backward": WalkRule(hub_limit=250, keep_latest=60, layers=4, direction=Direction.BACKWARD),
}
LIMIT = 6


def tied(graph, count=700, seed=5):
    """Some accounts of the graph and twenty others share 250 phones; half of the ties have a beginning."""
    random = np.random.default_rng(seed)
    tokens = np.concatenate([graph.tokens, np.frombuffer(random.bytes(16 * 20), np.uint8).reshape(-1, 16)])
    numbers = {row.tobytes(): number for number, row in enumerate(graph.tokens)}
    phones = np.frombuffer(random.bytes(16 * 250), np.uint8).reshape(-1, 16)
    since = np.where(random.random(count) < 0.5, EVER, random.integers(0, 2_000, count) * MINUTE_US)
    some = random.integers(0, len(tokens), count), random.integers(0, len(phones), count)
    ties = arranged(tokens[some[0]], np.ones(count, np.uint8), phones[some[1]], since)

    def accounts_of(given):
        return np.array([numbers.get(row.tobytes(), 2**32 - 1) for row in given], np.uint32)

    return TiedGraph(graph, ties, accounts_of)


@pytest.fixture(scope="module")
def linked():
    return tied(crowd())


@pytest.fixture(scope="module")
def alone():
    return tied(crowd(), count=0)


def starts_of(rule):
    return FROM_THE_END if rule.direction is Direction.BACKWARD else STARTS


def asked(graph, rule, bounds=UNBOUNDED):
    (reach,) = expand_linked(graph, starts_of(rule), rule, LIMIT, bounds).ways.values()
    return reach


def arrivals(reach):
    vias = [step.via for step in reach.steps(np.arange(reach.ends[1], len(reach.events)))]
    paths = ([vias[i - reach.ends[1]] for i in reach.path_to(place)] for place in range(len(reach)))
    keys = zip(reach.account.tolist(), reach.layer.tolist(), strict=True)
    return dict(zip(keys, zip(reach.at_us.tolist(), paths, strict=True), strict=True))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_without_ties_they_are_walks_by_transfers_alone(alone, rule):
    known, found = expand_all(alone.graph, starts_of(rule), rule, UNBOUNDED).only, asked(alone, rule)
    ids = np.concatenate([segment.transfer_id for segment in alone.graph.segments])
    paths = [[ids[via].tobytes() for via in known.path_to(place)] for place in range(len(known))]
    keys = zip(known.account.tolist(), known.layer.tolist(), strict=True)
    assert arrivals(found) == dict(zip(keys, zip(known.at_us.tolist(), paths, strict=True), strict=True))
    assert (found.hubs.tolist(), found.truncated.tolist()) == (known.hubs.tolist(), known.truncated.tolist())
    assert len(found) > 100


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_ties_lead_to_more_and_slices_change_nothing(linked, alone, rule, monkeypatch):
    whole = asked(linked, rule)
    assert set(arrivals(whole)) > set(arrivals(asked(alone, rule)))
    assert any(account >= linked.graph.accounts for account in whole.account.tolist())
    monkeypatch.setattr(linking, "_SLICE", 37)
    again = asked(linked, rule)
    assert arrivals(again) == arrivals(whole)
    assert again.looked_at == whole.looked_at


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("bounds", [Bounds(accounts=n) for n in (1, 90)] + [Bounds(transfers=n) for n in (1, 200)])
def test_a_cut_answer_is_a_part_of_the_whole(linked, rule, bounds):
    known, reach = arrivals(asked(linked, rule)), asked(linked, rule, bounds)
    found, most = arrivals(reach), bounds.accounts if bounds.accounts < 100 else None
    assert reach.cut.by is (Bound.ACCOUNTS if most else Bound.TRANSFERS)
    assert set(found) <= set(known)
    complete = {key: said for key, said in found.items() if key[1] < reach.cut.layer}
    assert complete == {key: said for key, said in known.items() if key[1] < reach.cut.layer}
    assert len(found) == len(STARTS) + most if most else reach.looked_at == bounds.transfers


def test_time_that_is_up_cuts_too(linked, monkeypatch):
    monkeypatch.setattr(linking, "_SLICE", 50)
    reach = asked(linked, RULES["in time"], Bounds(accounts=None, transfers=None, seconds=1e-9))
    assert reach.cut.by is Bound.SECONDS


@pytest.mark.parametrize(
    ("starts", "rule", "limit", "words"),
    [
        ({0: 1}, WalkRule(in_time=False), LIMIT, "order of time"),
        ({0: 1}, WalkRule(), 1, "two accounts"),
        ({10**7: 1}, WalkRule(), LIMIT, "neither graph nor ties"),
    ],
)
def test_what_cannot_be_meant_is_refused(linked, starts, rule, limit, words):
    with pytest.raises(ValueError, match=words):
        expand_linked(linked, starts, rule, limit)
