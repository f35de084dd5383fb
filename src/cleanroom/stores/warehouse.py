"""Opens the warehouse that the settings name, and holds what both engines share.

Times are UTC everywhere: DuckDB's columns are TIMESTAMP without zone that hold UTC, BigQuery's TIMESTAMP is an
instant. `query` gives `timestamp[us, tz=UTC]` on both.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.specification import load_specification
from cleanroom.contracts.tables import HANDLES, LANDING, ROUTING, SUBMISSIONS, UTC_TIMESTAMP, landed_schema
from cleanroom.errors import NotAllowed, SettingsInvalid
from cleanroom.settings import RoomSettings
from cleanroom.stores.ports import Warehouse
from cleanroom.vocabulary.terms import Dataset

SUBMISSIONS_TABLE = f"{LANDING}.submissions"
HANDLES_TABLE = f"{ROUTING}.handles"
BIGQUERY_SCHEME = "bigquery://"


def open_warehouse(settings: RoomSettings) -> Warehouse:
    """The DuckDB file under the room's folder, or `bigquery://PROJECT/DATASET_PREFIX`. The caller closes it."""
    if not settings.warehouse:
        from cleanroom.stores.warehouse_duckdb import DuckDbWarehouse

        return DuckDbWarehouse(settings.warehouse_file)
    if settings.warehouse.startswith(BIGQUERY_SCHEME):
        # Google's client takes a second to import and an embedded installation need not have it.
        from cleanroom.stores.warehouse_bigquery import BigQueryWarehouse

        return BigQueryWarehouse.from_address(settings.warehouse)
    raise SettingsInvalid("CLEANROOM_WAREHOUSE must be empty (embedded) or bigquery://PROJECT/DATASET_PREFIX")


def base_tables() -> dict[str, pa.Schema]:
    """The tables that intake writes, by `schema.table`; dbt makes every other one."""
    datasets = load_specification().datasets
    landed = {landing_table(name): landed_schema(contract) for name, contract in datasets.items()}
    return {**landed, SUBMISSIONS_TABLE: SUBMISSIONS, HANDLES_TABLE: HANDLES}


def landing_table(dataset: str) -> str:
    return f"{LANDING}.{Dataset(dataset).value}"


def shaped(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of `schema`, in its order and types. Raises NotAllowed where the rows are of another shape."""
    if missing := sorted(set(schema.names) ^ set(rows.column_names)):
        raise NotAllowed(f"rows of another shape must not land; columns that differ: {', '.join(missing)}")
    table = rows.select(schema.names).cast(pa.schema([pa.field(f.name, f.type) for f in schema]))
    empty = [f.name for f in schema if not f.nullable and table[f.name].null_count]
    if empty:
        raise NotAllowed(f"required columns are empty in some rows: {', '.join(empty)}")
    return table


def check_one_submission(rows: pa.Table, submission: Mapping[str, Any]) -> None:
    """What lands under a ledger row must carry its submission and participant, and no other."""
    for column in ("submission_id", "participant"):
        if set(pc.unique(rows[column]).to_pylist()) - {submission[column]}:
            raise NotAllowed(f"rows of another {column.replace('_', ' ')} must not land with this submission")


def ledger_row(submission: Mapping[str, Any]) -> pa.Table:
    return pa.Table.from_pylist([dict(submission)], schema=SUBMISSIONS)


def with_utc(table: pa.Table) -> pa.Table:
    """Marks zone-less times as the UTC that they are, and brings all to microseconds."""
    return _cast_times(table, lambda kind: UTC_TIMESTAMP if pa.types.is_timestamp(kind) else kind)


def without_zone(table: pa.Table) -> pa.Table:
    """UTC times without the zone: an engine's session zone must not shift them."""
    return _cast_times(table, lambda kind: pa.timestamp("us") if pa.types.is_timestamp(kind) else kind)


def _cast_times(table: pa.Table, to) -> pa.Table:
    fields: Iterable[pa.Field] = (pa.field(f.name, to(f.type), f.nullable) for f in table.schema)
    return table.cast(pa.schema(fields))


def sql_type(kind: pa.DataType, names: Mapping[pa.DataType, str], timestamp: str) -> str:
    """An engine's name for an Arrow type. Raises NotAllowed for types that tables of this system do not have."""
    if pa.types.is_timestamp(kind):
        return timestamp
    if kind not in names:
        raise NotAllowed(f"a column of Arrow type {kind} has no place in the warehouse; cast it first")
    return names[kind]
