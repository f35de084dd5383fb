"""Where each submission of this institution stands: sealed, sent, answered with a receipt whose signature is good."""

from dataclasses import dataclass, replace
from datetime import datetime

from cleanroom.contracts.messages import Receipt
from cleanroom.pipeline.sealing.uploading import read_receipts
from cleanroom.sealing.outbox import Outbox, Sealed
from cleanroom.settings import ParticipantSettings
from cleanroom.stores.ports import ObjectStore, Portal
from cleanroom.vocabulary.terms import Dataset, UploadState


@dataclass(frozen=True)
class Standing:
    """`bytes`: of the sealed parts. `state`: of the latest receipt; `held` as the portal says; None while the room has
    not answered. `audit_sequence`: the receipt's place in the room's log."""

    dataset: Dataset
    sequence: int
    submission_id: str
    rows: int
    bytes: int
    sealed_at: datetime
    sent: bool
    state: UploadState | None = None
    reason: str | None = None
    decided_at: datetime | None = None
    audit_sequence: int | None = None


def standing_of(settings: ParticipantSettings, *, portal: Portal, objects: ObjectStore) -> list[Standing]:
    """By dataset and number. Raises SignatureRefused for a receipt that the room did not sign. One that names another
    submission than that at its place answers nothing."""
    receipts = _latest(read_receipts(settings, portal=portal, objects=objects))
    told = {r.submission_id: r.state for r in portal.uploads(settings.institution)}
    outbox = Outbox(settings.outbox_dir)
    return [
        _standing(sealed, receipts.get(sealed.submission_id), told.get(sealed.submission_id))
        for dataset in Dataset
        for sealed in outbox.sealed(dataset)
    ]


def _latest(receipts: list[Receipt]) -> dict[str, Receipt]:
    """Of several answers to one submission (accepted, then withdrawn) the one that stands last in the room's log."""
    found: dict[str, Receipt] = {}
    for receipt in sorted(receipts, key=lambda r: int(r.body["audit_sequence"])):
        found[str(receipt.body["submission_id"])] = receipt
    return found


def _standing(sealed: Sealed, receipt: Receipt | None, told: UploadState | None) -> Standing:
    manifest = sealed.manifest.manifest
    standing = Standing(
        dataset=sealed.dataset,
        sequence=sealed.sequence,
        submission_id=sealed.submission_id,
        rows=manifest.rows,
        bytes=sum(part.ciphertext_bytes for part in manifest.parts),
        sealed_at=manifest.created_at,
        sent=sealed.uploaded,
    )
    if receipt is not None:
        return _answered(standing, receipt)
    return replace(standing, state=told) if told == UploadState.HELD else standing


def _answered(standing: Standing, receipt: Receipt) -> Standing:
    body = receipt.body
    return replace(
        standing,
        state=UploadState(body["state"]),
        reason=str(body["reason"]) or None,
        decided_at=datetime.fromisoformat(str(body["decided_at"])),
        audit_sequence=int(body["audit_sequence"]),
    )
