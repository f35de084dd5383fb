"""The graph as the lookout reads it: whole files, bytes for tokens, in order of time."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cleanroom.contracts.tables import EPOCH
from cleanroom.errors import WarehouseFault
from cleanroom.pipeline import graph_export
from cleanroom.pipeline.epochs import row_of
from cleanroom.pipeline.graph_export import LISTINGS, TIES, TRANSFERS, export_graph
from cleanroom.settings import RoomSettings
from cleanroom.stores.warehouse import open_warehouse

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def warehouse(tmp_path):
    opened = open_warehouse(RoomSettings(home=tmp_path))
    yield opened
    opened.close()


def hexed(number):
    return f"{number:032x}"


def moved(number, hours, *, reversed=False):
    ends = {"sender_account_token": hexed(7), "receiver_account_token": hexed(2**127 + number)}
    row = {"transfer_id": hexed(number), "executed_at": NOON + timedelta(hours=hours), **ends}
    return row | {"amount_cents": 100 + number, "reversed": reversed}


def hold(warehouse, transfers, listings=(), ties=()):
    warehouse.replace_rows("moneyflow.int_transfers__joined", table(TRANSFERS, transfers, reversed=pa.bool_()))
    warehouse.replace_rows("moneyflow.int_list_events__listings", table(LISTINGS, listings))
    warehouse.replace_rows("graph.int_graph__ties", table(TIES, ties).rename_columns({"kind": "identifier_kind"}))


def table(schema, rows, **more):
    """As the warehouse holds them: tokens as text."""
    fields = {f.name: pa.string() if f.type == pa.binary(16) else f.type for f in schema}
    return pa.Table.from_pylist(list(rows), schema=pa.schema(fields | more))


def test_transfers_in_order_of_time_and_id_without_reversed_ones(warehouse, tmp_path, monkeypatch):
    monkeypatch.setattr(graph_export, "ROWS_AT_ONCE", 2)
    hold(warehouse, [moved(5, 60), moved(9, 1), moved(3, 1), moved(4, 2, reversed=True), moved(1, 30), moved(8, 99)])
    assert export_graph(warehouse, tmp_path / "graph") == 5
    found = pq.read_table(tmp_path / "graph" / "transfers.parquet")
    assert found.schema.equals(TRANSFERS)
    assert [row["transfer_id"].hex() for row in found.to_pylist()] == [hexed(n) for n in (3, 9, 1, 5, 8)]
    first = found.to_pylist()[0]
    assert (first["executed_at"], first["amount_cents"]) == (NOON + timedelta(hours=1), 103)
    assert first["receiver_account_token"].hex() == hexed(2**127 + 3)
    assert pq.ParquetFile(tmp_path / "graph" / "transfers.parquet").num_row_groups == 3


def test_reversed_ones_lie_apart_in_the_same_order(warehouse, tmp_path):
    hold(warehouse, [moved(5, 60, reversed=True), moved(9, 1, reversed=True), moved(3, 1, reversed=True), moved(4, 2)])
    assert export_graph(warehouse, tmp_path / "graph") == 1
    found = pq.read_table(tmp_path / "graph" / "reversed.parquet")
    assert [row["transfer_id"].hex() for row in found.to_pylist()] == [hexed(n) for n in (3, 9, 5)]
    assert found["executed_at"][2].as_py() == NOON + timedelta(hours=60)


def test_every_file_names_the_epoch_of_its_tokens(warehouse, tmp_path):
    hold(warehouse, [moved(1, 1)])
    for epoch in (1, 3):
        export_graph(warehouse, tmp_path / "graph")
        named = [pq.read_schema(path).metadata[EPOCH] for path in (tmp_path / "graph").iterdir()]
        assert named == [str(epoch).encode()] * 4
        warehouse.replace_rows("landing.epochs", row_of(3))


def test_listings_with_their_ends(warehouse, tmp_path):
    law = NOON.replace(year=2027)
    common = {"account_token": hexed(7), "ends_by_law_at": law, "reported_loss_cents": 900, "case_no": "c1"}
    first = common | {"listing": 0, "listed_at": NOON, "ended_at": NOON + timedelta(days=2)}
    hold(warehouse, [], [common | {"listing": 1, "listed_at": NOON + timedelta(days=3), "ended_at": None}, first])
    assert export_graph(warehouse, tmp_path / "graph") == 0
    found = pq.read_table(tmp_path / "graph" / "listings.parquet")
    assert found.schema.equals(LISTINGS)
    rows = found.to_pylist()
    assert [(r["listing"], r["ended_at"]) for r in rows] == [(0, NOON + timedelta(days=2)), (1, None)]
    assert (rows[0]["account_token"].hex(), rows[0]["ends_by_law_at"]) == (hexed(7), law)


def test_ties_with_their_kind_and_beginning(warehouse, tmp_path):
    tie = {"kind": "phone", "identifier_token": hexed(2**127), "held_from": NOON}
    hold(warehouse, [], ties=[tie | {"account_token": hexed(9)}, tie | {"account_token": hexed(7)}])
    export_graph(warehouse, tmp_path / "graph")
    found = pq.read_table(tmp_path / "graph" / "ties.parquet")
    assert found.schema.equals(TIES)
    rows = [
        (r["account_token"].hex(), r["kind"], r["identifier_token"].hex(), r["held_from"]) for r in found.to_pylist()
    ]
    assert rows == [(hexed(account), "phone", hexed(2**127), NOON) for account in (7, 9)]


@pytest.mark.parametrize("token", ["a" * 31, "a" * 33, "A" * 32, "g" * 32])
def test_another_form_of_token_is_a_fault_and_leaves_the_former_files(warehouse, tmp_path, token):
    hold(warehouse, [moved(1, 1)])
    export_graph(warehouse, tmp_path / "graph")
    hold(warehouse, [moved(1, 1), moved(2, 2) | {"sender_account_token": token}])
    with pytest.raises(WarehouseFault, match="32 hex digits") as caught:
        export_graph(warehouse, tmp_path / "graph")
    assert token not in str(caught.value)
    names = sorted(p.name for p in (tmp_path / "graph").iterdir())
    assert names == ["listings.parquet", "reversed.parquet", "ties.parquet", "transfers.parquet"]
    assert pq.read_metadata(tmp_path / "graph" / "transfers.parquet").num_rows == 1
