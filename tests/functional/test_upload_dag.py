"""The upload's DAG with its parameters, run by Airflow in a process of its own."""

import json
import os
import subprocess
import sys

import pytest

from cleanroom.pipeline.rehearsal.airflow_home import airflow_environment
from cleanroom.settings import project_root
from tests.factories.clean_room import CleanRoom
from tests.factories.standing_portal import standing_portal

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    return CleanRoom.make(tmp_path_factory.mktemp("room") / "home")


@pytest.fixture(scope="module")
def airflow(room):
    """A function that runs the DAG of institution 808 with these parameters: Airflow's answer."""
    with standing_portal(room, "808") as portal:
        env = os.environ | airflow_environment(room.home)
        env |= {"CLEANROOM_HOME": str(room.home), "CLEANROOM_PORTAL_URL": portal.url, "CLEANROOM_PARTICIPANT": "808"}
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], env=env, check=True, capture_output=True)
        program = [sys.executable, str(project_root() / "dags" / "in_process.py")]
        with (room.home / "dags.log").open("w") as log:
            process = subprocess.Popen(
                program, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert json.loads(process.stdout.readline())["ready"]

        def run(*, dry_run=False, supersede=()):
            params = {"dry_run": dry_run, "supersede": list(supersede)}  # all of them: `dag.test()` keeps the last ones
            command = {"dag": "upload_participant_808", "run_id": "run-1", "params": params}
            process.stdin.write(json.dumps(command) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield run
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()


def test_a_dry_run_sends_nothing_and_wakes_nobody(airflow, room):
    done = airflow(dry_run=True)
    assert (done["state"], done["woken"]) == ("success", [])
    assert room.names("") == []
    assert list(room.participant("808").outbox_dir.rglob("manifest.json")) == []


def test_an_upload_sends_and_wakes_the_room(airflow, room):
    done = airflow()
    assert (done["state"], done["woken"]) == ("success", ["take_in_uploads"])
    assert len([name for name in room.names("inbox/808/") if name.endswith("/manifest.json")]) == 3


def test_a_dataset_is_replaced_where_the_parameter_names_it(airflow, room):
    room.take_in("808")
    room.data["808"].rows["transfers"][1][7] = "77.00"
    room.data["808"].write()
    assert airflow(supersede=["transfers"])["state"] == "success"
    room.take_in("808")
    assert room.landed()["landing.transfers"] == 3
    states = [report.state for report in room.portal.uploads("808") if report.dataset == "transfers"]
    assert sorted(states) == ["accepted", "superseded"]
