"""What the table and the charts make of measurements."""

import pytest

from benchmarks.moneyflow import charts
from benchmarks.moneyflow.agreement import check
from benchmarks.moneyflow.table import markdown
from benchmarks.moneyflow.targets import against_targets
from benchmarks.moneyflow.view import View

GRAPH = {
    "transfers": 50_000_000, "accounts": 5_000_000, "hubs": 250, "out_degrees": {"0.5": 5}, "in_degrees": {"0.5": 5},
    "accounts_over_1000": 9, "seconds": 60.0,
}  # fmt: skip
HOST = {"processor": "p", "cores": 2, "memory_gib": 8, "system": "s", "python": "3.11"}


def measured(engine, case="together", **found):
    common = {"version": "v", "memory": {"resident_mib": 10, "private_mib": 5}, "load_before": 0.1, "when": "now"}
    return {"transfers": 50_000_000, "title": engine.title(), "engine": engine, "case": case, **common, **found}


def layers(*seconds):
    return {str(k): [s, s * 2, s / 2] for k, s in enumerate(seconds, start=1)}


@pytest.fixture
def report():
    every = [
        measured("lookout", seconds=layers(0.1, 0.2, 0.2, 0.2, 0.2, 0.25)),
        measured("duckdb_layers", seconds=layers(0.1, 0.3, 0.5, 0.8, 0.9, 1.0)),
        measured("postgres_recursive", seconds=layers(1, 8), cancelled="cancelled at layer 3 after 45 s"),
        measured("lookout", "one_delayed", facts={"p50_ms": 0.5, "p95_ms": 1, "p99_ms": 7.5, "max_ms": 9, "calls": 3}),
    ]
    return {"host": HOST, "graphs": [GRAPH], "agreement": check(every), "measured": every}


def test_medians_stand_in_the_table_and_a_cancelled_recursion_says_so(report):
    table = markdown(report)
    row = "| Duckdb_Layers | 0.1 | 0.3 | 0.5 | 0.8 | 0.9 | 1 | 1 (0.5-2, 3 runs) | 4.0 | 10 (5) |"
    assert row in table
    assert "| Postgres_Recursive | 1 | 8 | - | - | - | - | cancelled at layer 3 after 45 s | - |" in table


def test_targets_are_met_or_missed_by_how_much(report):
    lines = "\n".join(against_targets(View(report)))
    assert "at most 0.5 s | 0.25 s | met |" in lines
    assert "at most 5 ms | 7.5 ms | missed, 1.50 times the limit |" in lines
    assert "at least 7 times | 4.0 times | missed |" in lines


def test_a_process_that_broke_off_is_a_failure_and_a_time_limit_is_none(report):
    broken = measured("lookout", "updates", cancelled="failed: MemoryError")
    late = measured("postgres_layers", "build", cancelled="ended by the time limit, 900 s")
    assert check([*report["measured"], broken, late])["failures"] == [
        "at 50,000,000 transfers, Lookout, updates: failed: MemoryError"
    ]


def test_without_a_chinese_font_the_charts_are_in_english(report, tmp_path, monkeypatch):
    monkeypatch.setattr(charts, "_font", lambda: None)
    charts.draw_all(report, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.en.{form}" for name in ("layers", "growth") for form in ("png", "svg")
    }
