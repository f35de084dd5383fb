"""Every DAG loads, is wired by assets, retries faults and not refusals, and passes a gate before dispatch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "dags"
INSTITUTIONS = ("700", "808")
FIXED = {
    "build_moneyflow",
    "dispatch_warnings",
    "evaluate_outcomes",
    "onboard_participant",
    "score_accounts",
    "take_in_uploads",
    "train_and_evaluate",
    "validate_specification",
    "verify_audit",
    "watch_release",
}
OPENS_WAREHOUSE = {"take_in", "build", "train", "evaluate", "score", "dispatch"}


@pytest.fixture(scope="module")
def dags(tmp_path_factory):
    """The DAG bag of a home with two institutions; Airflow keeps its database there."""
    home = tmp_path_factory.mktemp("home")
    for code in INSTITUTIONS:
        (home / "institutions" / code).mkdir(parents=True)
    from cleanroom.pipeline.rehearsal.airflow_home import airflow_environment

    environ = {"CLEANROOM_HOME": str(home)} | airflow_environment(home)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        patch.syspath_prepend(str(DAGS))
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(dag_folder=str(DAGS), known_pools=None)
    assert not bag.import_errors, bag.import_errors
    return bag.dags


def test_every_dag_is_there(dags):
    assert set(dags) == FIXED | {f"upload_participant_{code}" for code in INSTITUTIONS}


def test_every_dag_says_what_it_is_for(dags):
    for dag in dags.values():
        assert dag.doc_md and len(dag.doc_md) > 40, dag.dag_id
        assert dag.tags


def test_faults_are_tried_again(dags):
    tasks = [task for dag in dags.values() for task in dag.tasks]
    assert tasks
    assert all(task.retries >= 3 for task in tasks)


def test_tasks_that_open_the_warehouse_take_its_only_slot(dags):
    found = [task for dag in dags.values() for task in dag.tasks if task.task_id in OPENS_WAREHOUSE]
    assert len(found) == len(OPENS_WAREHOUSE) + 1  # `evaluate` stands in two DAGs
    assert all(task.pool == "warehouse" for task in found)


def test_dispatch_passes_a_gate_first(dags):
    dispatch = dags["dispatch_warnings"].get_task("dispatch")
    assert dispatch.upstream_task_ids == {"gate"}


@pytest.mark.parametrize(
    ("producer", "asset", "consumer"),
    [
        ("upload_participant_700", "uploads", "take_in_uploads"),
        ("upload_participant_808", "uploads", "take_in_uploads"),
        ("take_in_uploads", "landed", "build_moneyflow"),
        ("build_moneyflow", "moneyflow", "score_accounts"),
        ("score_accounts", "scores", "dispatch_warnings"),
        ("dispatch_warnings", "warnings", "evaluate_outcomes"),
    ],
)
def test_the_line_is_wired_by_assets(dags, producer, asset, consumer):
    outlets = {outlet.name for task in dags[producer].tasks for outlet in task.outlets}
    assert asset in outlets
    awaited = {a.name for a in dags[consumer].timetable.asset_condition.objects}
    assert asset in awaited


def test_take_in_is_mapped_per_participant(dags):
    assert dags["take_in_uploads"].get_task("take_in").is_mapped
    assert dags["onboard_participant"].get_task("check_onboarding").is_mapped


def test_a_refusal_fails_at_once_and_a_fault_does_not(dags):
    from airflow.sdk.exceptions import AirflowFailException
    from line_tasks import refusals_fail

    from cleanroom.errors import MouNotInForce, PortalFault

    def raise_(error):
        raise error

    with pytest.raises(AirflowFailException, match="mou_not_in_force: the MoU ended"):
        refusals_fail(raise_)(MouNotInForce("the MoU ended"))
    with pytest.raises(PortalFault):
        refusals_fail(raise_)(PortalFault("no answer"))


def test_dag_files_are_light():
    """Parsing happens every few seconds: no DAG file may pull in the warehouse, models or the quality gates."""
    code = (
        "import sys; sys.path.insert(0, 'dags')\n"
        "import upload_participant, take_in_uploads, build_moneyflow, train_and_evaluate, score_accounts\n"
        "heavy = {'duckdb', 'dbt', 'lightgbm', 'great_expectations', 'pandas', 'pyarrow'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    environ = os.environ | {"CLEANROOM_HOME": "/nonexistent", "PYTHONPATH": "src"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
