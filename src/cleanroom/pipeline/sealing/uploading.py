"""Sending what was sealed, and reading what the room answers."""

from cleanroom.contracts.manifest import MANIFEST_NAME, Manifest, receipt_name
from cleanroom.contracts.messages import ParticipantGate, Receipt
from cleanroom.errors import KeyRefused, NotAllowed, SequenceReplayed, Where
from cleanroom.pipeline.progress import Progress, ProgressHook, silent
from cleanroom.pipeline.sealing.side import record_event
from cleanroom.sealing.outbox import Outbox, Sealed
from cleanroom.sealing.receipts import open_receipt
from cleanroom.sealing.submission import KEY_FILE
from cleanroom.settings import ParticipantSettings
from cleanroom.stores.ports import ObjectStore, Portal
from cleanroom.vocabulary.terms import Dataset, UploadState

RECEIPT_CAP_BYTES = 64 * 1024


def upload_submission(
    settings: ParticipantSettings,
    sealed: Sealed,
    *,
    gate: ParticipantGate,
    portal: Portal,
    objects: ObjectStore,
    progress: ProgressHook = silent,
) -> bool:
    """Key and parts first, the manifest last. False where the room has it already.

    Raises SequenceReplayed (another submission lies at that place), StoreFault."""
    manifest = sealed.manifest.manifest
    accepted = sealed.sequence < gate.next_sequence.get(sealed.dataset, 1)
    if accepted or objects.exists(f"{manifest.folder}/{MANIFEST_NAME}"):
        return False
    try:
        _put(sealed, manifest, objects, progress)
    except NotAllowed as e:
        raise SequenceReplayed(
            f"sequence {sealed.sequence} was uploaded before with other content",
            zh=f"序號 {sealed.sequence} 先前已上傳，且內容不同",
            where=Where(file=f"{sealed.dataset}"),
            rule=e.rule,
        ) from e
    sealed.mark_uploaded()
    detail = {"dataset": sealed.dataset.value, "sequence": sealed.sequence, "rows": manifest.rows}
    record_event(settings, portal, "submission.uploaded", sealed.submission_id, detail)
    return True


def _put(sealed: Sealed, manifest: Manifest, objects: ObjectStore, progress: ProgressHook) -> None:
    names = [part.name for part in manifest.parts]
    sizes = {name: (sealed.folder / name).stat().st_size for name in (*names, MANIFEST_NAME)}
    before, total = 0, sum(sizes.values())

    def told(done: int) -> None:
        progress(Progress("send", sealed.dataset, before + done, total, "bytes"))

    objects.put_file(manifest.key_name, sealed.folder / KEY_FILE)
    for name, size in sizes.items():
        objects.put_file(f"{manifest.folder}/{name}", sealed.folder / name, progress=told)
        before += size
        told(0)


def unsent(settings: ParticipantSettings, gate: ParticipantGate) -> list[Sealed]:
    """What lies sealed in the outbox, has a number that the room has not taken, and was not sent yet."""
    return [
        sealed
        for dataset in Dataset
        for sealed in Outbox(settings.outbox_dir).sealed(dataset)
        if not sealed.uploaded and sealed.sequence >= gate.next_sequence.get(dataset, 1)
    ]


def read_receipts(settings: ParticipantSettings, *, portal: Portal, objects: ObjectStore) -> list[Receipt]:
    """The room's answers to what lies in the outbox, each verified under its registered key; lowest number first.

    Raises SignatureRefused for one that does not verify: keep it and call the auditor.
    """
    gate = portal.gate(settings.institution)
    if not gate.room_signing_key:
        raise KeyRefused(
            "the clean room has registered no signing key yet", zh="無塵室尚未登錄簽章金鑰", rule="room_key"
        )
    sealed = [s.manifest.manifest for dataset in Dataset for s in Outbox(settings.outbox_dir).sealed(dataset)]
    names = [receipt_name(manifest.place, state) for manifest in sealed for state in UploadState]
    raw = [objects.get_bytes(name, cap_bytes=RECEIPT_CAP_BYTES) for name in names if objects.exists(name)]
    return [open_receipt(receipt, room_key=gate.room_signing_key) for receipt in raw]
