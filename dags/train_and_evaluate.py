"""Train the scoring model, evaluate it under the policy and submit it for sign-off. People release it, never a DAG."""

from airflow.sdk import CronTriggerTimetable, dag, task
from line_assets import MODEL
from line_tasks import DEFAULTS, WAREHOUSE_POOL, as_xcom, line_run_id, refusals_fail, room_settings


@dag(
    schedule=CronTriggerTimetable("0 3 * * 1", timezone="Asia/Taipei"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["cleanroom", "scoring", "governance"],
    doc_md=__doc__,
)
def train_and_evaluate():
    @task(pool=WAREHOUSE_POOL)
    @refusals_fail
    def train() -> dict:
        from cleanroom.pipeline import line

        return as_xcom(line.train(room_settings(), run_id=line_run_id()))

    @task(pool=WAREHOUSE_POOL, outlets=[MODEL])
    @refusals_fail
    def evaluate() -> dict:
        from cleanroom.pipeline import line

        return as_xcom(line.evaluate_release(room_settings(), run_id=line_run_id()))

    @task(pool=WAREHOUSE_POOL)
    @refusals_fail
    def pack() -> dict:
        """What the signers read, signed by the room."""
        from cleanroom.pipeline import line

        return as_xcom(line.pack_releases(room_settings(), run_id=line_run_id()))

    train() >> evaluate() >> pack()


train_and_evaluate()
