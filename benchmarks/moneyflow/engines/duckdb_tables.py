"""The graph as tables of a DuckDB file, for DuckDB itself and as the source of what PostgreSQL loads.

`accounts` (account, token), `transfers` (number, at_us, sender, receiver) and `hubs` (account). Accounts are dense
integers, and a transfer's number is its place in the order of (executed_at, transfer_id): the least number is the
first transfer, so a layer needs no second sort key. Rows lie in the order of (sender, time), which answers fastest.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.moneyflow.answers import Layer
from benchmarks.moneyflow.cases import HUB_LIMIT, NotMeasured, Task
from benchmarks.moneyflow.graphs import parquet_files
from benchmarks.moneyflow.questions import token_rows

MEMORY, SPILL = "8GB", "12GB"
_DRAWN = """
create table accounts as
select (row_number() over () - 1)::integer as account, token
from (select sender_account_token as token from drawn union select receiver_account_token from drawn);
create table transfers as
select number, at_us, sender, receiver from (
    select (row_number() over (order by executed_at, transfer_id) - 1)::integer as number,
        epoch_us(executed_at) as at_us, s.account as sender, r.account as receiver
    from drawn
    join accounts as s on s.token = sender_account_token
    join accounts as r on r.token = receiver_account_token
)
order by sender, at_us;
create table hubs as
select account from (select sender as account from transfers union all select receiver from transfers)
group by account having count(*) > {limit};
"""


def version() -> str:
    return f"DuckDB {duckdb.__version__}"


def file_of(task: Task) -> Path:
    return task.store.with_name("duckdb") / "graph.duckdb"


def load(task: Task) -> None:
    """Whole or not at all; what is there already is left as it is."""
    path = file_of(task)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".loading-{os.getpid()}.duckdb")
    for stale in path.parent.glob(".loading-*"):
        stale.unlink()
    with _connected(beside, path.parent / "spilled") as database:
        files = [str(f) for f in parquet_files(task.graph)]
        database.execute("create temp view drawn as select * from read_parquet(" + _listed(files) + ")")
        for statement in _DRAWN.format(limit=HUB_LIMIT).split(";\n"):
            database.execute(statement)
        database.execute("checkpoint")
    beside.rename(path)


def _listed(paths: list[str]) -> str:
    return "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in paths) + "]"


@contextmanager
def _connected(path: Path | str, spill: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """What does not fit into memory goes to `spill`, up to a bound."""
    with duckdb.connect(str(path), read_only=read_only) as database:
        database.execute(f"set temp_directory = '{spill}'; set max_temp_directory_size = '{SPILL}'")
        database.execute(f"set memory_limit = '{MEMORY}'; set preserve_insertion_order = false")
        database.execute("set threads = 2")
        yield database


@contextmanager
def opened(task: Task) -> Iterator[duckdb.DuckDBPyConnection]:
    """The loaded tables, read only; temporary tables can be made."""
    with _connected(file_of(task), file_of(task).with_name("spilled"), read_only=True) as database:
        yield database


@contextmanager
def in_memory(task: Task) -> Iterator[duckdb.DuckDBPyConnection]:
    with _connected(":memory:", file_of(task).with_name("spilled")) as database:
        yield database


@contextmanager
def opened_to_write(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with _connected(path, path.with_name("spilled")) as database:
        yield database


@contextmanager
def at_most(database: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    """Raises NotMeasured where the body asks for longer."""
    timer = threading.Timer(seconds, database.interrupt)
    timer.start()
    try:
        yield
    except duckdb.InterruptException:
        raise NotMeasured(f"cancelled after {seconds:.0f} s") from None
    finally:
        timer.cancel()


def account_tokens(database: duckdb.DuckDBPyConnection) -> np.ndarray:
    """uint8[accounts, 16], by account number. Rows come in any order, whatever a query says (see `_connected`)."""
    table = database.sql("select account, token from accounts").to_arrow_table()
    tokens = np.empty((len(table), 16), np.uint8)
    tokens[table["account"].to_numpy()] = token_rows(table["token"])
    return tokens


def layer(database: duckdb.DuckDBPyConnection, select: str) -> Layer:
    """What `select account, at_us, via` gives."""
    found = database.execute(select).fetchnumpy()
    return Layer(*(np.asarray(found[name]).astype(np.int64) for name in ("account", "at_us", "via")))
