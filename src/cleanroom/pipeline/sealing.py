"""The institution's step: read every declared dataset, check it, seal it, upload it. Safe to run again at any point.

Everything is checked and sealed before anything is uploaded: a folder with one bad file sends nothing.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TypeVar

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.manifest import MANIFEST_NAME, Manifest, receipt_name
from cleanroom.contracts.messages import AuditEvent, ParticipantGate, Receipt
from cleanroom.contracts.specification import Specification
from cleanroom.contracts.standing import check_active, check_mou, check_specification, registered_signing_key
from cleanroom.crypto import known_answers
from cleanroom.crypto.keyring import ParticipantKeyRing
from cleanroom.errors import CleanroomError, KeyRefused, NotAllowed, Refusal, SequenceReplayed, Where
from cleanroom.pipeline.auditing import record
from cleanroom.pipeline.keys import open_participant_keys
from cleanroom.pipeline.steps import StepResult
from cleanroom.sealing import findings
from cleanroom.sealing.folder import ClearFile, ClearFolder, read_folder
from cleanroom.sealing.ordinary import Seen
from cleanroom.sealing.outbox import Origin, Outbox, Sealed
from cleanroom.sealing.receipts import open_receipt
from cleanroom.sealing.report_xlsx import Report, spreadsheet_name, write_spreadsheet
from cleanroom.sealing.rows import ClearRows, read_rows
from cleanroom.sealing.submission import KEY_FILE, Addressee, Declared, hash_rows, write_submission
from cleanroom.settings import ParticipantSettings
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.ports import ObjectStore, Portal
from cleanroom.vocabulary.terms import Dataset, UploadState

RECEIPT_CAP_BYTES = 64 * 1024

T = TypeVar("T")


@dataclass(frozen=True)
class Side:
    """The institution's side, opened: who it is, what stands at the portal, what it declares."""

    settings: ParticipantSettings
    ring: ParticipantKeyRing
    gate: ParticipantGate
    folder: ClearFolder
    specification: Specification
    addressee: Addressee


def seal_and_upload(settings: ParticipantSettings, *, portal: Portal, objects: ObjectStore) -> StepResult:
    """Raises the first Refusal, audited at home and at the portal; then nothing was uploaded.

    `rows` of the result: rows of the whole folder. `detail`: rows per dataset, submissions uploaded and unchanged.
    """
    with _refusals_recorded(settings, portal), Outbox(settings.outbox_dir).locked() as outbox:
        side = open_side(settings, portal=portal)
        submissions = _for_every_file(side, lambda file: seal_dataset(side, file, outbox=outbox, objects=objects))
        sent = [upload_submission(side, sealed, portal=portal, objects=objects) for sealed in submissions]
    rows = {sealed.dataset: sealed.manifest.manifest.rows for sealed in submissions}
    detail = {f"{dataset}_rows": count for dataset, count in rows.items()}
    return StepResult(
        rows=sum(rows.values()), detail={**detail, "uploaded": sum(sent), "unchanged": len(sent) - sum(sent)}
    )


def check_folder(settings: ParticipantSettings, *, portal: Portal) -> StepResult:
    """Gate 1 alone: read and check every dataset, seal nothing. Raises the first Refusal."""
    with _refusals_recorded(settings, portal):
        side = open_side(settings, portal=portal)
        checked = _for_every_file(side, lambda file: checked_rows(side, file))
    return StepResult(
        rows=sum(clear.rows.num_rows for clear in checked),
        detail={f"{clear.file.dataset}_rows": clear.rows.num_rows for clear in checked},
    )


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


def open_side(settings: ParticipantSettings, *, portal: Portal, now: datetime | None = None) -> Side:
    """Everything that must hold before a file is opened: standing, agreement, keys, a hash that gives known answers."""
    now = now or datetime.now(UTC)
    known_answers.check()
    ring = open_participant_keys(settings)
    if ring.institution != settings.institution:
        raise KeyRefused("the key ring belongs to another institution", rule="key_ring_owner")
    folder = read_folder(settings.data_dir, institution=settings.institution)
    gate = portal.gate(settings.institution)
    check_active(gate)
    check_mou(gate, now=now)
    registered_signing_key(gate, ring.signing_kid)
    specification = check_specification(gate, version=folder.specification_version, now=now)
    return Side(settings, ring, gate, folder, specification, _addressee(gate))


