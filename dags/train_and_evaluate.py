"""Keep the candidate while it earns its shadow days, else train another model; measure it and submit what is ripe.

A candidate is measured again by every run until nothing but signatures is missing. People release it, never a DAG.
`anew` ends the candidate and trains at once.
"""

from airflow.sdk import CronTriggerTimetable, Param, dag, task
from line_assets import MODEL
from line_tasks import DEFAULTS, WAREHOUSE_POOL, as_xcom, line_run_id, refusals_fail, room_settings


@dag(
    schedule=CronTriggerTimetable("0 3 * * 1", timezone="Asia/Taipei"),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["cleanroom", "scoring", "governance"],
    params={"anew": Param(False, type="boolean", title="Train anew 重新訓練", description="End the candidate")},
    doc_md=__doc__,
)
def train_and_evaluate():
    @task(pool=WAREHOUSE_POOL)
    @refusals_fail
    def train(params: dict | None = None) -> dict:
        from cleanroom.pipeline import line

        return as_xcom(line.train(room_settings(), run_id=line_run_id(), anew=params["anew"]))

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
