"""The participant's step of the line. Needs the participant's kit alone."""

from cleanroom.contracts.messages import StationRun
from cleanroom.pipeline import sealing
from cleanroom.pipeline.steps import run_step
from cleanroom.pipeline.witness import witness_of
from cleanroom.settings import ParticipantSettings
from cleanroom.stores.objects import open_object_store
from cleanroom.stores.portal_http import HttpPortal


def seal_and_upload(settings: ParticipantSettings, *, run_id: str) -> StationRun:
    """Validate, seal and upload every dataset of the institution's folder; what is uploaded already stays as it is.

    Afterwards the institution's witness looks at the audit logs (pipeline.witness): AuditBroken fails the step.
    """
    portal = HttpPortal.from_token_file(settings.portal_url, settings.portal_token)
    objects = open_object_store(settings.object_store, settings.objects_dir)
    run = run_step(
        lambda: sealing.seal_and_upload(settings, portal=portal, objects=objects),
        run_id=run_id,
        station="sealing",
        step="seal_and_upload",
        portal=None,
        runs_dir=settings.runs_dir,
    )
    witness_of(settings, objects=objects, portal=portal).look()
    return run
