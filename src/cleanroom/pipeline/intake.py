"""The room's step: decide on every submission that waits in one participant's inbox, oldest number first.

Nothing remembers what was done but its results: the ledger in the warehouse, the receipt in the object store, the
place of the files. Killed at any point and run again, the step reaches the same end.
"""

import hashlib
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from cleanroom.contracts.audit_chain import AuditPlace
from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.contracts.manifest import (
    INBOX,
    KEY_CAP_BYTES,
    MANIFEST_CAP_BYTES,
    RECEIPTS,
    Manifest,
    SignedManifest,
    receipt_name,
)
from cleanroom.contracts.messages import AuditEvent, ParticipantGate, RuleResult, UploadReport
from cleanroom.contracts.specification import DatasetContract, Specification, load_specification
from cleanroom.crypto import canaries
from cleanroom.errors import ContentTampered, QualityGateFailed, Refusal, Where
from cleanroom.intake import decision as deciding
from cleanroom.intake import inbox, opening, rows
from cleanroom.intake.decision import Decision
from cleanroom.intake.inbox import InboxPath
from cleanroom.pipeline import pins
from cleanroom.pipeline.auditing import record
from cleanroom.pipeline.room import Room
from cleanroom.pipeline.steps import StepResult
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.ports import Incoming
from cleanroom.vocabulary.terms import UploadState


def take_in(room: Room, *, participant: str) -> StepResult:
    """Decide on all pending submissions of one participant. `rows` of the result: rows landed now.

    Raises, after everything pending was decided, the first refusal among them (a held one is a refusal too). A Fault
    stops at once; what was decided before it stays decided.
    """
    room.warehouse.ensure_tables()
    gate, counts, refusals = room.portal.gate(participant), Counter(), []
    landed_rows = 0
    pending, answered = _inbox(room, participant)
    for path in pending:
        decision = _decide(room, path, gate)
        _settle(room, decision)
        counts[decision.state.value] += 1
        landed_rows += decision.rows if decision.refusal is None else 0
        refusals += [decision.refusal] if decision.refusal else []
    if refusals:
        raise refusals[0]
    return StepResult(rows=landed_rows, detail={"landed": counts["accepted"], "unchanged": answered})


def _inbox(room: Room, participant: str) -> tuple[list[InboxPath], int]:
    """Places that hold a manifest and wait for an answer, and how many have theirs. The manifest is written last, so
    its parts are there, or somebody took them away. What was decided stays where it lies (ADR 76)."""
    manifests = {InboxPath.parse(info.name) for info in room.objects.list(f"{INBOX}/{participant}/")} - {None}
    answered = {InboxPath.answered(info.name) for info in room.objects.list(f"{RECEIPTS}/{participant}/")}
    return sorted(manifests - answered), len(manifests & answered)


def _decide(room: Room, path: InboxPath, gate: ParticipantGate) -> Decision:
    sizes = {info.name: info.size for info in room.objects.list(f"{path.folder}/")}
    manifest, submission_id, quality = None, _unread_id(path), ()
    try:
        inbox.check_size(path, sizes, cap_bytes=room.settings.upload_cap_bytes)
        raw = room.objects.get_bytes(path.manifest, cap_bytes=MANIFEST_CAP_BYTES)
        submission_id = hashlib.sha256(raw).hexdigest()
        signed = SignedManifest.from_bytes(raw)
        manifest, submission_id, ledger = signed.manifest, signed.manifest.submission_id, _ledger(room, path)
        if ledger.get(path.sequence) == submission_id:
            specification = load_specification(manifest.specification_version)  # killed before it was answered
        else:
            specification = _verify(path, signed, sizes, gate, ledger)
        quality = _land(room, path, manifest, specification.datasets[path.dataset], gate)
        refusal = None
    except Refusal as e:
        refusal, quality = _placed(e, path), getattr(e, "quality", quality)
    return Decision(path, submission_id, manifest, sum(sizes.values()), refusal, quality)


