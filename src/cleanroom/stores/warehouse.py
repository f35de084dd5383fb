"""Opens the warehouse that the settings name, and holds what both engines share.

Times are UTC everywhere: DuckDB's columns are TIMESTAMP without zone that hold UTC, BigQuery's TIMESTAMP is an
instant. `query` gives `timestamp[us, tz=UTC]` on both.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from cleanroom.contracts.specification import load_specification
from cleanroom.contracts.tables import (
    HANDLES,
    LANDING,
    ROUTING,
    SUBMISSIONS,
    UTC_TIMESTAMP,
    incoming_schema,
    landed_schema,
)
from cleanroom.errors import NotAllowed, SequenceReplayed, SettingsInvalid
from cleanroom.settings import RoomSettings
from cleanroom.stores.ports import Ask, Incoming, Statement, Warehouse
from cleanroom.vocabulary.terms import Dataset, UploadState

ACCEPTED = UploadState.ACCEPTED.value
SUBMISSIONS_TABLE = f"{LANDING}.submissions"
HANDLES_TABLE = f"{ROUTING}.handles"
BIGQUERY_SCHEME = "bigquery://"
INCOMING = "incoming.rows"  # in what `Ask` is asked
_ID = re.compile(r"[0-9a-f]{64}")


def open_warehouse(settings: RoomSettings) -> Warehouse:
    """The DuckDB file under the room's folder, or `bigquery://PROJECT/DATASET_PREFIX`. The caller closes it."""
    if not settings.warehouse:
        from cleanroom.stores.warehouse_duckdb import DuckDbWarehouse

        return DuckDbWarehouse(settings.warehouse_file, spill=settings.scratch_dir / "warehouse")
    if settings.warehouse.startswith(BIGQUERY_SCHEME):
        # Google's client takes a second to import and an embedded installation need not have it.
        from cleanroom.stores.warehouse_bigquery import BigQueryWarehouse

        return BigQueryWarehouse.from_address(settings.warehouse)
    raise SettingsInvalid(
        "CLEANROOM_WAREHOUSE must be empty (embedded) or bigquery://PROJECT/DATASET_PREFIX",
        zh="CLEANROOM_WAREHOUSE 須為空白（內嵌）或 bigquery://PROJECT/DATASET_PREFIX",
    )


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
        raise NotAllowed(
            f"rows of another shape must not land; columns that differ: {', '.join(missing)}",
            zh=f"欄位結構不同之資料列不得入庫；不同之欄位：{'、'.join(missing)}",
        )
    table = rows.select(schema.names).cast(pa.schema([pa.field(f.name, f.type) for f in schema]))
    empty = [f.name for f in schema if not f.nullable and table[f.name].null_count]
    if empty:
        raise NotAllowed(
            f"required columns are empty in some rows: {', '.join(empty)}",
            zh=f"有資料列之必要欄位空白：{'、'.join(empty)}",
        )
    return table


def rows_of(dataset: str, batch: Incoming) -> dict[str, pa.Table]:
    """Table -> rows that go there, in the shape that they must have."""
    target = landing_table(dataset)
    parts = {target: shaped(batch.rows, incoming_schema(base_tables()[target]))}
    if batch.handles is not None:
        parts[HANDLES_TABLE] = shaped(batch.handles, incoming_schema(HANDLES))
    return parts


def named(sql: str, given: Mapping[str, str]) -> str:
    """With the engine's names in place of `given.<name>`."""
    for name, place in given.items():
        sql = re.sub(rf"\bgiven\.{name}\b", place, sql)
    return sql


def ledger_row(submission: Mapping[str, Any], found: Mapping[str, Any]) -> pa.Table:
    """Raises NotAllowed for another id than SHA-256 in hex: ids become part of names and SQL."""
    for name in ("submission_id", "supersedes"):
        if not _ID.fullmatch(submission.get(name) or "0" * 64):
            raise NotAllowed(
                f"the ledger takes no {name} of another form than 64 hex digits",
                zh=f"帳冊所載 {name} 須為 64 位十六進位",
                rule="ledger",
            )
    return pa.Table.from_pylist([{"state": ACCEPTED, **submission, **found}], schema=SUBMISSIONS)


def end_of(submission_id: str, dataset: str, *, state: str, at: datetime) -> list[Statement]:
    """An accepted submission's rows and handles go; its ledger row stays and says since when and why."""
    return [
        (f"delete from {landing_table(dataset)} where submission_id = ?", [submission_id]),
        (f"delete from {HANDLES_TABLE} where submission_id = ?", [submission_id]),
        (f"update {SUBMISSIONS_TABLE} set state = ?, ended_at = ? where submission_id = ?", [state, at, submission_id]),
    ]


def superseding(submission: Mapping[str, Any], ask: Ask) -> list[Statement]:
    """Nothing where the submission replaces no other. Raises SequenceReplayed where the other is not live."""
    if not submission["supersedes"]:
        return []
    live = ask(
        f"select 1 as found from {SUBMISSIONS_TABLE}"
        " where submission_id = ? and participant = ? and dataset = ? and state = ?",
        [submission["supersedes"], submission["participant"], submission["dataset"], ACCEPTED],
    )
    if not live.num_rows:
        raise SequenceReplayed(
            "the submission that this one replaces is no longer there",
            zh="所欲取代之上傳件已不存在",
            rule="supersedes",
        )
    at = submission["landed_at"]
    return end_of(submission["supersedes"], submission["dataset"], state=UploadState.SUPERSEDED.value, at=at)


def dataset_of_live(submission_id: str, ask: Ask) -> str | None:
    found = ask(
        f"select dataset from {SUBMISSIONS_TABLE} where submission_id = ? and state = ?", [submission_id, ACCEPTED]
    )
    return found["dataset"][0].as_py() if found.num_rows else None


def has_landed(submission: Mapping[str, Any], ask: Ask) -> bool:
    """True for the same submission; SequenceReplayed where another one holds its place in the sequence."""
    found = ask(
        f"select submission_id from {SUBMISSIONS_TABLE}"
        " where submission_id = ? or (participant = ? and dataset = ? and sequence = ?)",
        [submission[k] for k in ("submission_id", "participant", "dataset", "sequence")],
    )["submission_id"].to_pylist()
    if set(found) - {submission["submission_id"]}:
        raise SequenceReplayed(
            "this sequence number has landed before with other content",
            zh="此序號先前已入庫，且內容不同",
            rule="sequence",
        )
    return bool(found)


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
        raise NotAllowed(
            f"a column of Arrow type {kind} has no place in the warehouse; cast it first",
            zh=f"資料倉儲不接受 Arrow 型別 {kind} 之欄位；請先轉換型別",
        )
    return names[kind]
