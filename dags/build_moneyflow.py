"""Join both legs of every transfer and follow the money outward from watch-listed accounts, layer by layer."""

from airflow.sdk import dag, task
from line_assets import GRAPH, LANDED
from line_tasks import DEFAULTS, WAREHOUSE_POOL, as_xcom, line_run_id, refusals_fail, room_settings


@dag(
    schedule=[LANDED],
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["cleanroom", "moneyflow"],
    doc_md=__doc__,
)
def build_moneyflow():
    @task(pool=WAREHOUSE_POOL, outlets=[GRAPH])
    @refusals_fail
    def build() -> dict:
        from cleanroom.pipeline import line

        return as_xcom(line.build_moneyflow(room_settings(), run_id=line_run_id()))

    build()


build_moneyflow()
