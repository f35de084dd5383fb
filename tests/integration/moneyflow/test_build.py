"""The money-flow step on a whole warehouse: landed rows in, published tables out."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from cleanroom.errors import DataTestsFailed, WarehouseFault
from cleanroom.pipeline import dbt, moneyflow
from cleanroom.pipeline.dbt import run_dbt
from cleanroom.pipeline.dbt_project import dbt_folder
from cleanroom.pipeline.moneyflow import SELECTION, build
from cleanroom.pipeline.steps import NOT_REPORTED
from cleanroom.settings import project_root
from tests.factories.landing import account_token, land_rows
from tests.factories.small_room import NINE, booking, land_small, open_small_room

COMPARED = (
    "moneyflow.int_transfers__joined",
    "moneyflow.int_transfers__leg_summary",
    "moneyflow.int_accounts__known",
    "moneyflow.int_list_events__watch_listed",
    "moneyflow.int_moneyflow__as_of",
    "moneyflow.int_moneyflow__layers",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    small = open_small_room(tmp_path_factory.mktemp("built"))
    land_small(small.warehouse)
    yield small, build(small, run_id="r1")
    small.warehouse.close()


def test_the_step_says_what_there_is(built):
    _, result = built
    assert result.rows == 2
    counted = {name: result.detail[name] for name in ("transfers", "watch_listed", "accounts", "rows_landed")}
    assert counted == {"transfers": 2, "watch_listed": 1, "accounts": 3, "rows_landed": 4}
    assert (result.detail["legs_matched"], result.detail["legs_unmatched"]) == (2, 0)
    assert all(result.detail[f"seconds_layer_{layer}"] > 0 for layer in range(7))


def test_the_graph_lies_beside_for_the_lookout(built):
    room, _ = built
    folder = room.settings.room_dir / "graph"
    transfers, listings = (pq.read_table(folder / f"{name}.parquet") for name in ("transfers", "listings"))
    assert transfers.num_rows == 2
    assert [token.hex() for token in listings["account_token"].to_pylist()] == [account_token("808", "100001")]


def test_what_is_published_holds_no_token_and_no_time_of_a_transfer(built):
    room, _ = built
    assert [r.kind for r in room.portal.results] == ["legs", "layers"]
    text = json.dumps([r.body for r in room.portal.results])
    assert account_token("808", "100001") not in text
    assert "2025-06" not in text
    rows = room.portal.body("layers")["rows"]
    reached = [(r["layer"], r["institution"], r["accounts"]) for r in rows if r["direction"] == "forward"]
    assert reached == [(0, "808", 1), (1, "822", 1), (2, "808", 1)]
    assert len(room.portal.body("layers")["cumulative_seconds"]) == 7


def test_the_same_build_again_changes_nothing(built):
    room, _ = built
    before = {table: contents(room, table) for table in COMPARED}
    run_dbt(room, "run", SELECTION)
    assert all(before.values())
    assert {table: contents(room, table) for table in COMPARED} == before


def test_layers_of_other_code_are_built_anew_and_those_of_the_same_are_followed(built, monkeypatch):
    room, first = built
    monkeypatch.setattr(dbt, "models_code", lambda: "other code")
    monkeypatch.setattr(moneyflow, "models_code", lambda: "other code")
    other, again = build(room).detail, build(room).detail
    assert [d["layers"] for d in (first.detail, other, again)] == ["full", "full", "incremental"]
    assert (other["walks_changed"], again["walks_changed"]) == (other["walks"], 0)


def test_a_person_may_ask_for_all_layers_anew(room, monkeypatch):
    class Asked(Exception):
        pass

    def asked(*_, options):
        raise Asked(options)

    monkeypatch.setattr(moneyflow, "run_dbt", asked)
    with pytest.raises(Asked, match="--full-refresh"):
        build(room, full=True)


def test_the_warehouse_is_free_for_another_process_after_dbt(room):
    land_small(room.warehouse)
    run_dbt(room, "run", "staging")
    opener = "import duckdb, sys; print(duckdb.connect(sys.argv[1]).execute('select 1').fetchone())"
    done = subprocess.run(
        [sys.executable, "-c", opener, str(room.settings.warehouse_file)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_nothing_is_written_into_the_project_and_the_environment_is_put_back(room):
    before, environment = project_files(), dict(os.environ)
    land_small(room.warehouse)
    run_dbt(room, "run", "staging")
    assert project_files() == before
    assert dict(os.environ) == environment
    assert (dbt_folder(room.settings) / "target" / "manifest.json").exists()


def project_files():
    return sorted(p for p in (project_root() / "dbt_project").rglob("*") if p.suffix not in (".sql", ".yml", ".pyc"))


def test_variables_reach_the_models(room):
    land_small(room.warehouse)
    run_dbt(room, "run", "+int_moneyflow__as_of", vars={"as_of_count": 2, "as_of_step_days": 1})
    cut_offs = contents(room, "moneyflow.int_moneyflow__as_of")
    assert [row["is_latest"] for row in cut_offs] == [False, True]
    assert cut_offs[1]["cut_off"] - cut_offs[0]["cut_off"] == timedelta(days=1)


def test_a_failed_data_test_is_a_refusal_that_names_it(room):
    land_rows(room.warehouse, "808", "transfers", [booking("1", "808100001", "822200001", NINE, cents=-5)])
    with pytest.raises(DataTestsFailed, match="at_least_stg_landing__transfers_amount_cents"):
        build(room)
    assert not room.warehouse.table_exists("moneyflow.int_transfers__joined"), "nothing after it was built"


def test_a_broken_contract_is_a_refusal_that_names_the_model(room):
    room.warehouse.ensure_tables()
    land_small(room.warehouse)
    room.warehouse.close()
    spoil(
        room, "alter table landing.transfers alter channel drop not null; update landing.transfers set channel = null"
    )
    with pytest.raises(DataTestsFailed, match="stg_landing__transfers"):
        build(room)


def test_a_model_that_cannot_be_built_is_a_fault_that_names_it(room):
    land_small(room.warehouse)
    room.warehouse.close()
    spoil(room, "alter table landing.transfers drop column channel")
    with pytest.raises(WarehouseFault, match="stg_landing__transfers") as caught:
        build(room)
    assert "channel" not in str(caught.value)


def test_a_command_that_dbt_does_not_know_is_a_fault(room):
    with pytest.raises(WarehouseFault, match="could not run"):
        run_dbt(room, "no-such-command")


def spoil(room, statements):
    import duckdb

    with duckdb.connect(str(room.settings.warehouse_file)) as connection:
        connection.execute(statements)


def test_neither_no_data_nor_no_portal_is_an_error(room):
    room.warehouse.ensure_tables()
    room.portal.down = {"publish_result"}
    result = build(room)
    assert (result.rows, result.detail["watch_listed"]) == (0, 0)
    assert result.detail["portal"] == NOT_REPORTED["portal"]
    assert room.portal.results == []
    assert (room.settings.room_dir / "graph" / "transfers.parquet").exists()


@pytest.fixture(scope="module")
def bigquery_built(bigquery_room):
    land_small(bigquery_room.warehouse)
    return bigquery_room, build(bigquery_room, run_id="same")


@pytest.mark.emulator
@pytest.mark.slow
def test_both_engines_build_the_same_tables(built, bigquery_built):
    room, other = built[0], bigquery_built[0]
    for table in COMPARED:
        found = contents(room, table)
        assert found, f"{table} is empty, so this would compare nothing"
        assert contents(other, table) == found
    legs = next(r.body for r in room.portal.results if r.kind == "legs")
    assert other.portal.body("legs") == legs


@pytest.mark.parametrize("engine", ["built", pytest.param("bigquery_built", marks=pytest.mark.emulator)])
@pytest.mark.slow
def test_the_unit_tests_of_the_models(request, engine):
    one, _ = request.getfixturevalue(engine)
    tested = run_dbt(one, "test", [f"{part},test_type:unit" for part in SELECTION])
    assert len(tested.nodes) >= 11
    assert {(n.kind, n.status) for n in tested.nodes} == {("unit_test", "pass")}


def contents(room, table):
    rows = room.warehouse.query(f"select * from {table}").to_pylist()
    return sorted(rows, key=lambda row: json.dumps(row, default=str))
