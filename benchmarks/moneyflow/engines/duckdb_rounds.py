"""DuckDB, all layers in one recursive statement; how long each number of layers takes."""

import duckdb

from benchmarks.moneyflow.answers import digests
from benchmarks.moneyflow.cases import LAYERS, Case, Engine, Found, NotMeasured, Task
from benchmarks.moneyflow.engines import duckdb_tables as tables
from benchmarks.moneyflow.engines.duckdb_layers import build
from benchmarks.moneyflow.timing import Clock, timed


def engine(name: str, title: str, query: str, *, heeds_limit: bool = True) -> Engine:
    """`query` has {layers} and reads the starts from `begun` (account, at_us, via)."""

    def together(task: Task) -> Found:
        with tables.opened(task) as database:
            return _each_number_of_layers(database, task, query)

    cases = {Case.BUILD: build, Case.TOGETHER: together}
    return Engine(name, title, "duckdb", tables.version, cases, heeds_limit)


def _each_number_of_layers(database: duckdb.DuckDBPyConnection, task: Task, query: str) -> Found:
    """Runs until one number of layers would end after the time limit."""
    found, clock = Found(), Clock()
    for layers in LAYERS:
        found.facts["limit_s"] = task.limit_s
        found.cancelled = f"cancelled at layer {layers} after {task.limit_s:.0f} s"
        task.save(found)
        for _ in range(task.repeat):
            try:
                with tables.at_most(database, task.limit_s - clock()), timed(found.seconds, str(layers)):
                    _answer(database, task, query.format(layers=layers))
            except NotMeasured:
                found.seconds.pop(str(layers), None)
                return found
            if clock() > task.limit_s / 4:
                break
    found.cancelled = ""
    per_layer = [tables.layer(database, f"select * from answer where layer = {k}") for k in LAYERS]
    found.answers = digests("together", per_layer, tables.account_tokens(database))
    return found


def _answer(database: duckdb.DuckDBPyConnection, task: Task, query: str) -> None:
    database.execute(
        "create or replace temp table begun as select account, epoch_us(begins_at) as at_us, -1 as via "
        f"from '{task.graph}/starts.parquet' join accounts on token = account_token"
    )
    database.execute(f"create or replace temp table answer as {query}")