def checked_rows(side: Side, file: ClearFile) -> ClearRows:
    """Read one file and pass it through gate 1. The complete report is written beside the data, whatever is wrong."""
    from cleanroom.quality.gate import run_suite  # seconds to import; only where it runs

    contract, seen = side.specification.datasets[file.dataset], Seen.now(file.path)
    try:
        clear = read_rows(
            file, contract, institution=side.folder.institution, known_institutions=side.gate.known_institutions
        )
        seen.check_unchanged()
    except Refusal as e:
        _report(side, file, 0, [findings.finding_of(e)], e)
        raise
    refusal = findings.refusal_of(file.path.name, clear.found)
    if refusal is None:
        outcome = run_suite(
            station="sealing", dataset=file.dataset, rows=clear.rows, facts=_facts(side), row_cap=findings.ROW_CAP
        )
        clear.findings.add_gate(outcome.results)
        refusal = findings.refusal_of(file.path.name, clear.found, gate=True)
    _report(side, file, clear.rows.num_rows, clear.found, refusal)
    if refusal:
        raise refusal
    return clear


def seal_dataset(side: Side, file: ClearFile, *, outbox: Outbox, objects: ObjectStore) -> Sealed:
    """The submission of this file: the one in the outbox where it was sealed before, else a new one."""
    seen = Seen.now(file.path)
    origin = _origin(side, file)
    for known in reversed(outbox.sealed(file.dataset)):
        accepted = known.sequence < _next_accepted(side, file.dataset)
        unchanged = known.origin.content == origin.content and (accepted or known.origin.keys == origin.keys)
        if unchanged and not _answered(known.manifest.manifest, objects, UploadState.REFUSED):
            return known
    clear = checked_rows(side, file)
    contract = side.specification.datasets[file.dataset]
    sequence = _next_sequence(side, file.dataset, outbox, objects)
    declared = Declared(file, side.specification.version, side.folder.period, sequence, _whole_second())
    with outbox.fill(file.dataset, sequence, origin) as draft:
        rows = hash_rows(clear.rows, contract, side.ring)
        write_submission(draft, rows, declared=declared, ring=side.ring, addressee=side.addressee)
        seen.check_unchanged()
    return next(s for s in outbox.sealed(file.dataset) if s.sequence == sequence)


def upload_submission(side: Side, sealed: Sealed, *, portal: Portal, objects: ObjectStore) -> bool:
    """Parts first, the manifest last. False where the room has it already. Raises SequenceReplayed, StoreFault."""
    manifest = sealed.manifest.manifest
    if sealed.sequence < _next_accepted(side, sealed.dataset) or objects.exists(f"{manifest.folder}/{MANIFEST_NAME}"):
        return False
    try:
        objects.put_file(manifest.key_name, sealed.folder / KEY_FILE)
        for name in (*(part.name for part in manifest.parts), MANIFEST_NAME):
            objects.put_file(f"{manifest.folder}/{name}", sealed.folder / name)
    except NotAllowed as e:
        raise SequenceReplayed(
            f"sequence {sealed.sequence} was uploaded before with other content",
            where=Where(file=f"{sealed.dataset}"),
            rule=e.rule,
        ) from e
    sealed.mark_uploaded()
    detail = {"dataset": sealed.dataset.value, "sequence": sealed.sequence, "rows": manifest.rows}
    _record(side.settings, portal, "submission.uploaded", sealed.submission_id, detail)
    return True


def read_receipts(settings: ParticipantSettings, *, portal: Portal, objects: ObjectStore) -> list[Receipt]:
    """The room's answers to what lies in the outbox, each verified under its registered key; lowest number first.

    Raises SignatureRefused for one that does not verify: keep it and call the auditor.
    """
    gate = portal.gate(settings.institution)
    if not gate.room_signing_key:
        raise KeyRefused("the clean room has registered no signing key yet", rule="room_key")
    receipts = []
    sealed = [s.manifest.manifest for dataset in Dataset for s in Outbox(settings.outbox_dir).sealed(dataset)]
    names = [receipt_name(manifest.place, state) for manifest in sealed for state in UploadState]
    for name in names:
        if not objects.exists(name):
            continue
        raw = objects.get_bytes(name, cap_bytes=RECEIPT_CAP_BYTES)
        receipts.append(open_receipt(raw, room_key=gate.room_signing_key))
    return receipts


