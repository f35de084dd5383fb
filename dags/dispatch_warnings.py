"""Tell the one institution that can still stop the money. The gate comes first: no certificate, nothing sent."""

from airflow.sdk import dag, task
from line_assets import SCORES, WARNINGS
from line_tasks import DEFAULTS, WAREHOUSE_POOL, as_xcom, line_run_id, refusals_fail, room_settings


@dag(
    schedule=[SCORES],
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    tags=["cleanroom", "dispatch", "governance"],
    doc_md=__doc__,
)
def dispatch_warnings():
    @task.short_circuit
    def gate() -> bool:
        """Shadow operation is a normal state: without a certificate the day ends here, and says why."""
        from cleanroom.pipeline import line

        return line.gate_is_open(room_settings())

    @task(pool=WAREHOUSE_POOL, outlets=[WARNINGS])
    @refusals_fail
    def dispatch() -> dict:
        from cleanroom.pipeline import line

        return as_xcom(line.dispatch_warnings(room_settings(), run_id=line_run_id()))

    gate() >> dispatch()


dispatch_warnings()