def _verify(
    path: InboxPath, signed: SignedManifest, sizes: dict[str, int], gate: ParticipantGate, ledger: dict[int, str]
) -> Specification:
    """The checks of the manifest, in the order of the design. Raises the refusal of the first that fails."""
    inbox.check_signature(signed, gate)
    inbox.check_place(path, signed.manifest, sizes)
    inbox.check_sizes(signed.manifest, sizes)
    specification = inbox.check_standing(signed.manifest, gate, now=datetime.now(UTC))
    inbox.check_sequence(path, ledger)
    return specification


def _unread_id(path: InboxPath) -> str:
    """Names a submission whose manifest is too large to read."""
    return hashlib.sha256(path.manifest.encode()).hexdigest()


def _placed(refusal: Refusal, path: InboxPath) -> Refusal:
    """The refusal with the submission's place in front of the part's name, so that the message names the file."""
    where, file = refusal.where, refusal.where.file
    if file is None or not file.startswith(path.place):
        place = f"{path.place}/{file}" if file else path.place
        refusal = type(refusal)(refusal.sentence, where=Where(place, where.row, where.column), rule=refusal.rule)
    return refusal


def _ledger(room: Room, path: InboxPath) -> dict[int, str]:
    found = room.warehouse.query(
        "select sequence, submission_id from landing.submissions where participant = ? and dataset = ?",
        [path.participant, path.dataset.value],
    )
    return dict(zip(found["sequence"].to_pylist(), found["submission_id"].to_pylist(), strict=True))


def _land(
    room: Room, path: InboxPath, manifest: Manifest, contract: DatasetContract, gate: ParticipantGate
) -> tuple[RuleResult, ...]:
    """Open, check, hash, pass gate 2, land. Raises the refusal of the first thing that is wrong."""
    opened = _open(room, path, manifest, contract)
    pinned = canaries.check(manifest, pins.read_pins(room.settings), room.keys, production=room.settings.production)
    second = room.keys.second_hash(scheme=manifest.scheme, participant=manifest.participant, kid=manifest.hash_kid)
    rows.check_owner(opened, contract, participant=path.participant, known=gate.known_institutions)
    landed = rows.second_hash(
        opened, contract, second, participant=path.participant, submission_id=manifest.submission_id
    )
    rows.check_not_kept_elsewhere(landed, path.dataset, _kept_by_others(room, path))
    quality = _gate_2(path, manifest, landed, gate)
    handles = rows.handles_of(opened, landed, contract)
    batch = Incoming(_unowned(landed), _unowned(handles) if handles is not None else None)
    room.warehouse.land(submission=_ledger_row(path, manifest), dataset=path.dataset.value, batches=[batch])
    if not pinned:
        pins.pin(room.settings, canaries.card_of(manifest), ring=room.keys)
    return quality


def _open(room: Room, path: InboxPath, manifest: Manifest, contract: DatasetContract) -> pa.Table:
    opening.check_recipient(manifest, room.keys)
    identity = opening.open_key(_sealed_key(room, manifest), manifest, room.keys)
    with _scratch(room) as folder:
        files = {part.name: folder / part.name for part in manifest.parts}
        for part in manifest.parts:
            room.objects.download(f"{path.folder}/{part.name}", files[part.name], cap_bytes=part.ciphertext_bytes)
            opening.check_ciphertext(files[part.name], part)
        return opening.join_parts([opening.open_part(files[p.name], p, contract, identity) for p in manifest.parts])


def _sealed_key(room: Room, manifest: Manifest) -> bytes:
    """A key that is not there is no fault of the store: asking again would never end."""
    if not room.objects.exists(manifest.key_name):
        raise ContentTampered("the object with the submission's key is missing; send it again", rule="key_missing")
    return room.objects.get_bytes(manifest.key_name, cap_bytes=KEY_CAP_BYTES)


