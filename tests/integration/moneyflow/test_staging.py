"""Staging: one row per landed row, and the latest submission wins where one states a row again."""

from datetime import UTC, date, datetime, timedelta

import pytest

from cleanroom.pipeline.dbt import run_dbt
from tests.factories.landing import land_rows
from tests.factories.small_room import NINE, account, booking, listed, open_small_room

JUNE, JULY = (date(2025, 6, 1), date(2025, 6, 30)), (date(2025, 7, 1), date(2025, 7, 31))
SUMMER = (date(2025, 6, 15), date(2025, 7, 15))


def transfer(txn_id, cents, **other):
    return booking(txn_id, "808100001", "822200001", NINE, cents=cents, **other)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    small = open_small_room(tmp_path_factory.mktemp("staging"))
    warehouse = small.warehouse
    land_rows(warehouse, "808", "transfers", [transfer("a", 1), transfer("b", 2), transfer("c", 3)], period=JUNE)
    land_rows(warehouse, "808", "transfers", [transfer("a", 10)], sequence=2, period=JULY)
    land_rows(warehouse, "808", "transfers", [transfer("b", 20), transfer("d", 4)], sequence=3, period=SUMMER)
    land_rows(warehouse, "822", "transfers", [transfer("c", 3, ref=" ")], sequence=4, period=JUNE)
    land_rows(warehouse, "808", "accounts", [account("100001"), account("100002")], period=JUNE)
    land_rows(warehouse, "808", "accounts", [account("100001") | {"status": "watch_listed"}], sequence=2, period=JULY)
    event = listed("100001", NINE)
    land_rows(warehouse, "808", "list_events", [event], period=JUNE)
    land_rows(warehouse, "808", "list_events", [event | {"reported_loss_twd": "2000"}], sequence=2, period=JUNE)
    land_rows(warehouse, "888", "cross_industry_list", [black(None)], period=JUNE)
    land_rows(warehouse, "888", "cross_industry_list", [black(NINE + timedelta(days=1))], sequence=2, period=JUNE)
    land_rows(warehouse, "888", "contacts", [call(), call()], period=JUNE)
    land_rows(warehouse, "888", "holdings", [holding(None)], period=JUNE)
    land_rows(warehouse, "888", "holdings", [holding(NINE)], sequence=2, period=JUNE)
    run_dbt(small, "build", "staging", options=("--exclude-resource-type", "unit_test"))
    yield small
    warehouse.close()


def black(lifted_at):
    row = {"identifier_kind": "phone", "identifier": "+886900000001", "list": "black", "reason": "scam calls"}
    return row | {"listed_at": NINE, "lifted_at": lifted_at}


def call():
    return {"caller": "+886900000001", "callee": "+886900000002", "started_at": NINE, "duration_s": 60, "kind": "call"}


def holding(held_to):
    row = {"holder_kind": "national_id", "holder": "A123456789", "asset_kind": "phone", "asset": "+886900000001"}
    return row | {"asset_institution": None, "held_from": datetime(2024, 1, 1, tzinfo=UTC), "held_to": held_to}


def rows(room, name, *columns):
    found = room.warehouse.query(f"select {', '.join(columns)} from staging.stg_landing__{name}").to_pylist()
    return sorted(tuple(row.values()) for row in found)


def test_a_booking_stated_again_over_common_days_replaces_the_first(room):
    found = rows(room, "transfers", "participant", "txn_id", "amount_cents")
    # `a` of July is another booking than `a` of June; `b` of the overlapping submission is the same one again.
    assert found == [
        ("808", "a", 1),
        ("808", "a", 10),
        ("808", "b", 20),
        ("808", "c", 3),
        ("808", "d", 4),
        ("822", "c", 3),
    ]


def test_an_empty_clearing_reference_is_none(room):
    assert {ref for (ref,) in rows(room, "transfers", "clearing_ref")} == {None}


def test_the_latest_state_of_an_account_stands(room):
    assert sorted(status for (status,) in rows(room, "accounts", "status")) == ["active", "watch_listed"]


def test_an_event_stated_again_is_one_event(room):
    assert rows(room, "list_events", "event", "reported_loss_cents") == [("listed", 200_000)]


def test_a_listing_that_was_lifted_later_is_one_row(room):
    assert rows(room, "cross_industry_list", "list_name", "lifted_at") == [("black", NINE + timedelta(days=1))]
    assert rows(room, "holdings", "asset_kind", "held_to") == [("phone", NINE)]


def test_rows_of_one_submission_never_replace_each_other(room):
    assert len(rows(room, "contacts", "row_number")) == 2
