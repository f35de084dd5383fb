"""A file of any size lands in one transaction: the embedded engine must not keep its batches until that ends."""

from datetime import UTC, date, datetime

import pyarrow as pa

from cleanroom.contracts.specification import load_specification
from cleanroom.contracts.tables import incoming_schema, landed_schema
from cleanroom.settings import RoomSettings
from cleanroom.stores.ports import Incoming
from cleanroom.stores.warehouse import open_warehouse

BATCHES, ROWS = 8, 50_000
SUBMISSION = {
    "submission_id": "0" * 64,
    "participant": "808",
    "dataset": "transfers",
    "sequence": 1,
    "draw": "0" * 16,
    "specification_version": 1,
    "period_from": date(2025, 4, 1),
    "period_to": date(2025, 4, 30),
    "rows": BATCHES * ROWS,
    "bytes": 0,
    "landed_at": datetime(2025, 5, 1, tzinfo=UTC),
    "supersedes": None,
}


def batch(first: int) -> pa.Table:
    """Made anew each time: arrays that batches share would hide what is kept."""
    schema = incoming_schema(landed_schema(load_specification().datasets["transfers"]))
    row = {"txn_id": "t", "sender_institution": "808", "receiver_institution": "822", "channel": "atm"}
    row |= {"sender_account_token": "a" * 32, "receiver_account_token": "b" * 32, "clearing_ref": None}
    row |= {"executed_at": datetime(2025, 4, 1, tzinfo=UTC), "amount_cents": 1, "preregistered": False}
    columns = {name: pa.repeat(pa.scalar(value), ROWS) for name, value in (row | {"reversed": False}).items()}
    columns["row_number"] = pa.arange(first, first + ROWS)
    return pa.table([columns[f.name].cast(f.type) for f in schema], schema=schema)


def test_a_batch_is_let_go_when_the_next_one_comes(tmp_path):
    warehouse = open_warehouse(RoomSettings(home=tmp_path))
    warehouse.ensure_tables()
    before, held = pa.total_allocated_bytes(), []

    def batches():
        for index in range(BATCHES):
            held.append(pa.total_allocated_bytes() - before)
            yield Incoming(batch(1 + index * ROWS))

    assert warehouse.land(submission=SUBMISSION, dataset="transfers", batches=batches())
    assert warehouse.query("select count(*) as n from landing.transfers")["n"][0].as_py() == BATCHES * ROWS
    warehouse.close()
    one = batch(1).nbytes
    assert one > 2_000_000
    assert len(held) == BATCHES
    assert max(held) < 3 * one  # the one before, and what was made of it
