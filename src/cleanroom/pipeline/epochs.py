"""Which epoch of K2 the warehouse's tokens are of: recorded beside them, and compared with the ring before any use."""

from datetime import UTC, datetime

import pyarrow as pa

from cleanroom.contracts.tables import UTC_TIMESTAMP
from cleanroom.errors import KeyRefused
from cleanroom.pipeline.room import Room
from cleanroom.stores.ports import Statement, Warehouse

EPOCHS_TABLE = "landing.epochs"
FIRST_EPOCH = 1
_EPOCHS = pa.schema(
    [pa.field("epoch", pa.int64(), nullable=False), pa.field("recorded_at", UTC_TIMESTAMP, nullable=False)]
)


def check_epoch(room: Room) -> None:
    """Whoever lands or reads tokens asks this first: the ring and the warehouse are of one epoch. An empty warehouse
    takes the ring's. Raises KeyRefused."""
    kept, held = _recorded(room.warehouse), room.keys.epoch
    if kept is None and _is_empty(room.warehouse):
        room.warehouse.replace_rows(EPOCHS_TABLE, row_of(held), where="false")
    elif (kept or FIRST_EPOCH) != held:
        raise KeyRefused(
            f"the key ring is at epoch {held} and the warehouse at epoch {kept or FIRST_EPOCH}; finish the rotation "
            f"with `cleanroom keys rotate-k2 --to {held}`",
            zh=f"金鑰環為第 {held} 期，資料倉儲為第 {kept or FIRST_EPOCH} 期；"
            f"請執行 `cleanroom keys rotate-k2 --to {held}` 完成更換",
            rule="epoch",
        )


def epoch_of(warehouse: Warehouse) -> int:
    return _recorded(warehouse) or FIRST_EPOCH


def ensure_epochs(warehouse: Warehouse) -> None:
    if not warehouse.table_exists(EPOCHS_TABLE):
        warehouse.replace_rows(EPOCHS_TABLE, _EPOCHS.empty_table(), where="false")


def recording() -> Statement:
    """Copies the given table `epochs`, of `row_of`."""
    return f"insert into {EPOCHS_TABLE} (epoch, recorded_at) select epoch, recorded_at from given.epochs", []


def row_of(epoch: int) -> pa.Table:
    return pa.Table.from_pylist([{"epoch": epoch, "recorded_at": datetime.now(UTC)}], schema=_EPOCHS)


def _recorded(warehouse: Warehouse) -> int | None:
    if not warehouse.table_exists(EPOCHS_TABLE):
        return None
    return warehouse.query(f"select max(epoch) as epoch from {EPOCHS_TABLE}")["epoch"][0].as_py()


def _is_empty(warehouse: Warehouse) -> bool:
    return warehouse.query("select count(*) as n from landing.submissions")["n"][0].as_py() == 0
