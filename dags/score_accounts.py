"""Score every account. With a valid certificate the scores are released; without one they stay in the shadow."""

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task
from line_assets import GRAPH, SCORES
from line_tasks import DEFAULTS, WAREHOUSE_POOL, as_xcom, line_run_id, refusals_fail, room_settings


@dag(
    # Daily as well: a release or a suspension changes what may be sent though no new rows came in.
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("0 6 * * *", timezone="Asia/Taipei"), assets=[GRAPH]),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["cleanroom", "scoring"],
    doc_md=__doc__,
)
def score_accounts():
    @task(pool=WAREHOUSE_POOL, outlets=[SCORES])
    @refusals_fail
    def score() -> dict:
        from cleanroom.pipeline import line

        return as_xcom(line.score(room_settings(), run_id=line_run_id()))

    @task(pool=WAREHOUSE_POOL)
    @refusals_fail
    def pack() -> dict:
        """Under which certificate was scored, or why there was none."""
        from cleanroom.pipeline import line

        return as_xcom(line.pack_releases(room_settings(), run_id=line_run_id()))

    score() >> pack()


score_accounts()
