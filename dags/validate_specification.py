"""Check that every participant works under the ratified specification and that this software holds that very text."""

from airflow.sdk import dag, task
from line_tasks import DEFAULTS, refusals_fail, room_settings


@dag(schedule="@daily", catchup=False, default_args=DEFAULTS, tags=["cleanroom", "agreement"], doc_md=__doc__)
def validate_specification():
    @task
    @refusals_fail
    def participants() -> list[str]:
        from cleanroom.pipeline import line

        return line.participants(room_settings())

    @task
    @refusals_fail
    def check_specification(participant: str) -> dict:
        from cleanroom.pipeline import line

        return line.check_specification(room_settings(), participant=participant)

    check_specification.expand(participant=participants())


validate_specification()
