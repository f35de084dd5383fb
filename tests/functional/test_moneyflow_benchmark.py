"""The benchmark's one command on a tiny graph: every engine agrees, and one that loses something fails the run."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from benchmarks.moneyflow.cases import NotMeasured
from benchmarks.moneyflow.charts import languages
from benchmarks.moneyflow.engines.postgres_server import programs

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
ENGINES = ["lookout", "duckdb_layers", "postgres_layers"]
CASES = ["together", "separate", "one_delayed", "verdicts"]


@pytest.fixture(scope="module")
def work():
    """Where a server that runs as another user gets to."""
    folder = Path(tempfile.mkdtemp(prefix="moneyflow-benchmark-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def run(work, engines, cases):
    command = [sys.executable, "-m", "benchmarks.moneyflow", "--sizes", "0.02", "--repeat", "1", "--limit", "1"]
    command += ["--work", str(work), "--engines", *engines, "--only", *cases]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)


@pytest.fixture(scope="module")
def done(work):
    return run(work, ENGINES, CASES)


@pytest.fixture(scope="module")
def report(done, work):
    assert done.returncode == 0, done.stderr
    return json.loads((work / "report" / "table.json").read_text())


def answers(report, engine, case):
    (found,) = (m["answers"] for m in report["measured"] if (m["engine"], m["case"]) == (engine, case))
    return found


def test_every_engine_gives_the_same_answers(report):
    ours = answers(report, "lookout", "together")
    assert ours.keys() == {f"together, {what}" for what in ("arrivals", "explained by", "nearest layers")}
    assert not ours["together, arrivals"].startswith("0 rows")
    assert answers(report, "duckdb_layers", "together") == ours
    assert answers(report, "duckdb_layers", "separate") == answers(report, "lookout", "separate")
    assert answers(report, "duckdb_layers", "one_delayed") == answers(report, "lookout", "one_delayed")
    (verdicts,) = answers(report, "lookout", "verdicts").items()
    assert verdicts in ours.items()


def test_postgres_gives_them_too(report):
    try:
        programs()
    except NotMeasured as absent:
        pytest.skip(str(absent))
    ours = answers(report, "lookout", "together")
    theirs = answers(report, "postgres_layers", "together")
    assert theirs and theirs.items() <= ours.items()
    assert answers(report, "postgres_layers", "one_delayed") == answers(report, "lookout", "one_delayed")


def test_the_table_and_the_charts_are_there(report, work):
    table = (work / "report" / "table.md").read_text()
    assert f"the same answers to the {report['agreement']['compared_questions']} questions" in table
    assert report["agreement"]["compared_questions"] > 50
    for language in languages():
        for name in (f"layers.{language}.png", f"layers.{language}.svg", f"growth.{language}.png"):
            assert (work / "report" / name).stat().st_size > 5_000


def test_a_second_run_measures_nothing_again(report, work):
    again = run(work, ENGINES, CASES)
    assert again.returncode == 0, again.stderr
    assert json.loads((work / "report" / "table.json").read_text())["measured"] == report["measured"]


def test_an_engine_that_loses_something_fails_the_run(report, work):
    failed = run(work, ["duckdb_layers", "tests.factories.forgetful_engine"], ["together"])
    assert failed.returncode == 1
    assert "together, arrivals: duckdb_layers says" in failed.stderr
    assert "tests.factories.forgetful_engine says" in failed.stderr
    assert "**The engines do not agree:**" in (work / "report" / "table.md").read_text()
