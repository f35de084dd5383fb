"""The embedded warehouse: one DuckDB file, one process at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cleanroom.contracts.tables import HANDLES
from cleanroom.errors import SequenceReplayed, WarehouseFault
from cleanroom.stores import warehouse as shared
from cleanroom.stores.ports import DbtTarget

_SQL_TYPES = {
    pa.string(): "varchar",
    pa.large_string(): "varchar",
    pa.int64(): "bigint",
    pa.int32(): "bigint",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.date32(): "date",
}
# SQL reaches the warehouse's own tables and nothing else: no files, no downloads, no variables of this program.
_CLOSED_IN = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}
_LEDGER_KEYS = ", primary key (submission_id), unique (participant, dataset, sequence)"


class DuckDbWarehouse:
    """See `stores.ports.Warehouse`. Opens at first use, so that a released file stays free until it is needed."""

    engine = "duckdb"

    def __init__(self, path: Path):
        self._path = path
        self._open: duckdb.DuckDBPyConnection | None = None

    def ensure_tables(self) -> None:
        with self._transaction() as connection:
            for name, schema in shared.base_tables().items():
                keys = _LEDGER_KEYS if name == shared.SUBMISSIONS_TABLE else ""
                _create(connection, name, schema, keys)

    def land(self, *, submission: dict[str, Any], dataset: str, rows: pa.Table, handles: pa.Table | None) -> bool:
        target = shared.landing_table(dataset)
        parts = {target: shared.shaped(rows, shared.base_tables()[target])}
        if handles is not None:
            parts[shared.HANDLES_TABLE] = shared.shaped(handles, HANDLES)
        for part in parts.values():
            shared.check_one_submission(part, submission)
        with self._transaction() as connection:
            if _has_landed(connection, submission):
                return False
            for name, part in {**parts, shared.SUBMISSIONS_TABLE: shared.ledger_row(submission)}.items():
                _insert(connection, name, part)
        return True

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        with _faults("the warehouse could not answer"):
            result = self._connection().sql(sql, params=[_utc(p) for p in parameters])
            return shared.with_utc(result.to_arrow_table())

    def replace_rows(self, table: str, rows: pa.Table, *, where: str | None = None) -> int:
        with self._transaction() as connection:
            _create(connection, table, rows.schema)
            connection.execute(f"delete from {table} where {where or 'true'}")
            _insert(connection, table, rows)
        return rows.num_rows

    def table_exists(self, table: str) -> bool:
        schema, name = table.split(".")
        sql = "select count(*) as n from information_schema.tables where table_schema = ? and table_name = ?"
        return self.query(sql, [schema, name])["n"][0].as_py() > 0

    @contextmanager
    def released(self) -> Iterator[None]:
        self.close()
        yield

    def dbt_target(self) -> DbtTarget:
        return DbtTarget("embedded", {"CLEANROOM_DBT_DUCKDB": str(self._path)})

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _connection(self) -> duckdb.DuckDBPyConnection:
        if self._open is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _faults("the warehouse file could not be opened; is another process using it?"):
                self._open = duckdb.connect(str(self._path), config=_CLOSED_IN)
        return self._open

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._connection()
        with _faults("the warehouse could not write"):
            connection.begin()
            try:
                yield connection
                connection.commit()
            except BaseException:
                _roll_back(connection)
                raise


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    # A failed commit has ended the transaction already; that must not hide the reason.
    try:
        connection.rollback()
    except duckdb.Error:
        return


@contextmanager
def _faults(sentence: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as e:
        # DuckDB's text may quote values of rows; its kind says enough.
        raise WarehouseFault(f"{sentence} ({type(e).__name__})") from e


def _has_landed(connection: duckdb.DuckDBPyConnection, submission: dict[str, Any]) -> bool:
    """True for the same submission; SequenceReplayed where another one holds its place in the sequence."""
    found = connection.execute(
        f"select submission_id from {shared.SUBMISSIONS_TABLE}"
        " where submission_id = ? or (participant = ? and dataset = ? and sequence = ?)",
        [submission[k] for k in ("submission_id", "participant", "dataset", "sequence")],
    ).fetchall()
    if any(row[0] != submission["submission_id"] for row in found):
        raise SequenceReplayed("this sequence number has landed before with other content")
    return bool(found)


def _create(connection: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, keys: str = "") -> None:
    columns = ", ".join(f'"{f.name}" {_sql_type(f.type)}{"" if f.nullable else " not null"}' for f in schema)
    connection.execute(f"create schema if not exists {name.split('.')[0]}")
    connection.execute(f"create table if not exists {name} ({columns}{keys})")


def _sql_type(kind: pa.DataType) -> str:
    return shared.sql_type(kind, _SQL_TYPES, "timestamp")


def _insert(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    connection.register("incoming", shared.without_zone(rows))
    try:
        columns = ", ".join(f'"{c}"' for c in rows.column_names)
        connection.execute(f"insert into {name} ({columns}) select {columns} from incoming")
    finally:
        connection.unregister("incoming")


def _utc(value: Any) -> Any:
    """Aware times become UTC without zone, as the columns hold them."""
    aware = isinstance(value, datetime) and value.tzinfo is not None
    return value.astimezone(UTC).replace(tzinfo=None) if aware else value
