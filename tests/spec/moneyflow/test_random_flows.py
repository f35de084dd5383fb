"""Laws over random flows: the reference against its definition, the dbt models against the reference."""

from datetime import timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cleanroom.moneyflow.reference import Direction, Transfer, WalkRule, expand, nearest_layers
from cleanroom.moneyflow.reference.walks import Ground, walks
from tests.factories.drawing import DAY_1, Flow
from tests.spec.moneyflow.engines import WAYS, answers, ask_reference

ACCOUNTS = "ABCDEFG"


@st.composite
def flows(draw, most=18):
    """Few accounts and few moments, so that ties, cycles and equal times are common."""
    size = draw(st.integers(1, most))
    account, minute, cents = st.sampled_from(ACCOUNTS), st.integers(0, 9), st.integers(1, 500)
    transfers = tuple(
        Transfer(f"t{place:02}", DAY_1 + timedelta(minutes=draw(minute)), draw(account), draw(account), draw(cents))
        for place in range(size)
    )
    back = frozenset(t.transfer_id for t in transfers if draw(st.integers(0, 9)) == 0)
    return Flow(transfers, back)


starts = st.dictionaries(
    st.sampled_from(ACCOUNTS), st.integers(0, 12).map(lambda m: DAY_1 + timedelta(minutes=m)), max_size=3
)
directions = st.sampled_from(WAYS)


@given(flows(most=9), starts, directions)
@settings(max_examples=60, deadline=None)
def test_the_reference_finds_the_first_arrival_over_all_walks(flow, listed, direction):
    rule = WalkRule(layers=3, direction=direction)
    found = expand(flow.carried(), listed, rule)[direction].arrivals
    ends = {}
    for start, moment in listed.items():
        for walk in walks(Ground(flow.carried(), rule, direction), start, moment):
            ends.setdefault((walk[-1].end, len(walk)), set()).add(walk[-1].at)
    best = min if direction is Direction.FORWARD else max
    assert {place: a.at for place, a in found.items() if place[1]} == {p: best(times) for p, times in ends.items()}


@given(flows(), starts, directions)
@settings(max_examples=60, deadline=None)
def test_a_path_is_a_walk_from_its_start(flow, listed, direction):
    found = ask_reference(flow, listed, direction=direction)
    by_id = {t.transfer_id: t for t in flow.carried()}
    for (account, layer), arrival in found.items():
        steps = [by_id[name] for name in arrival.path]
        assert len(steps) == layer
        times = [s.executed_at for s in steps]
        assert times == sorted(set(times), reverse=direction is Direction.BACKWARD)
        here = arrival.start
        for step in steps:
            ends = (step.sender, step.receiver)
            origin, end = ends if direction is Direction.FORWARD else ends[::-1]
            assert origin == here
            here = end
        assert here == account


@given(flows(), starts, directions)
@settings(max_examples=60, deadline=None)
def test_time_only_takes_away(flow, listed, direction):
    timed = nearest_layers(ask_reference(flow, listed, direction=direction))
    rule = WalkRule(in_time=False, direction=direction)
    plain = nearest_layers(expand(flow.carried(), listed, rule)[direction].arrivals)
    assert all(plain[account] <= layer for account, layer in timed.items())


@given(flows(), starts)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(flow=Flow((Transfer("t1", DAY_1, "A", "A", 1),)), listed={"A": DAY_1})
def test_the_models_agree_with_the_reference(duckdb_bench, flow, listed):
    as_ofs = [DAY_1 + timedelta(minutes=m) for m in (5, 60)]
    for (as_of, direction), arrivals in answers(duckdb_bench, flow, listed, as_ofs=as_ofs).items():
        assert arrivals == ask_reference(flow, listed, direction=direction, as_of=as_of)


@given(flows(), starts)
@settings(max_examples=30, deadline=None)
def test_what_happens_after_the_cut_off_changes_nothing_before_it(flow, listed):
    as_of = DAY_1 + timedelta(minutes=5)
    early = Flow(tuple(t for t in flow.transfers if t.executed_at < as_of), flow.reversed_ids)
    known = {account: when for account, when in listed.items() if when < as_of}
    for direction in WAYS:
        assert ask_reference(flow, listed, direction=direction, as_of=as_of) == ask_reference(
            early, known, direction=direction
        )
