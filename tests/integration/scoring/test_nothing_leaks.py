"""What happens after a cut-off must not show in any feature of it: the future is thrown about and compared."""

from datetime import UTC, datetime, timedelta

import pytest

from cleanroom.pipeline.dbt import run_dbt
from tests.factories.scoring_room import land as land_all
from tests.factories.scoring_room import listings, number, open_room, transfers

CUT_OFF = datetime(2025, 6, 22, 16, tzinfo=UTC)  # one of the weekly ones
SELECTION = ("staging", "intermediate", "marts.scoring")


def features_of(home, moved, listed_at):
    made = open_room(home)
    try:
        made.warehouse.ensure_tables()
        land_all(made.warehouse, moved, listed_at)
        run_dbt(made, "run", SELECTION)
        sql = "select * exclude (is_latest) from scoring.account_features order by as_of, account_token"
        return made.warehouse.query(sql).to_pylist()
    finally:
        made.warehouse.close()


def is_past(at) -> bool:
    return at < CUT_OFF


@pytest.fixture(scope="module")
def two_futures(tmp_path_factory):
    """Features of the same past with two futures: other transfers, other listings, another amount of them."""
    first, other = transfers(1), transfers(2, count=3000)
    mixed = [t for t in first if is_past(t[2])] + [t for t in other if not is_past(t[2])]
    later = [(number(2 * i + 1), CUT_OFF + timedelta(days=1 + i)) for i in range(6)]
    other_listings = [one for one in listings() if is_past(one[1])] + later
    folders = (tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("other"))
    return features_of(folders[0], first, listings()), features_of(folders[1], mixed, other_listings)


def past_rows(rows):
    return [r for r in rows if r["as_of"] <= CUT_OFF]


def test_no_feature_of_a_cut_off_changes_with_what_comes_after_it(two_futures):
    first, other = (past_rows(rows) for rows in two_futures)

    assert len({r["as_of"] for r in first}) == 5
    assert len(first) > 1000, "this test would pass on nothing"
    assert any(r["listed_within_two"] for r in first)
    assert any(r["tainted_bound_cents"] for r in first)
    for column in ("returns_by_one", "scattered_over", "gathered_and_scattered", "reached_two_ppb", "paying_in_crowds"):
        assert any(r[column] for r in first), column
    assert first == other


def test_the_two_futures_do_differ_after_the_cut_off(two_futures):
    first, other = ([r for r in rows if r["as_of"] > CUT_OFF] for rows in two_futures)

    assert len(first) == len(other) > 0
    assert first != other


def test_earlier_features_differ_from_later_ones(two_futures):
    """Otherwise the first test could pass because nothing depends on the cut-off at all."""
    by_account = {}
    for row in two_futures[0]:
        by_account.setdefault(row["account_token"], set()).add(row["transfers"])

    assert sum(len(counts) > 1 for counts in by_account.values()) > 100
