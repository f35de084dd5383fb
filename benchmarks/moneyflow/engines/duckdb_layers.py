"""DuckDB, one query per layer: its fastest way."""

import shutil

import duckdb
import numpy as np

from benchmarks.moneyflow import asking, questions
from benchmarks.moneyflow.answers import Layer, digests
from benchmarks.moneyflow.cases import LAYERS, Case, Engine, Found, NotMeasured, Task
from benchmarks.moneyflow.engines import duckdb_tables as tables
from benchmarks.moneyflow.engines.layered_sql import next_layer, one_account, unprepared_layer
from benchmarks.moneyflow.graphs import parquet_files
from benchmarks.moneyflow.timing import Clock, timed


def build(task: Task) -> Found:
    found = Found()
    with timed(found.seconds, "load"):
        tables.load(task)
    found.facts["bytes"] = tables.file_of(task).stat().st_size
    return found


def together(task: Task) -> Found:
    found = Found()
    with tables.opened(task) as database:
        for run in range(task.repeat + 1):
            _all_layers(database, task, found if run else Found())
        layers = [tables.layer(database, f"select * from layer_{k}") for k in LAYERS]
        starts = tables.layer(database, "select * from layer_0").account
        found.answers = digests("together", layers, tables.account_tokens(database), starts=starts)
    return found


def _all_layers(database: duckdb.DuckDBPyConnection, task: Task, found: Found) -> None:
    clock = Clock()
    database.execute(
        "create or replace temp table layer_0 as select account, epoch_us(begins_at) as at_us, 0 as via "
        f"from '{task.graph}/starts.parquet' join accounts on token = account_token"
    )
    for k in LAYERS:
        database.execute(f"create or replace temp table layer_{k} as {next_layer(f'layer_{k - 1}')}")
        found.seconds.setdefault(str(k), []).append(clock())


def first_answer(task: Task) -> Found:
    """Straight over Parquet, without the transfers that explain: they would need a sort first."""
    found = Found()
    files = "', '".join(map(str, parquet_files(task.graph)))
    with timed(found.seconds, "first answer"), tables.in_memory() as database:
        database.execute(f"create view drawn as select * from read_parquet(['{files}'])")
        database.execute(
            f"create table layer_0 as select account_token as token, begins_at as at from '{task.graph}/starts.parquet'"
        )
        for k in LAYERS:
            database.execute(f"create table layer_{k} as {unprepared_layer(f'layer_{k - 1}')}")
        found.facts["arrivals"] = sum(database.table(f"layer_{k}").count("*").fetchall()[0][0] for k in LAYERS)
    return found


def separate(task: Task) -> Found:
    """All starts in one query per layer where that ends in time, and in any case a few of them one after the other."""
    found = Found()
    with tables.opened(task) as database:
        tokens, starts = tables.account_tokens(database), questions.together(task.graph)
        numbers = asking.numbers(tokens, starts.tokens)
        for place in range(asking.COMPARED_STARTS):
            with timed(found.seconds, "each of the compared"):
                layers = _one_start(database, int(numbers[place]), int(starts.begins_us[place]))
            found.answers |= digests(f"separate, start {place}", layers, tokens)
        try:
            with tables.at_most(database, task.limit_s), timed(found.seconds, "all"):
                found.facts["arrivals"] = _every_start(database, task)
        except NotMeasured as why:
            found.seconds.pop("all", None)
            found.cancelled = str(why)
    return found


def _one_start(database: duckdb.DuckDBPyConnection, account: int, begins_us: int) -> list[Layer]:
    database.execute(f"create or replace temp table layer_0 as select {account} as account, {begins_us} as at_us")
    for k in LAYERS:
        database.execute(f"create or replace temp table layer_{k} as {next_layer(f'layer_{k - 1}')}")
    return [tables.layer(database, f"select * from layer_{k}") for k in LAYERS]


def _every_start(database: duckdb.DuckDBPyConnection, task: Task) -> int:
    arrivals = 0
    database.execute(
        "create or replace temp table layer_0 as select account as start, account, epoch_us(begins_at) as at_us "
        f"from '{task.graph}/starts.parquet' join accounts on token = account_token"
    )
    for k in LAYERS:
        database.execute(f"create or replace temp table layer_{k} as {next_layer(f'layer_{k - 1}', per='start')}")
        arrivals += database.table(f"layer_{k}").count("*").fetchall()[0][0]
    return arrivals


def one_by_one(case: Case):
    def ask_all(task: Task) -> Found:
        with tables.opened(task) as database:
            asking_one = database.execute
            query = one_account(case)

            def ask(account: int, begins_us: int) -> np.ndarray:
                return np.array(asking_one(query, {"start": account, "begins": begins_us}).fetchall(), np.int64)

            return asking.one_by_one(case, task, tables.account_tokens(database), ask)

    return ask_all


def updates(task: Task) -> Found:
    """Into a copy of the file: the next case finds the graph as it was."""
    copy = task.store / "copy.duckdb"
    shutil.copyfile(tables.file_of(task), copy)
    try:
        with tables.opened_to_write(copy) as database:
            return asking.batches(task, lambda batch: _insert(database, batch), asking.halves(task)[1])
    finally:
        copy.unlink()


def _insert(database: duckdb.DuckDBPyConnection, batch) -> None:
    """New tokens get the next numbers; `number` goes on in the order of arrival."""
    database.register("batch", batch)
    database.execute("begin")
    database.execute(
        "insert into accounts select (select max(account) from accounts) + row_number() over (), token "
        "from (select sender_account_token as token from batch union select receiver_account_token from batch) "
        "anti join accounts using (token)"
    )
    database.execute(
        "insert into transfers select (select max(number) from transfers) + row_number() over (), "
        "epoch_us(executed_at), s.account, r.account from batch "
        "join accounts as s on s.token = sender_account_token join accounts as r on r.token = receiver_account_token"
    )
    database.execute("commit")


ENGINE = Engine(
    "duckdb_layers",
    "DuckDB, one query per layer",
    "duckdb",
    tables.version,
    {
        Case.BUILD: build,
        Case.FIRST: first_answer,
        Case.TOGETHER: together,
        Case.SEPARATE: separate,
        Case.DELAYED: one_by_one(Case.DELAYED),
        Case.IN_TIME: one_by_one(Case.IN_TIME),
        Case.UPDATES: updates,
    },
)
