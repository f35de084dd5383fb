"""The institution's step: read every declared dataset, check it, seal it, upload it. Safe to run again at any point.

Everything is checked and sealed before anything is uploaded: a folder with one bad file sends nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from cleanroom.contracts.messages import ParticipantGate
from cleanroom.errors import NothingToDo, Refusal, Where
from cleanroom.pipeline.progress import ProgressHook, silent
from cleanroom.pipeline.sealing.checking import check_file
from cleanroom.pipeline.sealing.side import Side, open_side, record_event
from cleanroom.pipeline.sealing.submitting import Sealing
from cleanroom.pipeline.sealing.uploading import read_receipts, unsent, upload_submission
from cleanroom.pipeline.steps import StepResult
from cleanroom.sealing.folder import DECLARATION, ClearFile
from cleanroom.sealing.outbox import Outbox, Sealed
from cleanroom.settings import ParticipantSettings
from cleanroom.stores.ports import ObjectStore, Portal
from cleanroom.vocabulary.terms import Dataset

__all__ = ["check_folder", "open_side", "read_receipts", "seal_and_upload", "seal_folder", "send_sealed"]

T = TypeVar("T")


def seal_and_upload(
    settings: ParticipantSettings,
    *,
    portal: Portal,
    objects: ObjectStore,
    supersede: Iterable[Dataset] = (),
    progress: ProgressHook = silent,
) -> StepResult:
    """Raises the first Refusal, audited at home and at the portal; then nothing was uploaded.

    `supersede`: datasets whose last accepted submission is to be replaced by the file in the folder. `rows` of the
    result: rows of the whole folder. `detail`: rows per dataset, submissions uploaded and unchanged.
    """
    with _run(settings, portal) as outbox:
        side = open_side(settings, portal=portal)
        submissions = _seal(side, outbox, objects, supersede, progress)
        return _send(settings, submissions, gate=side.gate, portal=portal, objects=objects, progress=progress)


def seal_folder(
    settings: ParticipantSettings,
    *,
    portal: Portal,
    objects: ObjectStore,
    supersede: Iterable[Dataset] = (),
    progress: ProgressHook = silent,
) -> StepResult:
    """Check and seal into the outbox; send nothing. The object store is only asked what the room answered."""
    with _run(settings, portal) as outbox:
        submissions = _seal(open_side(settings, portal=portal), outbox, objects, supersede, progress)
    waiting = [sealed for sealed in submissions if not sealed.uploaded]
    return _result(submissions, {"sealed": len(waiting), "unchanged": len(submissions) - len(waiting)})


def send_sealed(
    settings: ParticipantSettings, *, portal: Portal, objects: ObjectStore, progress: ProgressHook = silent
) -> StepResult:
    """Send what lies sealed in the outbox and was not sent yet; the folder of clear files is not opened."""
    with _run(settings, portal):
        gate = portal.gate(settings.institution)
        submissions = unsent(settings, gate)
        return _send(settings, submissions, gate=gate, portal=portal, objects=objects, progress=progress)


def check_folder(settings: ParticipantSettings, *, portal: Portal, progress: ProgressHook = silent) -> StepResult:
    """Read and check every dataset and write the reports; seal and send nothing. Raises the first Refusal."""
    with _run(settings, portal) as outbox:
        side = open_side(settings, portal=portal)
        checked = _for_every_file(
            side,
            lambda file: check_file(
                side,
                file,
                scratch=outbox.scratch(file.dataset),
                progress=progress,
                history=outbox.history(file.dataset),
            ),
        )
    rows = {f"{c.file.dataset}_rows": c.rows for c in checked}
    return StepResult(rows=sum(rows.values()), detail=rows)


def _seal(
    side: Side, outbox: Outbox, objects: ObjectStore, supersede: Iterable[Dataset], progress: ProgressHook
) -> list[Sealed]:
    replaced = frozenset(supersede)
    absent = sorted(replaced - {file.dataset for file in side.folder.files})
    if absent:
        raise NothingToDo(
            f"{absent[0]} is to be replaced, and the folder declares no file of it",
            zh=f"擬取代 {absent[0]}，惟資料夾未申報其檔案",
            where=Where(file=DECLARATION),
        )
    return _for_every_file(side, Sealing(side, outbox, objects, replaced, progress).seal)


def _send(
    settings: ParticipantSettings,
    submissions: list[Sealed],
    *,
    gate: ParticipantGate,
    portal: Portal,
    objects: ObjectStore,
    progress: ProgressHook,
) -> StepResult:
    sent = sum(
        upload_submission(settings, sealed, gate=gate, portal=portal, objects=objects, progress=progress)
        for sealed in submissions
    )
    return _result(submissions, {"uploaded": sent, "unchanged": len(submissions) - sent})


def _result(submissions: list[Sealed], counts: dict[str, int]) -> StepResult:
    rows: dict[str, int] = {}
    for sealed in submissions:
        name = f"{sealed.dataset}_rows"
        rows[name] = rows.get(name, 0) + sealed.manifest.manifest.rows
    return StepResult(rows=sum(rows.values()), detail={**rows, **counts})


def _for_every_file(side: Side, work: Callable[[ClearFile], T]) -> list[T]:
    """So that one run reports on every file. Raises the first refusal; its `others` hold the rest."""
    done, refusals = [], []
    for file in side.folder.files:
        try:
            done.append(work(file))
        except Refusal as e:
            refusals.append(e)
    if refusals:
        refusals[0].others = tuple(refusals[1:])
        raise refusals[0]
    return done


@contextmanager
def _run(settings: ParticipantSettings, portal: Portal) -> Iterator[Outbox]:
    """One run at a time in this outbox; every refusal is recorded."""
    try:
        with Outbox(settings.outbox_dir).locked() as outbox:
            yield outbox
    except Refusal as e:
        for refusal in (e, *getattr(e, "others", ())):
            where = refusal.where
            detail = {"reason": refusal.reason, "rule": refusal.rule, "file": where.file}
            detail |= {"row": where.row, "column": where.column}
            record_event(settings, portal, "sealing.refused", settings.institution, detail)
        raise
