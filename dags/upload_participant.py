"""Seal and upload an institution's files: one DAG for each participant whose clear files lie on this machine.

Runs in the participant's own Airflow: it needs the participant's kit, `CLEANROOM_PARTICIPANT` and its key ring, and
nothing of the locked room. In a rehearsal, where one machine plays every party, there is one DAG for each.

Parameters: `dry_run` checks every row, writes the reports and ends as skipped, with nothing sealed or sent; `supersede`
names datasets whose last accepted submission the files replace.
"""

from airflow.sdk import CronTriggerTimetable, Param, dag, task
from airflow.sdk.exceptions import AirflowSkipException
from line_assets import UPLOADS
from line_tasks import DEFAULTS, as_xcom, line_run_id, refusals_fail

from cleanroom.settings import ParticipantSettings, participants_here
from cleanroom.vocabulary.terms import Dataset

PARAMS = {
    "dry_run": Param(
        False, type="boolean", title="Dry run 試行", description="Check and report; seal and send nothing"
    ),
    "supersede": Param(
        [],
        type="array",
        items={"type": "string", "enum": [str(dataset) for dataset in Dataset]},
        title="Replace 取代",
        description="Datasets whose last accepted submission is replaced",
    ),
}


def upload(institution: str):
    @dag(
        dag_id=f"upload_participant_{institution}",
        schedule=CronTriggerTimetable("30 1 * * *", timezone="Asia/Taipei"),
        catchup=False,
        max_active_runs=1,  # sequence numbers are given out in order
        default_args=DEFAULTS,
        params=PARAMS,
        tags=["cleanroom", "sealing", institution],
        doc_md=__doc__,
    )
    def upload_participant():
        @task(outlets=[UPLOADS])
        @refusals_fail
        def seal_and_upload(params: dict | None = None) -> dict:
            from cleanroom.pipeline import upload as participant_line

            settings = ParticipantSettings.from_environment(institution)
            if params["dry_run"]:
                run = participant_line.check(settings, run_id=line_run_id())
                raise AirflowSkipException(f"dry run: every rule holds for {run.rows:,} rows; nothing was sent")
            replaced = [Dataset(name) for name in params["supersede"]]
            return as_xcom(participant_line.seal_and_upload(settings, run_id=line_run_id(), supersede=replaced))

        seal_and_upload()

    return upload_participant()


for code in participants_here():
    globals()[f"upload_participant_{code}"] = upload(code)
