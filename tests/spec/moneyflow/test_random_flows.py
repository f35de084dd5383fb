"""Every engine is asked the same random flows, and gives the answers of the reference."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleanroom.moneyflow.reference import Direction, Transfer, WalkRule
from tests.factories.drawing import DAY_1, Flow
from tests.factories.flows import delays, flows, links, rules, starts
from tests.factories.laws import EXAMPLES, LAW
from tests.spec.moneyflow.engines import Asked, ask_reference
from tests.spec.moneyflow.questions import Engine, engines_for, questions_of

FLOWS_AT_ONCE = 12
directions = st.sampled_from(Direction)


@st.composite
def batches(draw):
    """Questions that the models answer in one build: one delay, hub limit and number kept; anything else differs."""
    limits = {"max_delay": draw(st.none() | delays), "hub_limit": draw(st.none() | st.integers(1, 7))}
    limits["keep_latest"] = draw(st.none() | st.integers(1, 3))
    size = draw(st.integers(1, FLOWS_AT_ONCE))
    drawn = [(draw(flows()), draw(starts), draw(rules(direction=directions, windows=False))) for _ in range(size)]
    return [
        Asked(flow, begins, WalkRule(rule.layers, rule.direction, before=rule.before, **limits))
        for flow, begins, rule in drawn
    ]


@given(batches())
@settings(LAW, max_examples=EXAMPLES // 8)
@example([Asked(Flow((Transfer("t1", DAY_1, "A", "A", 1),)), {"A": DAY_1}, WalkRule())])
def test_duckdb_and_the_online_engine_give_the_reference_s_answers(ask, asked):
    expected = ask_reference(asked)
    for engine in (Engine.DUCKDB, Engine.ONLINE):
        assert all(engine in engines_for(questions_of(one.rule, one.links)) for one in asked)
        assert ask(engine, asked) == expected


@pytest.mark.emulator
@given(batches())
@settings(LAW, max_examples=EXAMPLES // 20)
def test_all_engines_give_the_same_answers(ask, asked):
    expected = ask_reference(asked)
    for engine in (Engine.BIGQUERY, Engine.DUCKDB, Engine.ONLINE):
        assert ask(engine, asked) == expected


@given(flows(), starts, rules(direction=directions), links)
@settings(LAW, max_examples=EXAMPLES * 2)
def test_the_online_engine_gives_the_reference_s_answers_to_link_steps(ask, flow, begins, rule, shared):
    asked = [Asked(flow, begins, rule, shared)]
    assert Engine.ONLINE in engines_for(questions_of(rule, shared))
    assert ask(Engine.ONLINE, asked) == ask_reference(asked)


@given(flows(most=30), starts, rules(direction=directions, in_time=st.booleans()))
@settings(LAW, max_examples=EXAMPLES * 2)
def test_the_online_engine_gives_the_reference_s_answers_to_any_rule(ask, flow, begins, rule):
    asked = [Asked(flow, begins, rule)]
    assert ask(Engine.ONLINE, asked) == ask_reference(asked)
