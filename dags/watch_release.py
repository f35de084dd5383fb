"""Every hour: suspend the release in force where an incident, a waiver's end, stale evidence or its own end asks so."""

from airflow.sdk import dag, task
from line_tasks import DEFAULTS, refusals_fail, room_settings


@dag(schedule="@hourly", catchup=False, default_args=DEFAULTS, tags=["cleanroom", "governance"], doc_md=__doc__)
def watch_release():
    @task
    @refusals_fail
    def watch() -> dict:
        from cleanroom.pipeline import line

        watched = line.watch_release(room_settings())
        release = watched.record.draft.release_id if watched.record else None
        return {"release": release, "suspended_for": [reason.code for reason in watched.reasons]}

    watch()


watch_release()
