"""Every feature on every engine against its meaning, on random worlds; and what a feature must not know."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanroom.scoring.features import feature_names
from tests.spec.scoring.models import features_of
from tests.spec.scoring.reference import features
from tests.spec.scoring.world import random_world, without_listings_of

seeds = st.integers(0, 10**9)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Some are rare in few transfers; this world shows every one of them.
LARGE = {"seed": 6, "accounts": 26, "transfers": 220}


def meant(world) -> dict:
    return {(a, as_of): features(world, a, as_of) for a in world.accounts for as_of in world.as_ofs}


@given(seeds)
@FEW
def test_features_mean_what_the_reference_says(duckdb_scoring, seed):
    world = random_world(seed)
    assert features_of(duckdb_scoring, world) == meant(world)


@pytest.fixture(scope="module")
def large():
    world = random_world(**LARGE)
    return world, meant(world)


@pytest.mark.parametrize("engine", ["duckdb", pytest.param("bigquery", marks=pytest.mark.emulator)])
def test_a_larger_world_on_every_engine(request, large, engine):
    world, expected = large
    assert features_of(request.getfixturevalue(f"{engine}_scoring"), world) == expected


def test_the_larger_world_shows_every_feature(large):
    rows = list(large[1].values())
    constant = [name for name in rows[0] if len({row[name] for row in rows}) == 1]
    assert constant == []
    assert max(row["scattered_over"] for row in rows) > 1


@given(seeds)
@FEW
def test_no_feature_of_the_model_knows_the_accounts_own_listing(seed):
    world = random_world(seed)
    for account in {row[0] for row in world.listed} & set(world.accounts):
        other = without_listings_of(world, account)
        for as_of in world.as_ofs:
            with_it, without = features(world, account, as_of), features(other, account, as_of)
            assert {n: with_it[n] for n in feature_names()} == {n: without[n] for n in feature_names()}
