"""The participant's steps of the line: check, seal, send, look. They need the participant's kit alone."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from cleanroom.contracts.checkpoints import AuditLog
from cleanroom.contracts.messages import StationRun
from cleanroom.pipeline import sealing
from cleanroom.pipeline.progress import ProgressHook, silent
from cleanroom.pipeline.standing import Standing, standing_of
from cleanroom.pipeline.steps import StepResult, run_step
from cleanroom.pipeline.witness import witness_of
from cleanroom.settings import ParticipantSettings
from cleanroom.stores.objects import open_object_store
from cleanroom.stores.portal_http import HttpPortal
from cleanroom.vocabulary.terms import Dataset


def check(settings: ParticipantSettings, *, run_id: str, progress: ProgressHook = silent) -> StationRun:
    """The dry run: every rule on every row, the reports written; nothing sealed, nothing sent."""
    with _portal(settings) as portal:
        return _step(
            settings, run_id, "check", lambda: sealing.check_folder(settings, portal=portal, progress=progress)
        )


def seal(
    settings: ParticipantSettings, *, run_id: str, supersede: Iterable[Dataset] = (), progress: ProgressHook = silent
) -> StationRun:
    """Check and seal what is new into the outbox; nothing is sent."""
    with _stores(settings) as stores:
        return _step(
            settings,
            run_id,
            "seal",
            lambda: sealing.seal_folder(settings, supersede=supersede, progress=progress, **stores),
        )


def send(settings: ParticipantSettings, *, run_id: str, progress: ProgressHook = silent) -> StationRun:
    """Send what lies sealed in the outbox; the clear files are not opened."""
    with _stores(settings) as stores:
        run = _step(settings, run_id, "send", lambda: sealing.send_sealed(settings, progress=progress, **stores))
        witness_of(settings, **stores).look()
    return run


def seal_and_upload(
    settings: ParticipantSettings, *, run_id: str, supersede: Iterable[Dataset] = (), progress: ProgressHook = silent
) -> StationRun:
    """Validate, seal and upload every dataset of the institution's folder; what is uploaded already stays as it is.

    Afterwards, as after `send`, the institution's witness looks at the audit logs: AuditBroken fails the step.
    """
    with _stores(settings) as stores:
        run = _step(
            settings,
            run_id,
            "seal_and_upload",
            lambda: sealing.seal_and_upload(settings, supersede=supersede, progress=progress, **stores),
        )
        witness_of(settings, **stores).look()
    return run


def look(settings: ParticipantSettings) -> dict[AuditLog, int]:
    """The institution's witness by itself: how many events of each log it has seen. Raises AuditBroken."""
    with _stores(settings) as stores:
        return witness_of(settings, **stores).look()


def standing(settings: ParticipantSettings) -> list[Standing]:
    """What lies in the outbox, and the room's verified answer to each. See `pipeline.standing`."""
    with _stores(settings) as stores:
        return standing_of(settings, **stores)


def _step(settings: ParticipantSettings, run_id: str, step: str, work: Callable[[], StepResult]) -> StationRun:
    return run_step(work, run_id=run_id, station="sealing", step=step, portal=None, runs_dir=settings.runs_dir)


@contextmanager
def _portal(settings: ParticipantSettings) -> Iterator[HttpPortal]:
    portal = HttpPortal.of(settings)
    try:
        yield portal
    finally:
        portal.close()


@contextmanager
def _stores(settings: ParticipantSettings) -> Iterator[dict[str, Any]]:
    with _portal(settings) as portal:
        objects = open_object_store(settings.object_store, settings.objects_dir, ca_file=settings.ca_file)
        yield {"portal": portal, "objects": objects}
