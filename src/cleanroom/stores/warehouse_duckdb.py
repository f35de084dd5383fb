"""The embedded warehouse: one DuckDB file, one process at a time."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from cleanroom.errors import WarehouseFault
from cleanroom.stores import warehouse as shared
from cleanroom.stores.ports import Ask, DbtTarget, Incoming, Statement
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import UploadState

_SQL_TYPES = {
    pa.string(): "varchar",
    pa.large_string(): "varchar",
    pa.int64(): "bigint",
    pa.int32(): "bigint",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.date32(): "date",
}
_DAMAGED = (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)
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

    def __init__(self, path: Path, *, spill: Path):
        """`spill`: where the engine puts what does not fit into memory; emptied when it closes."""
        self._path, self._spill = path, spill
        self._open: duckdb.DuckDBPyConnection | None = None

    def ensure_tables(self) -> None:
        with self._transaction() as connection:
            for name, schema in shared.base_tables().items():
                keys = _LEDGER_KEYS if name == shared.SUBMISSIONS_TABLE else ""
                _create(connection, name, schema, keys)

    def land(
        self,
        *,
        submission: Mapping[str, Any],
        dataset: str,
        batches: Iterable[Incoming],
        judge: Callable[[Ask], Mapping[str, Any]] | None = None,
    ) -> bool:
        whose = {name: submission[name] for name in ("participant", "submission_id")}
        with self._transaction() as connection, _sparing(connection):
            ask = _asker(connection, dataset, submission["submission_id"])
            if shared.has_landed(submission, ask):
                return False
            for batch in batches:
                for table, rows in shared.rows_of(dataset, batch).items():
                    _insert(connection, table, rows, whose)
            found = judge(ask) if judge else {}
            for sql, parameters in shared.superseding(submission, ask):
                connection.execute(sql, _bound(parameters))
            _insert(connection, shared.SUBMISSIONS_TABLE, shared.ledger_row(submission, found))
        return True

    def withdraw(self, submission_id: str, *, at: datetime) -> bool:
        with self._transaction() as connection:
            dataset = shared.dataset_of_live(submission_id, lambda *asked: _answer(connection, *asked))
            if dataset is None:
                return False
            for sql, parameters in shared.end_of(submission_id, dataset, state=UploadState.WITHDRAWN.value, at=at):
                connection.execute(sql, _bound(parameters))
        return True

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        with _faults("the warehouse could not answer", "資料倉儲無法回應"):
            return _answer(self._connection(), sql, parameters)

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

    def columns_ending(self, suffix: str) -> list[tuple[str, str]]:
        found = self.query(
            "select table_schema || '.' || table_name as place, column_name as name"
            " from information_schema.columns inner join information_schema.tables"
            " using (table_catalog, table_schema, table_name)"
            " where table_type = 'BASE TABLE' and ends_with(column_name, ?) order by place, name",
            [suffix],
        )
        return list(zip(found["place"].to_pylist(), found["name"].to_pylist(), strict=True))

    def transact(self, statements: Sequence[Statement], *, given: Mapping[str, pa.Table] | None = None) -> None:
        names = {name: f"given_{name}" for name in given or {}}
        with self._transaction() as connection:
            for name, view in names.items():
                connection.register(view, shared.without_zone(given[name]))
            try:
                for sql, parameters in statements:
                    connection.execute(shared.named(sql, names), _bound(parameters))
            finally:
                for view in names.values():
                    connection.unregister(view)

    def bytes_scanned(self, since: datetime) -> int | None:
        return None

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
            shutil.rmtree(self._spill, ignore_errors=True)

    def _connection(self) -> duckdb.DuckDBPyConnection:
        if self._open is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.rmtree(self._spill, ignore_errors=True)  # what a killed run left
            with _faults("the warehouse file could not be opened", "資料倉儲檔案無法開啟"):
                self._open = duckdb.connect(str(self._path), config={**_CLOSED_IN, "temp_directory": str(self._spill)})
        return self._open

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._connection()
        with _faults("the warehouse could not write", "資料倉儲無法寫入"):
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
def _faults(sentence: str, zh: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as e:
        # DuckDB's text may quote values of rows; its kind says enough.
        kind, do = type(e).__name__, _remedy(e)
        raise WarehouseFault(f"{sentence} ({kind}); {do.en}", zh=f"{zh}（{kind}）；{do.zh_hant}") from e


def _remedy(error: duckdb.Error) -> Both:
    if "lock on file" in str(error):
        return Both(
            "is another process using it? Run it again when that has ended",
            "可能有其他程序正在使用；請待其結束後再執行",
        )
    if "No space left" in str(error) or isinstance(error, duckdb.OutOfMemoryException):
        return Both(
            "the disk or the memory is full: make room and run it again; nothing half-written is kept",
            "磁碟或記憶體不足：請騰出空間後再執行；未保留任何未完成之寫入",
        )
    if isinstance(error, _DAMAGED):
        return Both(
            "the file may be damaged: move it away and run take-in for every participant, which lands everything "
            "that was accepted once more from the inbox (docs/stations/intake.md, Restoring)",
            "檔案可能毀損：請移開該檔，並就每一參與機構重新收件，已收件之資料將自收件匣再次入庫"
            "（docs/stations/intake.md，Restoring）",
        )
    return Both("run it again; nothing half-written is kept", "請重新執行；未保留任何未完成之寫入")


def _answer(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
    return shared.with_utc(connection.sql(sql, params=_bound(parameters)).to_arrow_table())


def _asker(connection: duckdb.DuckDBPyConnection, dataset: str, submission_id: str) -> Ask:
    """Inside the transaction what came in lies in its table already, under its submission."""
    own = f"(select * from {shared.landing_table(dataset)} where submission_id = '{submission_id}') as incoming"

    def ask(sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        return _answer(connection, sql.replace(shared.INCOMING, own), parameters)

    return ask


@contextmanager
def _sparing(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Appending gains nothing from threads and a little from memory, and the workers that open the parts need both
    (benchmarks/landing.py)."""
    connection.execute("set threads = 1")
    connection.execute("set memory_limit = '256MB'")
    try:
        yield
    finally:
        connection.execute("reset threads")
        connection.execute("reset memory_limit")


