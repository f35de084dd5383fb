"""How much more was blocked together than by each bank alone, and how the institutions answered."""

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task
from line_assets import WARNINGS
from line_tasks import DEFAULTS, WAREHOUSE_POOL, as_xcom, line_run_id, refusals_fail, room_settings


@dag(
    # Daily as well: answers come in hours after the warnings went out.
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 8 * * *", timezone="Asia/Taipei"), assets=[WARNINGS]
    ),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["cleanroom", "evaluation"],
    doc_md=__doc__,
)
def evaluate_outcomes():
    @task(pool=WAREHOUSE_POOL)
    @refusals_fail
    def evaluate() -> dict:
        from cleanroom.pipeline import line

        return as_xcom(line.evaluate_outcomes(room_settings(), run_id=line_run_id()))

    evaluate()


evaluate_outcomes()