def _next_accepted(side: Side, dataset: Dataset) -> int:
    """The sequence number that the room expects next, as far as the portal knows."""
    return side.gate.next_sequence.get(dataset, 1)


def _next_sequence(side: Side, dataset: Dataset, outbox: Outbox, objects: ObjectStore) -> int:
    """The first number that the room has not taken and that does not wait in its inbox; a refused one is used again."""
    manifests = [sealed.manifest.manifest for sealed in outbox.sealed(dataset)]
    sent = [m for m in manifests if objects.exists(f"{m.folder}/{MANIFEST_NAME}")]
    waiting = {m.sequence for m in sent if not _answered(m, objects, UploadState.REFUSED, UploadState.QUARANTINED)}
    return next(n for n in count(_next_accepted(side, dataset)) if n not in waiting)


def _answered(manifest: Manifest, objects: ObjectStore, *states: UploadState) -> bool:
    """Whether the room has answered with one of these. Asked for by name: a participant may not list."""
    return any(objects.exists(receipt_name(manifest.place, state)) for state in states)


def _origin(side: Side, file: ClearFile) -> Origin:
    with file.path.open("rb") as clear:
        content = hashlib.file_digest(clear, "sha256").hexdigest()
    declared = {
        "file": content,
        "source": file.source.model_dump(mode="json"),
        "period": side.folder.period.model_dump(mode="json"),
        "specification": side.specification.digest,
        "institution": side.folder.institution,
        "hash_kid": side.ring.hash_kid,
    }
    return Origin(content=digest_of(declared), keys=digest_of({"to": side.addressee.kid, "by": side.ring.signing_kid}))


def _facts(side: Side) -> dict:
    return {
        "participant": side.folder.institution,
        "period_first": side.folder.period.first,
        "period_last": side.folder.period.last,
        "known_institutions": side.gate.known_institutions,
    }


def _addressee(gate: ParticipantGate) -> Addressee:
    if not gate.room_recipient or not gate.room_recipient_kid:
        raise KeyRefused("the clean room has registered no envelope key yet; ask its key custodian", rule="room_key")
    return Addressee(gate.room_recipient_kid, gate.room_recipient)


def _report(
    side: Side, file: ClearFile, rows: int, found: list[findings.Finding], refusal: CleanroomError | None
) -> None:
    """As JSON and as a spreadsheet; a file without findings has neither."""
    folder, name = _report_folder(side.settings), file.path.name
    if found:
        findings.write_report(folder, name, rows=rows, found=found, refusal=refusal)
        told = Report(name, file.dataset, side.folder.period, rows, found, refusal, side.settings.language)
        write_spreadsheet(folder, told)
    else:
        for old in (findings.report_name(name), spreadsheet_name(name)):
            (folder / old).unlink(missing_ok=True)


def _report_folder(settings: ParticipantSettings) -> Path:
    """Beside the data; at home where that folder is not ours to write."""
    if os.access(settings.data_dir, os.W_OK) and not settings.data_dir.is_symlink():
        return settings.data_dir
    reports = settings.home / "reports"
    reports.mkdir(parents=True, exist_ok=True, mode=0o700)
    return reports


def _whole_second() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@contextmanager
def _refusals_recorded(settings: ParticipantSettings, portal: Portal) -> Iterator[None]:
    try:
        yield
    except Refusal as e:
        for refusal in (e, *getattr(e, "others", ())):
            where = refusal.where
            detail = {"reason": refusal.reason, "rule": refusal.rule, "file": where.file}
            detail |= {"row": where.row, "column": where.column}
            _record(settings, portal, "sealing.refused", settings.institution, detail)
        raise


def _record(settings: ParticipantSettings, portal: Portal, verb: str, subject: str, detail: dict) -> None:
    event = AuditEvent(
        at=datetime.now(UTC), actor=f"participant:{settings.institution}", verb=verb, subject=subject, detail=detail
    )
    record(event, log=AuditFile(settings.audit_file), portal=portal)
