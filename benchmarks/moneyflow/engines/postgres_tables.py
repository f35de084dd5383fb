"""The graph in PostgreSQL as it answers fastest: dense integers, rows in order of (sender, time), a covering index.

Loaded by binary COPY from the tables that DuckDB made of the Parquet files: the tokens are interned before.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psycopg

from benchmarks.moneyflow.cases import Found, NotMeasured, Task
from benchmarks.moneyflow.engines import duckdb_tables
from benchmarks.moneyflow.engines.postgres_server import running, settings
from benchmarks.moneyflow.timing import timed

_BATCH = 500_000
_BUILT = "built"
TRANSFERS = {"at_us": "int8", "sender": "int4", "receiver": "int4", "number": "int4"}
INDEX = "create index on transfers (sender, at_us) include (receiver, number)"


def build(task: Task) -> Found:
    """Load, index, statistics. Half of it is thrown away."""
    found = Found()
    with timed(found.seconds, "intern"):
        duckdb_tables.load(task)
    for stale in (folder_of(task), task.store / _BUILT):
        shutil.rmtree(stale, ignore_errors=True) if stale.is_dir() else stale.unlink(missing_ok=True)
    with running(folder_of(task)) as connection, duckdb_tables.opened(task) as source:
        with timed(found.seconds, "load"):
            _copy(connection, source, "transfers", TRANSFERS, "sender, at_us")
            _copy(connection, source, "hubs", {"account": "int4"}, "account")
        with timed(found.seconds, "index"):
            connection.execute(INDEX)
            connection.execute("alter table hubs add primary key (account)")
            connection.execute("vacuum analyze")
        found.facts["bytes"] = connection.execute("select pg_database_size(current_database())").fetchone()[0]
        found.facts["table_bytes"] = connection.execute("select pg_table_size('transfers')").fetchone()[0]
        found.facts["index_bytes"] = connection.execute("select pg_indexes_size('transfers')").fetchone()[0]
    found.facts["settings"] = ", ".join(f"{name} {value}" for name, value in settings().items() if value)
    (task.store / _BUILT).touch()
    return found


def folder_of(task: Task) -> Path:
    """Inside a folder that the server's user may pass through."""
    return task.store / "data"


@contextmanager
def opened(task: Task) -> Iterator[psycopg.Connection]:
    if not (task.store / _BUILT).exists():
        raise NotMeasured("not loaded")
    with running(folder_of(task)) as connection:
        yield connection


@contextmanager
def at_most(connection: psycopg.Connection, seconds: float) -> Iterator[None]:
    """Raises NotMeasured where a statement of the body takes longer."""
    connection.execute(f"set statement_timeout = {max(1, int(seconds * 1000))}")
    try:
        yield
    except psycopg.errors.QueryCanceled:
        raise NotMeasured(f"cancelled after {seconds:.0f} s") from None
    finally:
        connection.execute("set statement_timeout = 0")


def _copy(connection: psycopg.Connection, source, table: str, columns: dict[str, str], order: str) -> None:
    """FREEZE in the transaction that makes the table: no log is written, and index-only scans work at once."""
    of_columns = ", ".join(f"{name} {kind} not null" for name, kind in columns.items())
    batches = source.sql(f"select {', '.join(columns)} from {table} order by {order}").to_arrow_reader(_BATCH)
    with connection.transaction():
        connection.execute(f"create table {table} ({of_columns})")
        copy_rows(connection, f"copy {table} from stdin (format binary, freeze)", batches, columns)


def copy_rows(connection: psycopg.Connection, statement: str, batches, columns: dict[str, str]) -> None:
    """`batches`: Arrow record batches or tables with these columns, none of them null."""
    with connection.cursor().copy(statement) as copy:
        copy.write(b"PGCOPY\n\xff\r\n\x00" + bytes(8))
        for batch in batches:
            copy.write(_binary_rows([batch.column(name).to_numpy() for name in columns], list(columns.values())))
        copy.write(b"\xff\xff")


def _binary_rows(arrays: list[np.ndarray], kinds: list[str]) -> bytes:
    """PostgreSQL's binary COPY: per row the number of fields, then length and big-endian value of each."""
    fields = [("fields", ">i2")]
    for place, kind in enumerate(kinds):
        fields += [(f"length_{place}", ">i4"), (f"value_{place}", f">i{kind[-1]}")]
    rows = np.empty(len(arrays[0]), np.dtype(fields))
    rows["fields"] = len(kinds)
    for place, (values, kind) in enumerate(zip(arrays, kinds, strict=True)):
        rows[f"length_{place}"], rows[f"value_{place}"] = int(kind[-1]), values
    return rows.tobytes()
