"""Seal and upload an institution's files: one DAG for each participant whose clear files lie on this machine.

Runs in the participant's own Airflow: it needs the participant's kit, `CLEANROOM_PARTICIPANT` and its key ring, and
nothing of the locked room. In a rehearsal, where one machine plays every party, there is one DAG for each.
"""

from airflow.sdk import CronTriggerTimetable, dag, task
from line_assets import UPLOADS
from line_tasks import DEFAULTS, as_xcom, line_run_id, refusals_fail

from cleanroom.settings import ParticipantSettings, participants_here


def upload(institution: str):
    @dag(
        dag_id=f"upload_participant_{institution}",
        schedule=CronTriggerTimetable("30 1 * * *", timezone="Asia/Taipei"),
        catchup=False,
        max_active_runs=1,  # sequence numbers are given out in order
        default_args=DEFAULTS,
        tags=["cleanroom", "sealing", institution],
        doc_md=__doc__,
    )
    def upload_participant():
        @task(outlets=[UPLOADS])
        @refusals_fail
        def seal_and_upload() -> dict:
            from cleanroom.pipeline import upload as participant_line

            settings = ParticipantSettings.from_environment(institution)
            return as_xcom(participant_line.seal_and_upload(settings, run_id=line_run_id()))

        seal_and_upload()

    return upload_participant()


for code in participants_here():
    globals()[f"upload_participant_{code}"] = upload(code)
