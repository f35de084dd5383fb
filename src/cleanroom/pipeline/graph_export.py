"""Publishes the graph for the lookout, which never opens the warehouse: transfers, listings and ties as Parquet.

`<room_dir>/graph/transfers.parquet`: transfers that moved money, in order of (executed_at, transfer_id).
`<room_dir>/graph/listings.parquet`: every watch-listing, from its notice to its end, by event or by law.
`<room_dir>/graph/ties.parquet`: which account hangs together with which holder, phone, device or platform account.
`<room_dir>/graph/reversed.parquet`: transfers that were reversed, in the same order; the lookout may have some of them.
Each file's metadata name the epoch of K2 that its tokens are of. Tokens and transfer ids are 16 bytes, times UTC in
microseconds, amounts TWD cents.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.contracts.tables import EPOCH, UTC_TIMESTAMP
from cleanroom.errors import WarehouseFault
from cleanroom.pipeline.epochs import epoch_of
from cleanroom.settings import RoomSettings
from cleanroom.stores.ports import Warehouse

ROWS_AT_ONCE = 1_000_000
_TOKEN = pa.binary(16)
TRANSFERS = pa.schema(
    [
        pa.field("transfer_id", _TOKEN, nullable=False),
        pa.field("executed_at", UTC_TIMESTAMP, nullable=False),
        pa.field("sender_account_token", _TOKEN, nullable=False),
        pa.field("receiver_account_token", _TOKEN, nullable=False),
        pa.field("amount_cents", pa.int64(), nullable=False),
    ]
)
LISTINGS = pa.schema(
    [
        pa.field("account_token", _TOKEN, nullable=False),
        pa.field("listing", pa.int64(), nullable=False),
        pa.field("listed_at", UTC_TIMESTAMP, nullable=False),
        pa.field("ended_at", UTC_TIMESTAMP),
        pa.field("ends_by_law_at", UTC_TIMESTAMP, nullable=False),
        pa.field("reported_loss_cents", pa.int64()),
        pa.field("case_no", pa.string()),
    ]
)
REVERSED = pa.schema(
    [pa.field("transfer_id", _TOKEN, nullable=False), pa.field("executed_at", UTC_TIMESTAMP, nullable=False)]
)
TIES = pa.schema(
    [
        pa.field("account_token", _TOKEN, nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("identifier_token", _TOKEN, nullable=False),
        pa.field("held_from", UTC_TIMESTAMP),
    ]
)
_DAYS = """
select cast(executed_at as date) as day, count(*) as n from moneyflow.int_transfers__joined
where not reversed group by 1 order by 1
"""
_TRANSFERS = f"""
select {", ".join(TRANSFERS.names)} from moneyflow.int_transfers__joined
where not reversed and executed_at >= ? and executed_at < ? order by executed_at, transfer_id
"""
_REVERSED = """
select transfer_id, executed_at from moneyflow.int_transfers__joined where reversed order by executed_at, transfer_id
"""
_LISTINGS = f"""
select {", ".join(LISTINGS.names)} from moneyflow.int_list_events__listings order by listed_at, account_token, listing
"""
_TIES = """
select account_token, identifier_kind as kind, identifier_token, held_from from graph.int_graph__ties
order by identifier_token, account_token
"""

_WHOLE = (("listings", _LISTINGS, LISTINGS), ("ties", _TIES, TIES), ("reversed", _REVERSED, REVERSED))


def graph_folder(settings: RoomSettings) -> Path:
    return settings.room_dir / "graph"


def export_graph(warehouse: Warehouse, folder: Path) -> int:
    """Number of transfers. A reader sees each file as it was before or whole. Raises WarehouseFault."""
    folder.mkdir(parents=True, exist_ok=True)
    epoch = {EPOCH: str(epoch_of(warehouse))}
    with ExitStack() as stack:
        transfers = stack.enter_context(_replacing(folder / "transfers.parquet"))
        for name, query, schema in _WHOLE:
            place = stack.enter_context(_replacing(folder / f"{name}.parquet"))
            rows = _shaped(warehouse.query(query), schema.with_metadata(epoch))
            pq.write_table(rows, place, compression="zstd")
        return _write_transfers(warehouse, transfers, epoch)


def _write_transfers(warehouse: Warehouse, path: Path, epoch: dict[bytes, str]) -> int:
    count = 0
    with pq.ParquetWriter(path, TRANSFERS.with_metadata(epoch), compression="zstd") as writer:
        for rows in _transfers(warehouse):
            writer.write_table(rows)
            count += rows.num_rows
    return count


def _transfers(warehouse: Warehouse) -> Iterator[pa.Table]:
    """Whole days at a time, about `ROWS_AT_ONCE` of them, so that memory does not grow with the graph."""
    for first, last in _spans(warehouse.query(_DAYS).to_pylist()):
        yield _shaped(warehouse.query(_TRANSFERS, [_midnight(first), _midnight(last + timedelta(days=1))]), TRANSFERS)


def _spans(days: list[dict]) -> Iterator[tuple[date, date]]:
    first, rows = None, 0
    for place, day in enumerate(days):
        first, rows = first or day["day"], rows + day["n"]
        if rows >= ROWS_AT_ONCE or place == len(days) - 1:
            yield first, day["day"]
            first, rows = None, 0


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _shaped(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [_column(rows[field.name].combine_chunks(), field.type) for field in schema]
    return pa.table(columns, schema=schema)


def _column(values: pa.Array, kind: pa.DataType) -> pa.Array:
    return _from_hex(values) if kind == _TOKEN else values.cast(kind)


def _from_hex(values: pa.Array) -> pa.Array:
    """32 hex digits each to 16 bytes each, without a Python object per row. Raises WarehouseFault for another form."""
    text = values.cast(pa.large_binary())
    digits = np.frombuffer(text.buffers()[2] or b"", np.uint8) if len(text) else np.empty(0, np.uint8)
    starts = np.frombuffer(text.buffers()[1], np.int64)[text.offset : text.offset + len(text) + 1]
    if text.null_count or (np.diff(starts) != 32).any():
        raise WarehouseFault(
            "a token of the graph is not 32 hex digits; build the money flow anew",
            zh="圖中有代碼非 32 位十六進位；請重新建立金流圖",
        )
    nibbles = _NIBBLES[digits[starts[0] : starts[-1]]]
    if (nibbles > 15).any():
        raise WarehouseFault(
            "a token of the graph is not 32 hex digits; build the money flow anew",
            zh="圖中有代碼非 32 位十六進位；請重新建立金流圖",
        )
    packed = (nibbles[0::2] << 4) | nibbles[1::2]
    return pa.FixedSizeBinaryArray.from_buffers(_TOKEN, len(text), [None, pa.py_buffer(packed.tobytes())])


_NIBBLES = np.full(256, 255, np.uint8)
_NIBBLES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16, dtype=np.uint8)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A place beside `path` that takes its name when it is whole and on disk; nothing of it stays otherwise."""
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
