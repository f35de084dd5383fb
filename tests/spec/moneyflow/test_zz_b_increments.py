"""Layers that follow what changed are the layers that a build from nothing gives, whatever came, went or broke off."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanroom.moneyflow.reference import Transfer
from tests.factories.dbt_models import ExtendingBench, compile_extensions
from tests.factories.drawing import DAY_1, at

LAYERS = tuple(f"int_moneyflow__layer_{layer}" for layer in range(7))
BEFORE = ("as_of", "steps", "starts", "inputs", "changes", "over_limit")
AFTER = ("arrivals", "layers", "limits")
CHAIN = (*(f"int_moneyflow__{n}" for n in BEFORE), *LAYERS, *(f"int_moneyflow__{n}" for n in AFTER))
COMPARED = (*LAYERS, "int_moneyflow__arrivals", "int_moneyflow__layers", "int_moneyflow__limits")
NO_LIMITS = {"max_delay_us": None, "hub_limit": None, "keep_latest": None, "code": "1"}
BEGINNING = -9_000_000_000_000_000_000


def moved(transfer_id, executed_at, sender, receiver):
    return Transfer(transfer_id, executed_at, sender, receiver, 100)


@dataclass(frozen=True)
class Listed:
    account: str
    listed_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True)
class World:
    """What the warehouse holds at one build. `reaches`: the last layer that is built before the run breaks off."""

    transfers: tuple[Transfer, ...]
    listed: tuple[Listed, ...]
    rule: tuple[tuple[str, object], ...] = ()
    reaches: int = 6


@pytest.fixture(scope="module")
def benches(duckdb_bench, tmp_path_factory):
    models = duckdb_bench.models
    extensions = compile_extensions(tmp_path_factory.mktemp("dbt"), models, select=["intermediate.moneyflow"])
    assert set(extensions) == {"int_moneyflow__inputs", *LAYERS}
    return lambda: ExtendingBench(models, extensions)


def lay_out(bench, world):
    bench.given("int_moneyflow__rule", [NO_LIMITS | dict(world.rule)])
    bench.given("int_transfers__joined", [transfer_row(t) for t in world.transfers])
    moments = [moment for one in world.listed for moment in (one.listed_at, one.ended_at) if moment]
    bench.given("stg_landing__list_events", [{"occurred_at": moment} for moment in moments])
    listings = [listing_row(place, one) for place, one in enumerate(world.listed)]
    bench.given("int_list_events__listings", listings)


def transfer_row(t):
    row = {"transfer_id": t.transfer_id, "executed_at": t.executed_at, "reversed": False}
    return row | {"sender_account_token": t.sender, "receiver_account_token": t.receiver}


def listing_row(place, one):
    row = {"account_token": one.account, "listing": place, "listed_at": one.listed_at, "ended_at": one.ended_at}
    return row | {"ends_by_law_at": one.listed_at + timedelta(days=20)}


def contents(bench):
    return {name: sorted(bench.rows(name), key=lambda row: [str(v) for v in row.values()]) for name in COMPARED}


def built(benches, world):
    bench = benches()
    lay_out(bench, world)
    bench.build(*CHAIN)
    return contents(bench)


def follow(benches, worlds):
    """The bench after every world was built upon the one before."""
    bench = benches()
    lay_out(bench, worlds[0])
    bench.build(*CHAIN)
    for world in worlds[1:]:
        lay_out(bench, world)
        bench.extend(*(CHAIN if world.reaches == 6 else CHAIN[: CHAIN.index(LAYERS[world.reaches]) + 1]))
    return bench


def changes(bench):
    return {(row["cut_off"], row["direction"]): row["clock"] for row in bench.rows("int_moneyflow__changes")}


# ---- what a change touches ----

CHAINED = (
    moved("t1", at("day 3 09:00"), "W", "A"),
    moved("t2", at("day 12 09:00"), "A", "B"),
    moved("t3", at("day 20 09:00"), "B", "C"),
    moved("t4", at("day 3 08:00"), "V", "W"),
)
FIRST = World(CHAINED, (Listed("W", at("day 20 15:00")),))
MONDAYS = [datetime.fromisoformat(f"2025-06-{day:02}T16:00:00+00:00") for day in (1, 8, 15, 22)]


def test_the_first_build_is_of_everything(benches):
    bench = follow(benches, [FIRST])
    assert set(changes(bench).values()) == {BEGINNING}
    assert {row["account_token"] for row in bench.rows("int_moneyflow__layers")} == {"W", "A", "B", "C", "V"}


def test_the_same_again_changes_nothing(benches):
    assert changes(follow(benches, [FIRST, FIRST])) == {}


def test_transfers_at_the_end_touch_the_open_cut_off_from_their_day_on_and_nothing_backward(benches):
    more = replace(FIRST, transfers=(*CHAINED, moved("t5", at("day 21 09:00"), "C", "D")))
    bench = follow(benches, [FIRST, more])
    day_21 = round((at("day 21 00:00") - timedelta(hours=8)).timestamp() * 1e6)
    assert changes(bench) == {(MONDAYS[3], "forward"): day_21}
    assert contents(bench) == built(benches, more)


def test_a_late_transfer_touches_every_later_cut_off_from_its_day_on(benches):
    late = replace(FIRST, transfers=(*CHAINED, moved("t0", at("day 10 09:00"), "W", "D")))
    bench = follow(benches, [FIRST, late])
    day_10 = round((at("day 10 00:00") - timedelta(hours=8)).timestamp() * 1e6)
    assert {way: clock for way, clock in changes(bench).items() if way[1] == "forward"} == {
        (cut_off, "forward"): day_10 for cut_off in MONDAYS[2:]
    }
    assert contents(bench) == built(benches, late)


def test_a_lifted_listing_leaves_nothing_behind(benches):
    lifted = replace(FIRST, listed=(Listed("W", at("day 20 15:00"), at("day 20 16:00")),))
    bench = follow(benches, [FIRST, lifted])
    assert contents(bench) == built(benches, lifted)
    assert bench.rows("int_moneyflow__layers") == []


@pytest.mark.parametrize("layer", range(6))
def test_a_run_that_broke_off_is_made_up_for_by_building_everything(benches, layer):
    late = moved("t0", at("day 10 09:00"), "W", "D")
    broken = replace(FIRST, transfers=(*CHAINED, late), reaches=layer)
    bench = follow(benches, [FIRST, broken, FIRST])
    assert set(changes(bench).values()) == {BEGINNING}
    assert contents(bench) == built(benches, FIRST)


@pytest.mark.parametrize("limit", [("max_delay_us", 10**12), ("hub_limit", 1), ("keep_latest", 1), ("code", "2")])
def test_another_rule_or_other_code_builds_everything(benches, limit):
    other = replace(FIRST, rule=(limit,))
    bench = follow(benches, [FIRST, other])
    assert set(changes(bench).values()) == {BEGINNING}
    assert contents(bench) == built(benches, other)


def test_data_that_shrinks_reopens_a_cut_off(benches):
    less = World(CHAINED[:2], (Listed("W", at("day 4 00:00")),))
    more = World(CHAINED, less.listed)
    bench = follow(benches, [more, less])
    assert contents(bench) == built(benches, less)


# ---- any sequence ----

accounts = st.sampled_from("ABCDEF")
moments = st.tuples(st.integers(0, 24), st.integers(0, 5)).map(lambda t: DAY_1 + timedelta(days=t[0], hours=4 * t[1]))
delays = st.integers(1, 240).map(lambda hours: hours * 3_600_000_000)
listings = st.builds(Listed, accounts, moments.map(lambda moment: moment + timedelta(days=8)))


@st.composite
def worlds(draw):
    """Up to four builds: transfers come, go and are stated again, listings come, end and go, the rule may change."""
    size = draw(st.integers(1, 16))
    pool = [moved(f"t{n:02}", draw(moments), draw(accounts), draw(accounts)) for n in range(size)]
    listed = {one.account: one for one in draw(st.lists(listings, min_size=1, max_size=3))}
    rule = draw(rules)
    found = []
    for _ in range(draw(st.integers(2, 4))):
        there = draw(st.sets(st.sampled_from(range(size)), min_size=size // 2))
        if draw(st.booleans()):
            place = draw(st.sampled_from(range(size)))
            pool[place] = moved(pool[place].transfer_id, draw(moments), draw(accounts), draw(accounts))
        if draw(st.booleans()):
            listed = changed(draw, listed)
        if draw(st.integers(0, 7)) == 0:
            rule = draw(rules)
        reaches = draw(st.sampled_from([6, 6, 6, 6, 0, 2, 5]))
        transfers = tuple(t for place, t in enumerate(pool) if place in there)
        found.append(World(transfers, tuple(listed.values()), rule, reaches))
    return [*found[:-1], replace(found[-1], reaches=6)]


rules = st.sampled_from([(), (), (), (("hub_limit", 4),), (("keep_latest", 2),)]) | delays.map(
    lambda us: (("max_delay_us", us),)
)


def changed(draw, listed):
    one = draw(listings)
    if one.account in listed and draw(st.booleans()):
        old = listed[one.account]
        return listed | {one.account: replace(old, ended_at=old.listed_at + timedelta(days=draw(st.integers(0, 9))))}
    return listed | {one.account: one}


@given(worlds())
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_sequence_of_builds_ends_where_a_build_from_nothing_does(benches, sequence):
    assert contents(follow(benches, sequence)) == built(benches, sequence[-1])
