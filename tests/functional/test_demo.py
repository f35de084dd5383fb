"""The demo in small: the very DAGs, from a made-up consortium to answered warnings, in a process of its own."""

import base64
import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from tests.factories.attacks import Attack, Side, attack
from tests.factories.leaks import Scanner
from tests.factories.planted import secrets_of

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    home = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "cleanroom.cli", "demo", "--size", "small", "--no-serve"]
    done = subprocess.run(
        [*command, "--workdir", str(home), "--json", str(home / "results.json")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return home, json.loads((home / "results.json").read_text()), done


def test_three_banks_a_telecom_and_a_platform_take_part(demo):
    home, results, _ = demo
    sectors = [json.loads(p.read_text())["sector"] for p in (home / "data").glob("*/institution.json")]
    assert len(results["institutions"]) == 5
    assert {"bank", "telecom", "platform"} <= set(sectors)


def test_every_dag_ran(demo):
    _, _, done = demo
    for dag in ("onboard_participant", "validate_specification", "take_in_uploads", "build_moneyflow",
                "train_and_evaluate", "score_accounts", "dispatch_warnings", "evaluate_outcomes"):  # fmt: skip
        assert f"DAG {dag}: " in done.stderr


def test_a_person_can_read_what_came_out(demo):
    _, results, done = demo
    assert f"{results['transfers']:,} distinct transfers" in done.stdout
    assert "precision" in done.stdout
    assert sum(results["warnings"].values()) > 0


@pytest.fixture(scope="module")
def pages(demo, tmp_path_factory):
    """What every person of the portal sees, as files."""
    out = tmp_path_factory.mktemp("pages") / "seen"
    done = subprocess.run(
        [sys.executable, "-m", "tests.factories.crawling", str(out)],
        cwd=ROOT,
        env=os.environ | {"CLEANROOM_HOME": str(demo[0])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    counts = [int(line.rpartition(" ")[2]) for line in done.stdout.splitlines()]
    assert len(counts) > 20
    assert sum(counts) > 200
    return out


OUTSIDE = ("room", "objects", "portal", "airflow", "logs")  # everything but the institutions' own folders


@attack(
    Attack(
        "planted identifiers looked for after a full run",
        Side.INTAKE,
        "identifiers, their canonical forms and first hashes are looked for in tables, logs, task metadata, queue "
        "messages, the portal's database and every person's pages, objects and temporary files of a whole run",
        "執行後於資料表、紀錄、排程後設資料、佇列訊息、入口網站資料庫與各人頁面、物件、暫存檔搜尋識別碼與一階雜湊",
        outcome="nothing is found outside the institutions' own folders",
        outcome_zh="機構自有資料夾以外皆未發現",
    )
)
def test_no_identifier_leaves_its_institution_in_any_form(case, demo, pages):
    home, _, done = demo
    secrets = secrets_of(home)
    assert len(secrets) > 100
    scanner = Scanner(secrets)
    assert scanner.leaks_in([home / folder for folder in OUTSIDE]) == []
    assert scanner.leaks_in([pages]) == []
    assert scanner.leaks_in_bytes((done.stdout + done.stderr).encode(), "what the command printed") == []
    assert scanner.looked_at > 50
    assert scanner.leaks_in([home / "data"]), "they stand in the institutions' own files"
    case.held()


def in_sqlite(path: Path, text: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table planted (message text)")
        database.execute("insert into planted values (?)", [f"could not read {text}"])


def in_duckdb(path: Path, text: str) -> None:
    with duckdb.connect(str(path)) as database:
        database.execute("create table planted as select ? as message from range(3000)", [f"could not read {text}"])


def in_text(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(f"ValueError: could not read {text}\n")


def in_message(path: Path, text: str) -> None:
    body = base64.b64encode(json.dumps([[text], {}]).encode()).decode()
    path.write_text(json.dumps({"body": body, "properties": {"body_encoding": "base64"}}))


def in_gzip(path: Path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode() * 2))


PLACES = {
    "task metadata": ("airflow/airflow.db", in_sqlite),
    "portal's database": ("portal/db.sqlite3", in_sqlite),
    "warehouse": ("room/warehouse.duckdb", in_duckdb),
    "log of the DAGs": ("logs/dags.log", in_text),
    "output of a crashed worker": ("logs/worker.log", in_text),
    "queue message": ("portal/broker/planted.celery.msg", in_message),
    "packed object": ("objects/inbox/planted.gz", in_gzip),
    "temporary file": ("room/scratch/spill.tmp", in_text),
}


@pytest.mark.parametrize("place", PLACES)
def test_an_identifier_that_is_planted_there_is_found(demo, tmp_path, place):
    """The power of the search: a copy of the very file, with one identifier in it."""
    home, _, _ = demo
    name, plant = PLACES[place]
    label, raw = next((label, raw) for label, raw in secrets_of(home).items() if label.endswith("account 1, raw"))
    copy = tmp_path / name
    copy.parent.mkdir(parents=True)
    if (home / name).exists():
        shutil.copy(home / name, copy)
    scanner = Scanner({label: raw})
    assert scanner.leaks_in([tmp_path]) == []
    plant(copy, raw.decode())
    assert {leak.label for leak in scanner.leaks_in([tmp_path])} == {label}
