"""PostgreSQL with a covering index, one query per layer: its best form."""

import numpy as np
import psycopg
import pyarrow as pa

from benchmarks.moneyflow import asking, questions
from benchmarks.moneyflow.answers import Layer, digests
from benchmarks.moneyflow.cases import LAYERS, Case, Engine, Found, Task
from benchmarks.moneyflow.engines import duckdb_tables
from benchmarks.moneyflow.engines import postgres_tables as tables
from benchmarks.moneyflow.engines.layered_sql import next_layer, one_account
from benchmarks.moneyflow.engines.postgres_server import version
from benchmarks.moneyflow.timing import Clock


def together(task: Task) -> Found:
    """Layers are unlogged tables: parallel workers read those, and temporary ones they don't."""
    found, clock = Found(), Clock()
    with tables.opened(task) as connection:
        starts, tokens = begun(connection, task)
        for run in range(task.repeat + 1):
            if run > 1 and clock() > task.limit_s:
                break
            _all_layers(connection, starts, found if run else Found())
        found.answers = digests(
            "together", [read_layer(connection, f"select * from layer_{k}") for k in LAYERS], tokens
        )
    return found


def begun(connection: psycopg.Connection, task: Task) -> tuple[list[tuple[int, int]], np.ndarray]:
    """(account, begin moment) of the starts; and the tokens by account number, which PostgreSQL need not hold."""
    tokens = known_tokens(task)
    starts = questions.together(task.graph)
    accounts = asking.numbers(tokens, starts.tokens)
    return list(zip(accounts.tolist(), starts.begins_us.tolist(), strict=True)), tokens


def known_tokens(task: Task) -> np.ndarray:
    with duckdb_tables.opened(task) as source:
        return duckdb_tables.account_tokens(source)


def _all_layers(connection: psycopg.Connection, starts: list[tuple[int, int]], found: Found) -> None:
    clock = Clock()
    _fresh(connection, 0, "(account int4, at_us int8)")
    connection.cursor().executemany("insert into layer_0 values (%s, %s)", starts)
    connection.execute("analyze layer_0")
    for k in LAYERS:
        _fresh(connection, k, f"as {next_layer(f'layer_{k - 1}')}")
        connection.execute(f"analyze layer_{k}")
        found.seconds.setdefault(str(k), []).append(clock())


def _fresh(connection: psycopg.Connection, k: int, rest: str) -> None:
    connection.execute(f"drop table if exists layer_{k}")
    connection.execute(f"create unlogged table layer_{k} {rest}")


def read_layer(connection: psycopg.Connection, select: str) -> Layer:
    """What `select account, at_us, via` gives, over binary COPY: millions of rows at once."""
    with connection.cursor().copy(f"copy ({select}) to stdout (format binary)") as copy:
        data = b"".join(copy)
    row = [("fields", ">i2"), ("l0", ">i4"), ("account", ">i4"), ("l1", ">i4"), ("at_us", ">i8"), ("l2", ">i4")]
    rows = np.frombuffer(data[19:-2], np.dtype([*row, ("via", ">i4")]))
    return Layer(*(rows[name].astype(np.int64) for name in ("account", "at_us", "via")))


def one_by_one(case: Case):
    """A prepared statement per account. Nested loops over the index: hash joins would read the whole table."""

    def ask_all(task: Task) -> Found:
        query = one_account(case, "%s", "%s")
        tokens = known_tokens(task)
        with tables.opened(task) as connection:
            connection.execute("set enable_hashjoin = off; set enable_mergejoin = off; set jit = off")
            connection.execute("set max_parallel_workers_per_gather = 0")

            def ask(account: int, begins_us: int) -> np.ndarray:
                return np.array(connection.execute(query, (account, begins_us), prepare=True).fetchall(), np.int64)

            return asking.one_by_one(case, task, tokens, ask)

    return ask_all


def updates(task: Task) -> Found:
    """Interned already, as if by whoever sends them; taken back at the end, so that the next case finds the graph as it
    was."""
    accounts = len(known_tokens(task))
    random = np.random.default_rng(7)
    with tables.opened(task) as connection, connection.transaction(force_rollback=True):

        def insert(batch) -> None:
            rows = {
                "at_us": batch["executed_at"].combine_chunks().cast(pa.int64()),
                "sender": pa.array(random.integers(0, accounts, len(batch))),
                "receiver": pa.array(random.integers(0, accounts, len(batch))),
                "number": pa.array(np.arange(len(batch))),
            }
            with connection.transaction():
                tables.copy_rows(
                    connection, "copy transfers from stdin (format binary)", [pa.table(rows)], tables.TRANSFERS
                )

        return asking.batches(task, insert, asking.halves(task)[1])


ENGINE = Engine(
    "postgres_layers",
    "PostgreSQL, one query per layer",
    "postgres",
    version,
    {
        Case.BUILD: tables.build,
        Case.TOGETHER: together,
        Case.DELAYED: one_by_one(Case.DELAYED),
        Case.IN_TIME: one_by_one(Case.IN_TIME),
        Case.UPDATES: updates,
    },
)
