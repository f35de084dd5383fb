"""An engine of the benchmark that loses some of what it finds, so that a run with it must fail."""

from dataclasses import replace

from benchmarks.moneyflow.cases import Case, Found, Task
from benchmarks.moneyflow.engines import duckdb_layers


def _together(task: Task) -> Found:
    whole = duckdb_layers.next_layer
    duckdb_layers.next_layer = lambda before: f"{whole(before)} having min(t.number) % 50 > 0"
    return duckdb_layers.together(task)


ENGINE = replace(
    duckdb_layers.ENGINE,
    name="forgetful",
    title="DuckDB, forgetful",
    cases={Case.BUILD: duckdb_layers.build, Case.TOGETHER: _together},
)
