"""The weekly DAG over two weeks and a wish: the candidate is kept, measured again, and replaced where that is asked."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from cleanroom.pipeline import artefacts
from cleanroom.pipeline.rehearsal.airflow_home import airflow_environment
from cleanroom.settings import project_root
from cleanroom.stores.warehouse import open_warehouse
from cleanroom.vocabulary.terms import ReleaseState
from tests.factories.released_room import make_room
from tests.factories.served_portal import served

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_the_weekly_dag_keeps_the_candidate_and_anew_replaces_it(tmp_path):
    room = make_room(tmp_path / "home")
    room.warehouse.close()
    home, portal = room.settings.home, room.portal
    (home / "room" / "release-request.yaml").write_text("developer: dev\n")
    room.settings.portal_token.write_text("token")
    room.settings.portal_token.chmod(0o600)
    with served(portal) as url:
        env = os.environ | airflow_environment(home)
        env |= {"CLEANROOM_HOME": str(home), "CLEANROOM_PORTAL_URL": url, "CLEANROOM_CODE_COMMIT": "2" * 40}
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=env, check=True, capture_output=True)
        trained = artefacts.need_latest(room.settings)
        with dags(env, home) as week:
            first = week(anew=False)
            (name,) = portal.drafted
            a_day_passes(room)
            second = week(anew=False)
            assert [run["train"]["kept"] for run in (first, second)] == [True, True]
            assert list(portal.drafted) == [name] and second["evaluate"]["release_id"] == name
            assert portal.drafted[name].state is ReleaseState.EVALUATED and portal.packs(name)
            assert artefacts.need_latest(room.settings).digest == trained.digest
            third = week(anew=True)
    assert third["train"]["kept"] is False and "withdrawn" in third["train"]["candidate"]
    assert portal.drafted[name].state is ReleaseState.RETIRED
    assert portal.drafted[third["evaluate"]["release_id"]].state is ReleaseState.EVALUATED


@contextmanager
def dags(env: dict, home: Path) -> Iterator[Callable[..., dict[str, dict]]]:
    """A function that runs the weekly DAG once more, and gives the details of its steps by name."""
    program = [sys.executable, str(project_root() / "dags" / "in_process.py")]
    log = home / "dags.log"
    with log.open("w") as err:
        process = subprocess.Popen(program, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err,
                                   text=True)  # fmt: skip
    assert json.loads(process.stdout.readline())["ready"]
    numbers = count(1)

    def week(*, anew: bool) -> dict[str, dict]:
        run_id = f"week-{next(numbers)}"
        command = {"dag": "train_and_evaluate", "run_id": run_id, "params": {"anew": anew}}
        process.stdin.write(json.dumps(command) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["state"] == "success", log.read_text()[-3000:]
        runs = (home / "room" / "runs" / f"{run_id}.jsonl").read_text().splitlines()
        return {run["step"]: run["detail"] for run in map(json.loads, runs)}

    yield week
    process.stdin.close()
    process.wait(timeout=30)
    process.stdout.close()


def a_day_passes(room) -> None:
    warehouse = open_warehouse(room.settings)
    day = timedelta(days=1)
    tables = ("scoring.account_features", "scoring.account_labels")
    warehouse.transact([(f"update {t} set as_of = as_of + ?", [day]) for t in tables])
    warehouse.close()
