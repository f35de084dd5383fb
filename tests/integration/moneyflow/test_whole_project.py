"""The whole dbt project on both engines, in two loads: every table of one equals the other's, row for row."""

import json
from datetime import timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from cleanroom.pipeline.dbt import run_dbt
from cleanroom.pipeline.dbt_project import dbt_folder
from cleanroom.pipeline.moneyflow import SELECTION
from cleanroom.scoring.scores import SCORES
from cleanroom.scoring.scores import TABLE as SCORES_TABLE
from tests.factories.bqemulator import ABSENT, PROGRAM, running_emulator
from tests.factories.landing import account_token, land_rows
from tests.factories.scoring_room import END, PERIOD, START, land, listings, number, transfers
from tests.factories.small_room import booking, listed, open_small_room

RELEASE = "release-1"
VARS = {"as_of_count": 3, "release_id": RELEASE}
CALL = {"caller": "+886900000001", "callee": "+886900000002", "duration_s": 30, "kind": "call"}
NAMED = {"identifier_kind": "phone", "identifier": "+886900000002", "list": "black", "reason": "fraud"}
HELD_SINCE = {"held_from": "2024-01-01T00:00:00+08:00"}
# Nothing of these arises from what is landed here (twins do in the random worlds of tests/spec/scoring); every other
# table must have rows.
MAY_BE_EMPTY = {"int_moneyflow__over_limit", "int_moneyflow__limits", "int_scoring__twins"}


def land_first(warehouse):
    """Months of three banks with mules in them, and what the other industries know of their holders."""
    land(warehouse, transfers(1, count=300), listings()[:6])
    holdings = [
        {"holder_kind": "national_id", "holder": "holder of 100003", "asset_kind": "phone", "asset": "+886900000001"},
        *(device("d1", account) for account in ("100003", "100006")),
    ]
    land_rows(warehouse, "990", "holdings", [row | HELD_SINCE for row in holdings], period=PERIOD)
    named = [NAMED | {"listed_at": "2025-05-01T00:00:00+08:00"}]
    land_rows(warehouse, "990", "cross_industry_list", named, period=PERIOD)
    calls = [CALL | {"started_at": "2025-05-02T10:00:00+08:00"}]
    land_rows(warehouse, "990", "contacts", calls, period=PERIOD)


def device(name, account):
    tied = {"asset_kind": "account", "asset": account, "asset_institution": "700"}
    return {"holder_kind": "device", "holder": name} | tied


def land_second(warehouse):
    """Late transfers and listings: a leg without reference, one alone, one reversed, two that disagree, a lift."""
    late = [(number(1), number(41), START + timedelta(days=70, hours=n)) for n in range(4)]
    at_808 = [booking(f"late-{n}", *moved, ref=f"L{n}", cents=9_900_00 + n) for n, moved in enumerate(late)]
    at_808[0] |= {"clearing_ref": None}
    at_808[1] |= {"reversed": True}
    at_822 = [row | {"txn_id": f"in-{row['txn_id']}"} for row in at_808[:3]]
    at_822[2] |= {"amount_twd": 1.5}
    land_rows(warehouse, "808", "transfers", at_808, sequence=2, period=PERIOD)
    land_rows(warehouse, "822", "transfers", at_822, sequence=2, period=PERIOD)
    at = START + timedelta(days=90)
    land_rows(warehouse, "808", "list_events", [listed(number(1)[3:], at, case_no="late")], sequence=2, period=PERIOD)
    lifted = listed(number(0)[3:], at, event="lifted", case_no=f"case-{number(0)}")
    land_rows(warehouse, "700", "list_events", [lifted], sequence=2, period=PERIOD)


def scores() -> pa.Table:
    as_of = END + timedelta(seconds=1)
    accounts = [number(i) for i in range(60)]
    rows = [
        {"release_id": RELEASE, "as_of": as_of, "account_token": account_token(a[:3], a[3:]), "institution": a[:3],
         "score": 1 / (n + 2), "rank": n + 1, "baseline_score": n / 100, "reasons": "[]", "mode": "released"}
        for n, a in enumerate(accounts)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCORES)


def build(room):
    """All tables after the second load, whose layers follow the first, and what its build took as changed."""
    room.warehouse.ensure_tables()
    land_first(room.warehouse)
    run_dbt(room, "run", SELECTION, VARS)
    land_second(room.warehouse)
    room.warehouse.replace_rows(SCORES_TABLE, scores())
    run_dbt(room, "run", None, VARS)
    manifest = json.loads((dbt_folder(room.settings) / "target" / "manifest.json").read_text())
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    return {n["name"]: rows_of(room, f"{n['config']['schema']}.{n['alias']}") for n in models}


def rows_of(room, table):
    return sorted((plain(row) for row in room.warehouse.query(f"select * from {table}").to_pylist()), key=repr)


def plain(row):
    """One type per kind of value: an engine's decimals of whole numbers are integers."""
    return {name: int(v) if isinstance(v, Decimal) and v == int(v) else v for name, v in sorted(row.items())}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    room = open_small_room(tmp_path_factory.mktemp("embedded"))
    yield room, build(room)
    room.warehouse.close()


@pytest.mark.slow
@pytest.mark.emulator
@pytest.mark.skipif(not PROGRAM.exists(), reason=ABSENT)
def test_every_table_is_the_same_on_both_engines(embedded, tmp_path):
    _, found = embedded
    with running_emulator(tmp_path) as endpoint:
        production = open_small_room(tmp_path / "production", f"bigquery://whole/room?endpoint={endpoint}")
        other = build(production)
        production.warehouse.close()

    assert len(found) >= 60 and set(other) == set(found)
    assert {name for name, rows in found.items() if not rows} <= MAY_BE_EMPTY
    assert sum(len(rows) for rows in found.values()) > 5_000, "too little to compare"
    assert {name for name in found if other[name] != found[name]} == set()


@pytest.mark.slow
def test_the_second_load_is_followed_and_gives_what_a_build_from_nothing_gives(embedded):
    room, found = embedded
    clocks = [row["clock"] for row in found["int_moneyflow__changes"]]
    assert clocks and min(clocks) > -9_000_000_000_000_000_000, "everything was built anew, so this would prove nothing"
    run_dbt(room, "run", SELECTION, VARS, options=("--full-refresh",))
    layers = [name for name in found if name.startswith("int_moneyflow__layer") or name == "int_moneyflow__arrivals"]
    assert len(layers) == 9 and sum(len(found[name]) for name in layers) > 100
    assert {name for name in layers if rows_of(room, f"moneyflow.{name}") != found[name]} == set()
