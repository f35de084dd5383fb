"""Every way to ask the graph gives the reference's answers, over a base alone and over base and delta."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.lookout.walks import UNBOUNDED, separately, trace
from cleanroom.lookout.walks.arrivals import NOBODY
from cleanroom.lookout.walks.moments import microseconds
from cleanroom.moneyflow import reference
from cleanroom.moneyflow.reference import Direction
from tests.factories.flows import accounts, flows, minute, rules, starts
from tests.factories.laws import EXAMPLES, LAW
from tests.factories.lookout_engine import ask_lookout, ask_together, graph_of

directions = st.sampled_from(Direction)
any_rule = rules(direction=directions, in_time=st.booleans())
splits = st.none() | st.integers(0, 3)


@given(flows(most=30), starts, any_rule, splits)
@settings(LAW)
def test_an_expansion_is_the_reference_s(flow, begins, rule, split):
    assert ask_lookout(flow, begins, rule, seed=split) == reference.expand(flow.carried(), begins, rule)


@given(flows(most=30), starts, any_rule, splits)
@settings(LAW)
def test_one_pass_for_all_starts_finds_the_same(flow, begins, rule, split):
    assert ask_together(flow, begins, rule, seed=split) == reference.expand(flow.carried(), begins, rule)


@given(flows(most=30), starts, any_rule, splits)
@settings(LAW, max_examples=EXAMPLES // 2)
def test_starts_that_keep_apart_have_each_their_own_answer(flow, begins, rule, split):
    drawn = graph_of(flow.carried(), begins, seed=split)
    found = separately(drawn.graph, {drawn.number(a): microseconds(at) for a, at in begins.items()}, rule)
    for place, (account, at) in enumerate(begins.items()):
        for way, alone in reference.expand(flow.carried(), {account: at}, rule).items():
            nearest = reference.nearest_layers(alone.arrivals)
            layers = found[way].layers(drawn.number(account))
            assert {drawn.accounts[i]: k for i, k in enumerate(layers.tolist()) if k != NOBODY} == nearest
            per_layer = [list(nearest.values()).count(layer) for layer in range(rule.layers + 1)]
            assert found[way].counts()[place].tolist() == per_layer
    assert all(len(answers.counts()) == len(begins) for answers in found.values())


@given(flows(most=30), accounts, accounts, minute(-1, 11), any_rule, splits)
@settings(LAW)
def test_a_trace_is_the_path_to_the_nearest_arrival(flow, origin, target, at, rule, split):
    if origin == target and not rule.in_time:
        return  # a plain walk does not come back
    drawn = graph_of(flow.carried(), [origin, target], seed=split)
    expected = {}
    for way in rule.direction.ways:
        answer = reference.expand(flow.carried(), {origin: at}, replace(rule, direction=way))[way].arrivals
        if layers := [layer for account, layer in answer if account == target and layer > 0]:
            expected[way] = answer[target, min(layers)].path
    found = trace(drawn.graph, drawn.number(origin), drawn.number(target), microseconds(at), rule, UNBOUNDED)
    assert (found is not None) == bool(expected)
    if found:
        assert drawn.names_of(found.transfers) == expected[found.way]
        assert found.layers == min(map(len, expected.values()))
        assert [found.accounts[0], found.accounts[-1]] == [drawn.number(origin), drawn.number(target)]
