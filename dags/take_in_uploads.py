"""Verify, open, hash again and land what the participants uploaded; one mapped task for each participant."""

from airflow.sdk import dag, task
from line_assets import LANDED, UPLOADS
from line_tasks import DEFAULTS, WAREHOUSE_POOL, as_xcom, line_run_id, refusals_fail, room_settings


@dag(
    schedule=[UPLOADS],
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["cleanroom", "intake"],
    doc_md=__doc__,
)
def take_in_uploads():
    @task
    @refusals_fail
    def participants() -> list[str]:
        from cleanroom.pipeline import line

        return line.participants(room_settings())

    @task(pool=WAREHOUSE_POOL)
    @refusals_fail
    def take_in(participant: str) -> dict:
        from cleanroom.pipeline import line

        return as_xcom(line.take_in(room_settings(), run_id=line_run_id(), participant=participant))

    # One participant's refused file must not keep the others' rows from the graph.
    @task(outlets=[LANDED], trigger_rule="all_done")
    def landed(taken: list[dict | None]) -> int:
        return sum(run["rows"] for run in taken if run)

    landed(take_in.expand(participant=participants()))


take_in_uploads()
