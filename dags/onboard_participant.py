"""Onboard a participant: agreement signed, keys registered, specification ratified. Refuses with what is missing."""

from airflow.sdk import Param, dag, task
from line_tasks import DEFAULTS, refusals_fail, room_settings


@dag(
    schedule=None,
    catchup=False,
    default_args=DEFAULTS,
    tags=["cleanroom", "agreement"],
    doc_md=__doc__,
    params={"participant": Param(None, type=["null", "string"], pattern="^[0-9]{3}$", description="one code, or all")},
)
def onboard_participant():
    @task
    @refusals_fail
    def participants(params: dict | None = None) -> list[str]:
        from cleanroom.pipeline import line

        return [params["participant"]] if params["participant"] else line.participants(room_settings())

    @task
    @refusals_fail
    def check_onboarding(participant: str) -> dict:
        from cleanroom.pipeline import line

        return line.check_onboarding(room_settings(), participant=participant)

    check_onboarding.expand(participant=participants())


onboard_participant()
