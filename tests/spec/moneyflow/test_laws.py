"""Laws of layers, on the reference: it is what its definition says, and what a rule adds or takes away."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from cleanroom.moneyflow.reference import Direction, WalkRule, expand, nearest_layers
from cleanroom.moneyflow.reference.walks import Ground, walks
from tests.factories.drawing import DAY_1, Flow
from tests.factories.flows import flows, links, minute, rules, starts, ways
from tests.factories.laws import LAW

SHORT = st.integers(1, 3)  # walks are enumerated, and their number grows with the power of their length


def only(flow, begins, rule, links=None):
    (found,) = expand(flow.carried(), begins, rule, links=links).values()
    return found


def places(expansion):
    return set(expansion.arrivals)


def every_walk(flow, begins, rule, links=None):
    """Ties that began at or after the end of the window are not known."""
    known = links.ties if links else ()
    ties = [t for t in known if rule.before is None or t.held_from is None or t.held_from < rule.before]
    holders = {tie.identifier: {other.account for other in ties if other.identifier == tie.identifier} for tie in ties}
    pairs = [
        (own, other)
        for own in ties
        for other in ties
        if own.identifier == other.identifier
        and own.account != other.account
        and len(holders[own.identifier]) <= links.limit
    ]
    ground = Ground(flow.carried(), rule, rule.direction, pairs)
    return [(start, walk) for start, at in begins.items() for walk in walks(ground, start, at)]


def moment_of(walk, begins):
    """Of arrival: a link step keeps the moment."""
    return next((step.at for step in reversed(walk) if step.at is not None), begins)


@given(flows(most=9), starts, rules(layers=SHORT))
@LAW
def test_the_layers_in_time_are_the_first_of_all_allowed_walks(flow, begins, rule):
    """Of the walks of k steps to an account that one counts whose last transfer is first, then the one before it."""
    sign = 1 if rule.direction is Direction.FORWARD else -1
    best = {(account, 0): (at, account, ()) for account, at in begins.items()}
    keys = {}
    for start, walk in every_walk(flow, begins, rule):
        place = walk[-1].end, len(walk)
        key = [(sign * (step.at - DAY_1), step.via) for step in reversed(walk)]
        if place not in keys or key < keys[place]:
            keys[place] = key
            best[place] = walk[-1].at, start, tuple(step.via for step in walk)
    found = only(flow, begins, rule).arrivals
    assert {place: (a.at, a.start, a.path) for place, a in found.items()} == best


@given(flows(most=8), starts, rules(layers=SHORT), links)
@LAW
def test_link_steps_are_what_the_definition_says(flow, begins, rule, shared):
    sign = 1 if rule.direction is Direction.FORWARD else -1
    best = {(account, 0): at for account, at in begins.items()}
    for start, walk in every_walk(flow, begins, rule, shared):
        place, at = (walk[-1].end, len(walk)), moment_of(walk, begins[start])
        best[place] = min(at, best.get(place, at), key=lambda moment: sign * (moment - DAY_1))
    found = only(flow, begins, rule, shared)
    assert {place: arrival.at for place, arrival in found.arrivals.items()} == best
    everything = {tuple(step.via for step in walk) for _, walk in every_walk(flow, begins, rule, shared)}
    assert {a.path for a in found.arrivals.values() if a.layer} <= everything


@given(flows(most=9), starts, rules(layers=SHORT, in_time=st.just(False)))
@LAW
def test_the_plain_layers_are_the_shortest_walks(flow, begins, rule):
    nearest = dict.fromkeys(begins, 0)
    for _, walk in every_walk(flow, begins, rule):
        end = walk[-1].end
        nearest[end] = min(len(walk), nearest.get(end, len(walk)))
    found = only(flow, begins, rule)
    assert places(found) == set(nearest.items())
    everything = {tuple(step.via for step in walk) for _, walk in every_walk(flow, begins, rule)}
    assert {a.path for a in found.arrivals.values() if a.layer} <= everything


@given(flows(), starts, rules(), links)
@LAW
def test_a_path_ends_with_its_via_and_is_as_long_as_its_layer(flow, begins, rule, shared):
    for arrival in only(flow, begins, rule, shared).arrivals.values():
        assert len(arrival.path) == arrival.layer
        assert arrival.path[-1:] == ((arrival.via,) if arrival.layer else ())


@given(flows(), starts, ways, st.none() | st.integers(1, 7))
@LAW
def test_time_only_takes_away(flow, begins, way, hub_limit):
    timed = nearest_layers(only(flow, begins, WalkRule(direction=way, hub_limit=hub_limit)).arrivals)
    plain = nearest_layers(only(flow, begins, WalkRule(direction=way, in_time=False)).arrivals)
    assert all(plain[account] <= layer for account, layer in timed.items())


@given(flows(), starts, rules())
@LAW
def test_a_delay_only_takes_away(flow, begins, rule):
    assert places(only(flow, begins, rule)) <= places(only(flow, begins, replace(rule, max_delay=None)))


@given(flows(), starts, rules())
@LAW
def test_the_hub_rule_only_takes_away(flow, begins, rule):
    free = only(flow, begins, replace(rule, hub_limit=None))
    held = only(flow, begins, rule)
    assert places(held) <= places(free)
    assert held.hubs <= {account for account, _ in held.arrivals}


@given(flows(), starts, rules())
@LAW
def test_keeping_the_latest_only_takes_away(flow, begins, rule):
    assert places(only(flow, begins, rule)) <= places(only(flow, begins, replace(rule, keep_latest=None)))


@given(flows(), starts, rules(windows=False), minute(4, 10), st.integers(0, 3))
@LAW
def test_a_larger_window_only_adds_where_no_rule_counts_transfers(flow, begins, rule, end, more):
    """With a hub limit or a number kept it may take away: an account can become a hub by what the window adds."""
    small = replace(rule, hub_limit=None, keep_latest=None, before=end)
    large = replace(small, before=end + timedelta(minutes=more))
    assert places(only(flow, begins, small)) <= places(only(flow, begins, large))


@given(flows(), starts, rules())
@LAW
def test_fewer_layers_are_the_beginning_of_more(flow, begins, rule):
    deep = only(flow, begins, replace(rule, layers=6))
    shallow = only(flow, begins, rule)
    assert shallow.arrivals == {place: a for place, a in deep.arrivals.items() if place[1] <= rule.layers}
    assert shallow.hubs <= deep.hubs
    assert shallow.truncated <= deep.truncated


@given(flows(), starts, rules(in_time=st.booleans()))
@LAW
def test_both_directions_are_the_two_answers(flow, begins, rule):
    both = expand(flow.carried(), begins, replace(rule, direction=Direction.BOTH))
    assert both == {
        way: only(flow, begins, replace(rule, direction=way)) for way in (Direction.FORWARD, Direction.BACKWARD)
    }


@given(flows(), starts, rules(windows=False))
@LAW
def test_what_happens_after_the_end_changes_nothing_before_it(flow, begins, rule):
    end = rule.before or DAY_1 + timedelta(minutes=5)
    early = Flow(tuple(t for t in flow.transfers if t.executed_at < end), flow.reversed_ids)
    assert only(flow, begins, replace(rule, before=end)) == only(early, begins, replace(rule, before=None))


@given(flows(), starts, rules(), links)
@LAW
def test_links_only_add(flow, begins, rule, shared):
    assert places(only(flow, begins, rule)) <= places(only(flow, begins, rule, shared))


@given(flows(), starts, rules())
@LAW
def test_starts_together_reach_what_they_reach_alone(flow, begins, rule):
    together = places(only(flow, begins, rule))
    alone = set().union(*(places(only(flow, {account: at}, rule)) for account, at in begins.items()), set())
    assert together == alone