def _create(connection: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, keys: str = "") -> None:
    columns = ", ".join(f'"{f.name}" {_sql_type(f.type)}{"" if f.nullable else " not null"}' for f in schema)
    connection.execute(f"create schema if not exists {name.split('.')[0]}")
    connection.execute(f"create table if not exists {name} ({columns}{keys})")


def _sql_type(kind: pa.DataType) -> str:
    return shared.sql_type(kind, _SQL_TYPES, "timestamp")


def _insert(
    connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table, whose: Mapping[str, str] | None = None
) -> None:
    """`whose`: columns that have one value in every row."""
    whose = whose or {}
    connection.register("arrived", arrived := _Arrived(shared.without_zone(rows)))
    try:
        columns = ", ".join(f'"{c}"' for c in (*whose, *rows.column_names))
        values = ", ".join([*("?" for _ in whose), *(f'"{c}"' for c in rows.column_names)])
        connection.execute(f"insert into {name} ({columns}) select {values} from arrived", list(whose.values()))
    finally:
        connection.unregister("arrived")
        arrived.rows = None


class _Arrived:
    """Rows under a name. The engine keeps what was registered until the transaction ends, also when the name is gone:
    it is to keep this, which is emptied, and not every batch of a file."""

    def __init__(self, rows: pa.Table):
        self.rows: pa.Table | None = rows

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.rows.__arrow_c_stream__(requested_schema)


def _bound(parameters: Sequence[Any]) -> list[Any]:
    """Aware times become UTC without zone, as the columns hold them."""
    return [_utc(value) for value in parameters]


def _utc(value: Any) -> Any:
    aware = isinstance(value, datetime) and value.tzinfo is not None
    return value.astimezone(UTC).replace(tzinfo=None) if aware else value
