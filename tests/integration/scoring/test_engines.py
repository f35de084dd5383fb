"""The features are the same on both engines."""

import pytest

from cleanroom.pipeline.dbt import run_dbt
from tests.factories.bqemulator import ABSENT, PROGRAM, running_emulator
from tests.factories.landing import land_rows
from tests.factories.scoring_room import PERIOD, land, listings, transfers
from tests.factories.small_room import open_small_room

SELECTION = ("staging", "intermediate", "marts.scoring")
COUNTS = {"as_of_count": 2}
HOLDINGS = [
    {"holder_kind": "national_id", "holder": "holder of 100003", "asset_kind": "phone", "asset": "+886900000001"},
    {"holder_kind": "device", "holder": "d1", "asset_kind": "account", "asset": "100003", "asset_institution": "700"},
    {"holder_kind": "device", "holder": "d1", "asset_kind": "account", "asset": "100006", "asset_institution": "700"},
]
LISTED = {"list": "black", "reason": "fraud", "listed_at": "2025-05-01T00:00:00+08:00"}
CALL = {"caller": "+886900000001", "callee": "+886900000002", "duration_s": 30, "kind": "call"}


def build(room) -> dict[str, list[dict]]:
    room.warehouse.ensure_tables()
    land(room.warehouse, transfers(1, count=400), listings()[:6])
    held = [{**row, "held_from": "2024-01-01T00:00:00+08:00"} for row in HOLDINGS]
    land_rows(room.warehouse, "990", "holdings", held, period=PERIOD)
    numbers = [{"identifier_kind": "phone", "identifier": n, **LISTED} for n in ("+886900000002",)]
    land_rows(room.warehouse, "990", "cross_industry_list", numbers, period=PERIOD)
    calls = [{**CALL, "started_at": "2025-05-02T10:00:00+08:00"}]
    land_rows(room.warehouse, "990", "contacts", calls, period=PERIOD)
    run_dbt(room, "run", SELECTION, COUNTS)
    sql = "select * from scoring.{} order by as_of, account_token"
    return {name: room.warehouse.query(sql.format(name)).to_pylist() for name in ("account_features", "account_labels")}


@pytest.mark.emulator
@pytest.mark.slow
@pytest.mark.skipif(not PROGRAM.exists(), reason=ABSENT)
def test_both_engines_give_the_same_features_and_labels(tmp_path):
    embedded = open_small_room(tmp_path / "embedded")
    found = build(embedded)
    embedded.warehouse.close()
    with running_emulator(tmp_path) as endpoint:
        production = open_small_room(tmp_path / "production", f"bigquery://whole/room?endpoint={endpoint}")
        other = build(production)
        production.warehouse.close()

    features = found["account_features"]
    assert len(features) == 480
    for column in ("listed_within_two", "tainted_bound_cents", "passed_on_transfers", "flagged_contacts"):
        assert any(row[column] for row in features), column
    assert other == found
