"""What every warehouse promises, asked of DuckDB and of BigQuery (on the emulator)."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest

from cleanroom.errors import NotAllowed, SequenceReplayed, SettingsInvalid, WarehouseFault
from cleanroom.settings import RoomSettings
from cleanroom.stores.warehouse import base_tables, open_warehouse
from tests.factories.bqemulator import ABSENT, PROGRAM, running_emulator
from tests.factories.landing import land_rows

NOON = datetime(2025, 2, 1, 12, tzinfo=UTC)
TABLES = ("landing.transfers", "landing.accounts", "routing.handles", "landing.submissions")


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    if not PROGRAM.exists():
        pytest.skip(ABSENT)
    with running_emulator(tmp_path_factory.mktemp("emulator")) as endpoint:
        yield endpoint


@pytest.fixture(params=["duckdb", pytest.param("bigquery", marks=pytest.mark.emulator)])
def settings(request, tmp_path):
    if request.param == "duckdb":
        return RoomSettings(home=tmp_path)
    endpoint = request.getfixturevalue("emulator")
    # A prefix of its own is a warehouse of its own.
    prefix = "t" + str(abs(hash(request.node.name)))
    return RoomSettings(home=tmp_path, warehouse=f"bigquery://contract/{prefix}?endpoint={endpoint}")


@pytest.fixture
def warehouse(settings):
    opened = open_warehouse(settings)
    opened.ensure_tables()
    yield opened
    opened.close()


def transfer(txn_id="t1", **other):
    row = {
        "txn_id": txn_id,
        "clearing_ref": None,
        "executed_at": NOON,
        "sender_institution": "808",
        "sender_account": "123456",
        "receiver_institution": "822",
        "receiver_account": "654321",
        "amount_twd": "100.50",
        "channel": "atm",
        "preregistered": False,
        "reversed": False,
    }
    return row | other


ACCOUNT = {
    "account": "123456",
    "holder_id_kind": "national_id",
    "holder_id": "A123456789",
    "opened_on": date(2020, 2, 29),
    "kind": "personal",
    "status": "active",
}


def counts(warehouse):
    return {name: warehouse.query(f"select count(*) as n from {name}")["n"][0].as_py() for name in TABLES}


def arguments(warehouse, monkeypatch, *rows, dataset="transfers", **options):
    """What land_rows would hand to `land`, so that a test can spoil it first."""
    caught = {}
    monkeypatch.setattr(warehouse, "land", lambda **given: caught.update(given))
    land_rows(warehouse, "808", dataset, list(rows), **options)
    monkeypatch.undo()
    return caught


def test_the_tables_that_intake_writes_are_made_once(warehouse):
    warehouse.ensure_tables()
    assert len(base_tables()) == 8
    assert all(warehouse.table_exists(name) for name in base_tables())
    assert not warehouse.table_exists("landing.nothing")
    assert not warehouse.table_exists("elsewhere.nothing")


def test_rows_handles_and_ledger_land_together(warehouse):
    assert land_rows(warehouse, "808", "accounts", [ACCOUNT])
    assert land_rows(warehouse, "808", "transfers", [transfer("t1"), transfer("t2")])
    assert counts(warehouse) == {
        "landing.transfers": 2,
        "landing.accounts": 1,
        "routing.handles": 1,
        "landing.submissions": 2,
    }


def test_landed_rows_come_back_as_they_were(warehouse):
    land_rows(warehouse, "808", "transfers", [transfer()])
    (row,) = warehouse.query("select * from landing.transfers").to_pylist()
    assert (row["amount_cents"], row["clearing_ref"], row["preregistered"]) == (10_050, None, False)
    assert row["executed_at"] == NOON
    land_rows(warehouse, "808", "accounts", [ACCOUNT])
    assert warehouse.query("select opened_on from landing.accounts")["opened_on"][0].as_py() == date(2020, 2, 29)


def test_the_same_submission_again_changes_nothing(warehouse):
    assert land_rows(warehouse, "808", "transfers", [transfer()])
    before = counts(warehouse)
    assert not land_rows(warehouse, "808", "transfers", [transfer()])
    assert counts(warehouse) == before


def test_another_submission_with_the_same_sequence_is_refused(warehouse, monkeypatch):
    land_rows(warehouse, "808", "transfers", [transfer()])
    given = arguments(warehouse, monkeypatch, transfer("other"))
    other = "f" * 64
    given["submission"] |= {"submission_id": other}
    place = given["rows"].column_names.index("submission_id")
    given["rows"] = given["rows"].set_column(place, "submission_id", pa.array([other]))
    before = counts(warehouse)
    with pytest.raises(SequenceReplayed):
        warehouse.land(**given)
    assert counts(warehouse) == before


def test_nothing_lands_where_the_last_part_fails(warehouse, monkeypatch):
    given = arguments(warehouse, monkeypatch, ACCOUNT, dataset="accounts")
    if warehouse.engine == "duckdb":
        monkeypatch.setattr("cleanroom.stores.warehouse.ledger_row", lambda _: pa.table({"nonsense": [1]}))
    else:
        broken = "cleanroom.stores.warehouse_bigquery._inserts"
        monkeypatch.setattr(broken, _then("insert into landing.submissions (nonsense) values (1)", broken))
    with pytest.raises(WarehouseFault):
        warehouse.land(**given)
    monkeypatch.undo()
    assert set(counts(warehouse).values()) == {0}
    assert warehouse.land(**given), "after the fault is gone the same call succeeds"
    assert set(counts(warehouse).values()) == {0, 1}


def _then(statement, name):
    from cleanroom.stores import warehouse_bigquery

    real = getattr(warehouse_bigquery, name.rsplit(".", 1)[1])
    return lambda *args: [*real(*args), statement]


def test_rows_of_another_shape_are_refused(warehouse, monkeypatch):
    given = arguments(warehouse, monkeypatch, transfer())
    with pytest.raises(NotAllowed, match="amount_cents"):
        warehouse.land(**(given | {"rows": given["rows"].drop_columns(["amount_cents"])}))
    place = given["rows"].column_names.index("channel")
    empty = given["rows"].set_column(place, "channel", pa.array([None], pa.string()))
    with pytest.raises(NotAllowed, match="channel"):
        warehouse.land(**(given | {"rows": empty}))
    assert set(counts(warehouse).values()) == {0}


@pytest.mark.parametrize("column, value", [("participant", "822"), ("submission_id", "0" * 64)])
def test_rows_of_another_submission_are_refused(warehouse, monkeypatch, column, value):
    given = arguments(warehouse, monkeypatch, transfer())
    place = given["rows"].column_names.index(column)
    given["rows"] = given["rows"].set_column(place, column, pa.array([value]))
    with pytest.raises(NotAllowed):
        warehouse.land(**given)
    assert set(counts(warehouse).values()) == {0}


def test_parameters_of_every_kind(warehouse):
    land_rows(warehouse, "808", "transfers", [transfer("t1"), transfer("t2", executed_at=NOON + timedelta(hours=1))])
    sql = "select txn_id from landing.transfers where executed_at < ? and amount_cents = ? and preregistered = ?"
    in_taipei = (NOON + timedelta(minutes=1)).astimezone(timezone(timedelta(hours=8)))
    assert warehouse.query(sql, [in_taipei, 10_050, False])["txn_id"].to_pylist() == ["t1"]
    assert warehouse.query("select period_from from landing.submissions where period_from <= ?", [date(2025, 1, 1)])
    text = "select count(*) as n from landing.transfers where txn_id = ?"
    assert warehouse.query(text, ["' or 1=1 --"])["n"].to_pylist() == [0]


def test_times_are_utc_instants_with_microseconds(warehouse):
    at = datetime(2025, 2, 1, 23, 59, 59, 123456, tzinfo=timezone(timedelta(hours=8)))
    land_rows(warehouse, "808", "transfers", [transfer(executed_at=at)])
    found = warehouse.query("select executed_at from landing.transfers")
    assert found.schema.field("executed_at").type == pa.timestamp("us", tz="UTC")
    assert found["executed_at"][0].as_py() == at


def scores(*values, release="a"):
    return pa.table(
        {
            "release_id": pa.array([release] * len(values), pa.string()),
            "as_of": pa.array([NOON] * len(values), pa.timestamp("us", tz="UTC")),
            "score": pa.array(values, pa.float64()),
            "rank": pa.array(range(len(values)), pa.int64()),
        }
    )


def stored(warehouse):
    rows = warehouse.query("select release_id, score from scoring.trial order by release_id, score")
    return [(r["release_id"], r["score"]) for r in rows.to_pylist()]


def test_replace_makes_the_table_and_replaces_all_of_it(warehouse):
    assert warehouse.replace_rows("scoring.trial", scores(0.1, 0.2)) == 2
    assert warehouse.replace_rows("scoring.trial", scores(0.3)) == 1
    assert stored(warehouse) == [("a", 0.3)]
    assert warehouse.query("select as_of from scoring.trial")["as_of"][0].as_py() == NOON


def test_replace_where_leaves_the_rest(warehouse):
    warehouse.replace_rows("scoring.trial", scores(0.1))
    warehouse.replace_rows("scoring.trial", scores(0.2, release="b"), where="release_id = 'b'")
    warehouse.replace_rows("scoring.trial", scores(0.3, release="b"), where="release_id = 'b'")
    assert stored(warehouse) == [("a", 0.1), ("b", 0.3)]


def test_replace_that_fails_keeps_what_there_was(warehouse):
    warehouse.replace_rows("scoring.trial", scores(0.1))
    with pytest.raises(WarehouseFault):
        warehouse.replace_rows("scoring.trial", scores(0.2).append_column("more", pa.array([1])))
    assert stored(warehouse) == [("a", 0.1)]


def test_replace_with_no_rows_empties(warehouse):
    warehouse.replace_rows("scoring.trial", scores(0.1))
    assert warehouse.replace_rows("scoring.trial", scores()) == 0
    assert stored(warehouse) == []


def test_a_wrong_query_is_a_fault_that_shows_no_values(warehouse):
    with pytest.raises(WarehouseFault) as caught:
        warehouse.query("select secret_token from landing.transfers")
    assert "secret_token" not in str(caught.value)


def test_sql_reaches_no_file_and_no_variable(tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    secret = pa.table({"a": [1]})
    assert secret.num_rows == 1
    warehouse = open_warehouse(RoomSettings(home=tmp_path))
    for source in (f"'{tmp_path}/secret.csv'", "secret"):
        with pytest.raises(WarehouseFault):
            warehouse.query(f"select * from {source}")
    warehouse.close()


def test_a_released_warehouse_opens_again_by_itself(warehouse, settings):
    land_rows(warehouse, "808", "transfers", [transfer()])
    with warehouse.released():
        other = open_warehouse(settings)
        assert counts(other)["landing.transfers"] == 1
        other.close()
    assert counts(warehouse)["landing.transfers"] == 1


def test_dbt_is_told_where_the_warehouse_is(warehouse, settings):
    target = warehouse.dbt_target()
    if warehouse.engine == "duckdb":
        assert (target.name, target.environment["CLEANROOM_DBT_DUCKDB"]) == ("embedded", str(settings.warehouse_file))
    else:
        assert target.name == "warehouse"
        assert target.environment["CLEANROOM_DBT_BIGQUERY_PROJECT"] == "contract"


@pytest.mark.parametrize(
    "address",
    [
        "postgres://somewhere/room",
        "bigquery://project",
        "bigquery://project/two/parts",
        "bigquery://project/room?endpoint=https://example.com",
        "bigquery://project/room?endpoint=http://10.0.0.1:9050",
        "bigquery://project/room?unknown=1",
    ],
)
def test_another_address_is_refused(tmp_path, address):
    with pytest.raises(SettingsInvalid):
        open_warehouse(RoomSettings(home=tmp_path, warehouse=address))


def test_a_damaged_file_is_a_fault(tmp_path):
    settings = RoomSettings(home=tmp_path)
    settings.room_dir.mkdir()
    settings.warehouse_file.write_bytes(b"this is no database" * 400)
    with pytest.raises(WarehouseFault, match="could not be opened"):
        open_warehouse(settings).ensure_tables()


def test_a_file_that_another_process_holds_is_a_fault(tmp_path):
    settings = RoomSettings(home=tmp_path)
    settings.room_dir.mkdir()
    hold = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(settings.warehouse_file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(WarehouseFault, match="is another process using it"):
            open_warehouse(settings).ensure_tables()
        holder.stdin.close()
    open_warehouse(settings).ensure_tables()
