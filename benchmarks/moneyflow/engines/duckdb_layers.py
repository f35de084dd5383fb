"""DuckDB, one query per layer: its fastest way."""

import shutil

import duckdb
import numpy as np

from benchmarks.moneyflow import asking, questions
from benchmarks.moneyflow.answers import Layer, digests
from benchmarks.moneyflow.cases import LAYERS, Case, Engine, Found, NotMeasured, Task
from benchmarks.moneyflow.engines import duckdb_tables as tables
from benchmarks.moneyflow.engines.layered_sql import next_layer, one_account, unprepared_layer
from benchmarks.moneyflow.graphs import parquet_files, read_facts
from benchmarks.moneyflow.timing import Clock, since_process_began, timed

ALL_STARTS_UP_TO = 10_000_000


def build(task: Task) -> Found:
    found = Found()
    tables.file_of(task).unlink(missing_ok=True)
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
    """Straight over Parquet, in a new process, without the transfers that explain: they would need a sort first."""
    found = Found()
    files = "', '".join(map(str, parquet_files(task.graph)))
    with tables.in_memory(task) as database:
        database.execute(f"create view drawn as select * from read_parquet(['{files}'])")
        database.execute(
            f"create table layer_0 as select account_token as token, begins_at as at from '{task.graph}/starts.parquet'"
        )
        for k in LAYERS:
            database.execute(f"create table layer_{k} as {unprepared_layer(f'layer_{k - 1}')}")
        found.seconds["first answer"] = [since_process_began()]
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
            found.answers |= digests(f"separate, start {place}", layers, tokens, starts=numbers[place])
        try:
            _every_start_in_time(database, task, found)
        except NotMeasured as why:
            found.seconds.pop("all", None)
            found.cancelled = str(why)
    return found


def _every_start_in_time(database: duckdb.DuckDBPyConnection, task: Task, found: Found) -> None:
    if read_facts(task.graph).transfers > ALL_STARTS_UP_TO:
        raise NotMeasured(f"not tried over {ALL_STARTS_UP_TO:,} transfers")
    with tables.at_most(database, task.limit_s), timed(found.seconds, "all"):
        _every_start(database, task)
    rows = database.execute("select layer, count(*) from best where layer > 0 group by all order by all").fetchall()
    found.answers["separate, accounts by nearest layer"] = str([count for _, count in rows])


def _one_start(database: duckdb.DuckDBPyConnection, account: int, begins_us: int) -> list[Layer]:
    database.execute(f"create or replace temp table layer_0 as select {account} as account, {begins_us} as at_us")
    for k in LAYERS:
        database.execute(f"create or replace temp table layer_{k} as {next_layer(f'layer_{k - 1}')}")
    return [tables.layer(database, f"select * from layer_{k}") for k in LAYERS]


def _every_start(database: duckdb.DuckDBPyConnection, task: Task) -> None:
    """Only what arrives earlier than on fewer layers goes on: enough for the nearest layers, and far less to do."""
    database.execute(
        "create or replace temp table layer_0 as select account as start, account, epoch_us(begins_at) as at_us "
        f"from '{task.graph}/starts.parquet' join accounts on token = account_token"
    )
    database.execute("create or replace temp table best as select *, 0 as layer from layer_0")
    for k in LAYERS:
        database.execute(
            f"create or replace temp table layer_{k} as select n.* "
            f"from ({next_layer(f'layer_{k - 1}', per='start')}) as n left join best as b using (start, account) "
            "where b.at_us is null or n.at_us < b.at_us"
        )
        database.execute(
            "create or replace temp table best as select start, account, min(at_us) as at_us, min(layer) as layer "
            f"from (from best union all select start, account, at_us, {k} from layer_{k}) group by all"
        )


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
