"""What every warehouse promises, asked of DuckDB and of BigQuery (on the emulator)."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest

from cleanroom.errors import NotAllowed, QualityGateFailed, SequenceReplayed, SettingsInvalid, WarehouseFault
from cleanroom.settings import RoomSettings
from cleanroom.stores.ports import Incoming
from cleanroom.stores.warehouse import base_tables, open_warehouse
from tests.factories.landing import land_rows

NOON = datetime(2025, 2, 1, 12, tzinfo=UTC)
TABLES = ("landing.transfers", "landing.accounts", "routing.handles", "landing.submissions")


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
    given["submission"] |= {"submission_id": "f" * 64}
    before = counts(warehouse)
    with pytest.raises(SequenceReplayed):
        warehouse.land(**given)
    assert counts(warehouse) == before


def test_nothing_lands_where_the_last_part_fails(warehouse, monkeypatch):
    given = arguments(warehouse, monkeypatch, ACCOUNT, dataset="accounts")
    monkeypatch.setattr(
        "cleanroom.stores.warehouse.superseding",
        lambda *_: [("insert into landing.submissions (nonsense) values (1)", [])],
    )
    with pytest.raises(WarehouseFault):
        warehouse.land(**given)
    monkeypatch.undo()
    assert set(counts(warehouse).values()) == {0}
    assert warehouse.land(**given), "after the fault is gone the same call succeeds"
    assert set(counts(warehouse).values()) == {0, 1}


def in_batches(given, *, refusal=None):
    """The same rows one by one; then `refusal`, as a gate says no when it has seen the whole file."""
    [whole] = given["batches"]

    def batches():
        for start in range(whole.rows.num_rows):
            handles = whole.handles.slice(start, 1) if whole.handles is not None else None
            yield Incoming(whole.rows.slice(start, 1), handles)
        if refusal:
            raise refusal

    return given | {"batches": batches()}


def test_batches_land_as_one_submission(warehouse, monkeypatch):
    given = arguments(warehouse, monkeypatch, ACCOUNT, ACCOUNT | {"account": "777777"}, dataset="accounts")
    assert warehouse.land(**in_batches(given))
    assert counts(warehouse) == {
        "landing.transfers": 0,
        "landing.accounts": 2,
        "routing.handles": 2,
        "landing.submissions": 1,
    }


def test_a_refusal_after_the_last_batch_leaves_nothing(warehouse, monkeypatch):
    given = arguments(warehouse, monkeypatch, transfer("t1"), transfer("t2"))
    with pytest.raises(QualityGateFailed):
        warehouse.land(**in_batches(given, refusal=QualityGateFailed("no", rule="rows.unique")))
    assert set(counts(warehouse).values()) == {0}
    assert warehouse.land(**in_batches(given))
    assert counts(warehouse)["landing.transfers"] == 2


def test_the_judge_sees_what_comes_in_and_what_was_there_and_may_refuse(warehouse, monkeypatch):
    land_rows(warehouse, "822", "transfers", [transfer("before")])
    given = arguments(warehouse, monkeypatch, transfer("t1"), transfer("t2", receiver_account="999999"))
    asked = []

    def judge(ask, *, refuse):
        sql = (
            "select count(*) as n from incoming.rows left join landing.transfers as known"
            " on known.participant <> ? and known.receiver_account_token = incoming.receiver_account_token"
            " where known.txn_id is null"
        )
        asked.append(ask(sql, ["808"])["n"][0].as_py())
        if refuse:
            raise NotAllowed("no")
        return {"others_accounts": 2, "never_seen_accounts": asked[-1]}

    with pytest.raises(NotAllowed):
        warehouse.land(**(in_batches(given) | {"judge": lambda ask: judge(ask, refuse=True)}))
    assert counts(warehouse)["landing.transfers"] == 1
    assert warehouse.land(**(in_batches(given) | {"judge": lambda ask: judge(ask, refuse=False)}))
    assert asked == [1, 1]
    assert ledger(warehouse, "808")[0]["never_seen_accounts"] == 1


def ledger(warehouse, participant):
    sql = "select * from landing.submissions where participant = ? order by sequence"
    return warehouse.query(sql, [participant]).to_pylist()


def test_a_submission_that_supersedes_takes_the_place_of_the_other_ones_rows(warehouse, monkeypatch):
    land_rows(warehouse, "808", "accounts", [ACCOUNT, ACCOUNT | {"account": "777777"}])
    land_rows(warehouse, "822", "accounts", [ACCOUNT])
    old = ledger(warehouse, "808")[0]
    given = arguments(warehouse, monkeypatch, ACCOUNT, dataset="accounts", sequence=2)
    given["submission"] |= {"supersedes": old["submission_id"]}
    assert warehouse.land(**given)
    assert (counts(warehouse)["landing.accounts"], counts(warehouse)["routing.handles"]) == (2, 2)
    first, second = ledger(warehouse, "808")
    assert (first["state"], first["ended_at"]) == ("superseded", second["landed_at"])
    assert (second["state"], second["ended_at"], second["supersedes"]) == ("accepted", None, old["submission_id"])
    assert ledger(warehouse, "822")[0]["state"] == "accepted"


@pytest.mark.parametrize("supersedes", ["own", "of another participant", "of nobody"])
def test_only_a_live_submission_of_the_same_participant_is_superseded(warehouse, monkeypatch, supersedes):
    land_rows(warehouse, "822", "transfers", [transfer()])
    land_rows(warehouse, "808", "transfers", [transfer()])
    gone = ledger(warehouse, "808")[0]["submission_id"]
    warehouse.withdraw(gone, at=NOON)
    other = ledger(warehouse, "822")[0]["submission_id"]
    named = {"own": gone, "of another participant": other, "of nobody": "a" * 64}[supersedes]
    given = arguments(warehouse, monkeypatch, transfer("t2"), sequence=2)
    given["submission"] |= {"supersedes": named}
    before = counts(warehouse)
    with pytest.raises(SequenceReplayed, match="supersedes"):
        warehouse.land(**given)
    assert counts(warehouse) == before
    assert before["landing.transfers"] == 1


def test_a_withdrawn_submission_leaves_its_ledger_row_and_nothing_else(warehouse):
    land_rows(warehouse, "808", "accounts", [ACCOUNT])
    land_rows(warehouse, "808", "transfers", [transfer()])
    first = next(row for row in ledger(warehouse, "808") if row["dataset"] == "accounts")
    assert warehouse.withdraw(first["submission_id"], at=NOON)
    assert not warehouse.withdraw(first["submission_id"], at=NOON + timedelta(hours=1))
    assert not warehouse.withdraw("b" * 64, at=NOON)
    assert counts(warehouse) == {
        "landing.transfers": 1,
        "landing.accounts": 0,
        "routing.handles": 0,
        "landing.submissions": 2,
    }
    gone = next(row for row in ledger(warehouse, "808") if row["dataset"] == "accounts")
    assert (gone["state"], gone["ended_at"], gone["rows"]) == ("withdrawn", NOON, 1)


def test_rows_of_another_shape_are_refused(warehouse, monkeypatch):
    given = arguments(warehouse, monkeypatch, transfer())
    [batch] = given["batches"]
    with pytest.raises(NotAllowed, match="amount_cents"):
        warehouse.land(**(given | {"batches": [Incoming(batch.rows.drop_columns(["amount_cents"]))]}))
    place = batch.rows.column_names.index("channel")
    empty = batch.rows.set_column(place, "channel", pa.array([None], pa.string()))
    with pytest.raises(NotAllowed, match="channel"):
        warehouse.land(**(given | {"batches": [Incoming(empty)]}))
    assert set(counts(warehouse).values()) == {0}


def test_rows_do_not_say_whose_they_are(warehouse, monkeypatch):
    """The ledger row does: rows of another participant or submission cannot come in under it."""
    given = arguments(warehouse, monkeypatch, transfer())
    [batch] = given["batches"]
    for column in ("participant", "submission_id"):
        claimed = batch.rows.append_column(column, pa.array(["822"]))
        with pytest.raises(NotAllowed, match=column):
            warehouse.land(**(given | {"batches": [Incoming(claimed)]}))
    assert warehouse.land(**given)
    [row] = warehouse.query("select participant, submission_id from landing.transfers").to_pylist()
    assert row == {name: given["submission"][name] for name in row}


@pytest.mark.parametrize("field", ["submission_id", "supersedes"])
def test_an_id_that_is_no_digest_is_refused(warehouse, monkeypatch, field):
    given = arguments(warehouse, monkeypatch, transfer())
    given["submission"] |= {field: "' or 1=1 --"}
    with pytest.raises((NotAllowed, SequenceReplayed)):
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
    with pytest.raises(WarehouseFault, match="move it away and run take-in"):
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
