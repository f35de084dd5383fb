"""Once a day: verify the room's whole audit log, its chain, every checkpoint and every cosignature."""

from airflow.sdk import dag, task
from line_tasks import DEFAULTS, refusals_fail, room_settings


@dag(schedule="@daily", catchup=False, default_args=DEFAULTS, tags=["cleanroom", "audit"], doc_md=__doc__)
def verify_audit():
    @task
    @refusals_fail
    def verify() -> dict:
        from cleanroom.pipeline import line

        return line.verify_audit(room_settings())

    verify()


verify_audit()