@contextmanager
def _scratch(room: Room) -> Iterator[Path]:
    """A folder for ciphertext, empty at first whatever a killed run left, and gone afterwards."""
    folder = room.settings.scratch_dir / "intake"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _kept_by_others(room: Room, path: InboxPath) -> pa.Array:
    found = room.warehouse.query(
        "select distinct account_token from routing.handles where participant <> ?", [path.participant]
    )
    return found["account_token"].combine_chunks().cast(pa.string())


def _gate_2(path: InboxPath, manifest: Manifest, landed: pa.Table, gate: ParticipantGate) -> tuple[RuleResult, ...]:
    from cleanroom.quality.gate import run_suite  # seconds to import; only where it runs

    facts = {
        "participant": path.participant,
        "period_first": manifest.period.first,
        "period_last": manifest.period.last,
        "known_institutions": gate.known_institutions,
    }
    outcome = run_suite(station="intake", dataset=path.dataset, rows=landed, facts=facts)
    if outcome.failed:
        broken = [r for r in outcome.results if not r.passed and r.severity == "fail"]
        first = broken[0]
        where = Where(row=first.row_numbers[0] if first.row_numbers else None, column=first.column)
        refusal = QualityGateFailed(
            f"{first.failed_rows} rows break the rule, and {len(broken) - 1} other rules are broken",
            where=where,
            rule=first.rule,
        )
        refusal.quality = outcome.results
        raise refusal
    return outcome.results


def _unowned(table: pa.Table) -> pa.Table:
    return table.drop_columns(["participant", "submission_id"])


def _ledger_row(path: InboxPath, manifest: Manifest) -> dict:
    return {
        "draw": path.draw,
        "bytes": sum(part.ciphertext_bytes for part in manifest.parts),
        "supersedes": manifest.supersedes,
        "submission_id": manifest.submission_id,
        "participant": manifest.participant,
        "dataset": manifest.dataset.value,
        "sequence": manifest.sequence,
        "specification_version": manifest.specification_version,
        "period_from": manifest.period.first,
        "period_to": manifest.period.last,
        "rows": manifest.rows,
        "landed_at": datetime.now(UTC),
    }


# --- after the decision -------------------------------------------------------------------------------------------


def _settle(room: Room, decision: Decision) -> None:
    """Audit, report, receipt, in this order; the last one ends the submission's waiting."""
    place, event = _audit(room, decision)
    if decision.state == UploadState.HELD:
        _tell(room, deciding.report_of(decision, decided_at=event.at, receipt=None))
        return
    receipt = deciding.receipt_of(
        decision, room.keys, decided_at=event.at, audit_sequence=place.sequence, audit_hash=place.hash
    )
    _tell(room, deciding.report_of(decision, decided_at=event.at, receipt=receipt))
    name = receipt_name(decision.path.place, decision.state)
    room.objects.put_bytes(name, canonical_bytes(receipt.model_dump(mode="json")))


def _tell(room: Room, report: UploadReport) -> None:
    """A portal that will not take the report must not keep a bad submission in the inbox; a Fault is tried again."""
    try:
        room.portal.report_upload(report)
    except Refusal as e:
        event = AuditEvent(
            at=datetime.now(UTC),
            actor="room:intake",
            verb="portal.refused_report",
            subject=report.submission_id,
            detail={"reason": e.reason, "state": report.state.value},
        )
        AuditFile(room.settings.audit_file).append(event)


def _audit(room: Room, decision: Decision) -> tuple[AuditPlace, AuditEvent]:
    """One event per acceptance and per wait, however often the step was killed; each refusal has its own."""
    log = AuditFile(room.settings.audit_file)
    known = log.last(decision.submission_id, verb=decision.verb)
    if known and decision.state in (UploadState.ACCEPTED, UploadState.HELD):
        return known
    event = deciding.event_of(decision)
    return record(event, log=log, portal=room.portal), event
