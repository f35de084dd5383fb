"""Walks with link steps: what the models say is what the reference says."""

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanroom.moneyflow.reference import Direction, Links, Tie, Transfer, WalkRule, expand
from tests.factories.dbt_models import ModelBench
from tests.spec.scoring.models import GRAPH, give
from tests.spec.scoring.reference import ties
from tests.spec.scoring.world import AS_OFS, BEGIN, Held, Paid, World, random_world

KINDS = ("holder", "phone", "device", "platform_account")
LAYERS = 6
WAYS = (Direction.FORWARD, Direction.BACKWARD)
BUILT = ("int_moneyflow__steps", "int_linked__accounts")
BUILT += (*(f"int_linked__layer_{layer}" for layer in range(LAYERS + 1)), "int_linked__layers")
Found = dict[tuple[str, int], tuple]


def meant(world: World, starts: dict[str, datetime], kinds: tuple[str, ...], limit: int) -> dict:
    """(cut-off, direction) -> (account, layer) -> moment, via, account before, start."""
    moved = [Transfer(p.name, p.at, p.sender, p.receiver, p.cents) for p in world.paid if not p.reversed]
    found = {}
    for as_of in world.as_ofs:
        known = tuple(Tie(account, identifier, kind, since) for (account, identifier), (kind, since)
                      in ties(world).items() if kind in kinds and since < as_of)  # fmt: skip
        rule = WalkRule(direction=Direction.BOTH, before=as_of)
        for way, answer in expand(moved, starts, rule, links=Links(known, limit)).items():
            arrivals = answer.arrivals.items()
            found[as_of, way] = {place: (a.at, a.via, a.came_from, a.start) for place, a in arrivals}
    return found


def answered(bench: ModelBench, world: World, starts: dict[str, datetime], kinds: tuple[str, ...], limit: int) -> dict:
    give(bench, world)
    bench.given("int_linked__rule", [{"identifier_kind": kind, "link_limit": limit} for kind in kinds])
    bench.given("int_moneyflow__layer_0", [_start(m, way, *s) for m in AS_OFS for way in WAYS for s in starts.items()])
    bench.build(*GRAPH, *BUILT)
    found: dict[tuple[datetime, Direction], Found] = {(m, way): {} for m in world.as_ofs for way in WAYS}
    for row in bench.rows("int_linked__layers"):
        if row["is_first"]:
            arrival = (row["arrived_at"], row["via_transfer_id"] or row["via_identifier_token"],
                       row["from_account_token"], row["start_account_token"])  # fmt: skip
            found[row["as_of"], Direction(row["direction"])][row["account_token"], row["layer"]] = arrival
    return found


def _start(as_of: datetime, way: Direction, account: str, begins_at: datetime) -> dict:
    return {"cut_off": as_of, "direction": str(way), "account_token": account, "layer": 0, "arrived_at": begins_at,
            "is_first": True, "start_account_token": account}  # fmt: skip


def starts_in(world: World, seed: int) -> dict[str, datetime]:
    rng = random.Random(seed)
    return {
        a: BEGIN + timedelta(days=rng.choice((0, 4, 30, 59, 66, 94))) for a in rng.sample(sorted(world.accounts), 2)
    }


@given(st.integers(0, 10**9), st.integers(2, 4), st.sets(st.sampled_from(KINDS), min_size=1).map(sorted))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_models_agree_with_the_reference(duckdb_scoring, seed, limit, kinds):
    world = random_world(seed, transfers=16)
    starts = starts_in(world, seed)
    asked = (world, starts, tuple(kinds), limit)
    assert answered(duckdb_scoring, *asked) == meant(*asked)


@pytest.fixture(scope="module")
def large():
    world = random_world(7, accounts=16, transfers=60)
    asked = (world, starts_in(world, 7), KINDS, 4)
    return asked, meant(*asked)


@pytest.mark.parametrize("engine", ["duckdb", pytest.param("bigquery", marks=pytest.mark.emulator)])
def test_a_larger_world_on_every_engine(request, large, engine):
    asked, expected = large
    vias = [via for arrivals in expected.values() for _, via, _, _ in arrivals.values() if via]

    assert sum(via.startswith("t") for via in vias) > 50
    assert sum(not via.startswith("t") for via in vias) > 30
    assert answered(request.getfixturevalue(f"{engine}_scoring"), *asked) == expected


def test_a_later_arrival_may_be_the_one_that_a_tie_needs(duckdb_scoring):
    """aA pays aB twice; aB and aC share a phone only from between the two payments on."""
    days = [BEGIN + timedelta(days=n) for n in range(6)]
    accounts = {name: (f"h{name}", BEGIN.date() - timedelta(days=99)) for name in ("aA", "aB", "aC", "aD")}
    paid = (Paid("t1", days[1], "aA", "aB", 100), Paid("t2", days[3], "aA", "aB", 100),
            Paid("t3", days[4], "aC", "aD", 100))  # fmt: skip
    held = (Held("haB", "phone", "p1", days[0]), Held("haC", "phone", "p1", days[2]))
    world = World(paid=paid, accounts=accounts, held=held)
    found = answered(duckdb_scoring, world, {"aA": days[0]}, KINDS, 2)[AS_OFS[0], Direction.FORWARD]

    assert found["aC", 2] == (days[3], "p1", "aB", "aA")
    assert found["aD", 3] == (days[4], "t3", "aC", "aA")
    assert ("aB", 3) not in found, "two link steps in a row"


@pytest.mark.parametrize(("limit", "linked"), [(2, False), (3, True)])
def test_an_identifier_of_too_many_accounts_links_nobody(duckdb_scoring, limit, linked):
    since = BEGIN - timedelta(days=99)
    accounts = {name: (f"h{name}", since.date()) for name in ("aA", "aB", "aC", "aD")}
    held = tuple(Held(f"h{name}", "device", "d1", since) for name in ("aB", "aC", "aD"))
    world = World(paid=(Paid("t1", BEGIN + timedelta(days=1), "aA", "aB", 100),), accounts=accounts, held=held)
    found = answered(duckdb_scoring, world, {"aA": BEGIN}, KINDS, limit)[AS_OFS[0], Direction.FORWARD]

    assert (("aC", 2) in found, ("aD", 2) in found) == (linked, linked)
    assert found.keys() == meant(world, {"aA": BEGIN}, KINDS, limit)[AS_OFS[0], Direction.FORWARD].keys()
