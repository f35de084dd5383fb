"""Run the DAGs of this folder in this process, without a scheduler, and follow their assets to the DAGs they wake.

Reads one JSON command a line from standard input and answers with one JSON line each:

    {"dag": "take_in_uploads", "run_id": "run-..."}  ->  {"dag", "state", "seconds", "failed", "woken"}

A command may hold `params`, the DAG's own parameters. `woken` lists the DAGs that this run's assets have queued so far,
as the scheduler would start them; `failed` the tasks that failed, with their map index. Logs go to standard error. The
rehearsal and the functional tests drive it.
"""

import json
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints, prints to the log; the answers keep their own way out
    bag = load()
    print(json.dumps({"ready": sorted(bag.dags)}), file=answers, flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        done = run(bag, command["dag"], command["run_id"], command.get("params", {}))
        print(json.dumps(done), file=answers, flush=True)


def load():
    """Parse every DAG file; one that does not import ends the process, as nothing downstream could be trusted."""
    from airflow.dag_processing.dagbag import BundleDagBag

    bag = BundleDagBag(dag_folder=str(FOLDER), bundle_path=FOLDER, bundle_name="dags-folder")
    if bag.import_errors or not bag.dags:
        sys.exit(f"the DAG folder does not load: {bag.import_errors or 'it holds no DAG'}")
    make_pool()
    retry_soon(bag)
    return bag


def retry_soon(bag) -> None:
    """Somebody is waiting: faults are tried again as often as ever, but within seconds."""
    for dag in bag.dags.values():
        for task in dag.tasks:
            task.retry_delay, task.retry_exponential_backoff = timedelta(seconds=1), False


def make_pool() -> None:
    """The warehouse pool of one slot that the tasks name; the same again changes nothing."""
    from airflow.models.pool import Pool
    from line_tasks import WAREHOUSE_POOL

    Pool.create_or_update_pool(
        WAREHOUSE_POOL, slots=1, description="what opens the warehouse file", include_deferred=False
    )


def run(bag, dag_id: str, run_id: str, params: dict) -> dict:
    forget_queue(dag_id)
    clock = time.perf_counter()
    dag_run = bag.dags[dag_id].test(run_conf={"run_id": run_id, **params})
    failed = [
        {"task": ti.task_id, "map_index": ti.map_index} for ti in dag_run.get_task_instances() if ti.state == "failed"
    ]
    return {
        "dag": dag_id,
        "state": str(dag_run.state),
        "seconds": round(time.perf_counter() - clock, 3),
        "failed": failed,
        "woken": woken(),
    }


def woken() -> list[str]:
    from airflow.models.asset import AssetDagRunQueue
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        return sorted(set(session.scalars(select(AssetDagRunQueue.target_dag_id))))


def forget_queue(dag_id: str) -> None:
    """The run that starts now is the one its queue entries asked for, as the scheduler would have it."""
    from airflow.models.asset import AssetDagRunQueue
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(AssetDagRunQueue).where(AssetDagRunQueue.target_dag_id == dag_id))


if __name__ == "__main__":
    main()
