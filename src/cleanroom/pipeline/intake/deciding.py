"""The checks of one submission, in the order of the design. Nothing is decrypted before all of these have passed."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes, parse_canonical
from cleanroom.contracts.manifest import KEY_CAP_BYTES, MANIFEST_CAP_BYTES, Manifest, SignedManifest, receipt_name
from cleanroom.contracts.messages import ParticipantGate, Receipt, RuleResult, SubmissionOrder
from cleanroom.contracts.specification import Specification, load_specification
from cleanroom.crypto import canaries
from cleanroom.crypto.signing import verify
from cleanroom.errors import (
    AuditBroken,
    ContentTampered,
    KeyServiceDenied,
    NotAllowed,
    Refusal,
    SettingsInvalid,
    Where,
)
from cleanroom.intake import inbox, opening, sequence
from cleanroom.intake.decision import Decision
from cleanroom.intake.inbox import InboxPath
from cleanroom.intake.sequence import Landed
from cleanroom.pipeline import aliases, pins
from cleanroom.pipeline.intake import landing
from cleanroom.pipeline.intake.waiting import ledger_of
from cleanroom.pipeline.room import Room
from cleanroom.stores.audit_file import AuditFile
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import UploadState

RECEIPT_CAP_BYTES = 64 * 1024
# What is wrong at the room is held against no submission: the step stops, and every submission goes on waiting.
OUR_OWN = (KeyServiceDenied, SettingsInvalid, AuditBroken)


@dataclass(frozen=True)
class Seen:
    """What is known of a submission before it is judged. `sizes`: object name -> bytes. `lost`: accepted by the
    room's own receipt, and to be landed again. `order`: two people released it from quarantine."""

    path: InboxPath
    sizes: dict[str, int]
    gate: ParticipantGate
    lost: bool = False
    order: SubmissionOrder | None = None


def decide(room: Room, seen: Seen) -> Decision:
    """The decision with the refusal, if there is one. Raises Faults, and what is wrong at the room itself."""
    path = seen.path
    decision = Decision(path, _unread_id(path), None, sum(seen.sizes.values()), order=seen.order, restored=seen.lost)
    try:
        inbox.check_size(path, seen.sizes, cap_bytes=room.settings.upload_cap_bytes)
        raw = room.objects.get_bytes(path.manifest, cap_bytes=MANIFEST_CAP_BYTES)
        decision = decision.told(submission_id=hashlib.sha256(raw).hexdigest())
        signed = SignedManifest.from_bytes(raw)
        decision = decision.told(submission_id=signed.manifest.submission_id, manifest=signed.manifest)
        return decision.told(quality=_judged(room, seen, signed))
    except OUR_OWN:
        raise
    except Refusal as e:
        return decision.told(refusal=_placed(e, path), quality=getattr(e, "quality", ()))


def look_at(room: Room, path: InboxPath, gate: ParticipantGate, **more) -> Seen:
    return Seen(path, {info.name: info.size for info in room.objects.list(f"{path.folder}/")}, gate, **more)


def _judged(room: Room, seen: Seen, signed: SignedManifest) -> tuple[RuleResult, ...]:
    """What the gate found. Raises the refusal of the first check that does not hold."""
    manifest, ledger = signed.manifest, ledger_of(room, seen.path)
    landed = any(row.live and row.submission_id == manifest.submission_id for row in ledger)
    inbox.check_caps(manifest)
    if not (landed or seen.lost):
        inbox.check_signature(signed, seen.gate)
    inbox.check_place(seen.path, manifest, seen.sizes)
    inbox.check_sizes(manifest, seen.sizes)
    if landed or seen.lost:  # decided on before: that stays, whatever has changed since
        specification, pinned = load_specification(manifest.specification_version), True
    else:
        specification, pinned = _admitted(room, seen, manifest, ledger)
    if seen.lost:
        _check_own_receipt(room, seen.path, manifest)
    contract = specification.datasets[seen.path.dataset]
    submission = landing.Submission(seen.path, manifest, contract, seen.gate, _sealed_key(room, manifest), ledger)
    quality = landing.land(room, submission, landed=landed, restored=seen.lost, released=seen.order is not None)
    if not pinned:
        pins.pin(room.settings, canaries.card_of(manifest), ring=room.keys)
    return quality


def _admitted(room: Room, seen: Seen, manifest: Manifest, ledger: list[Landed]) -> tuple[Specification, bool]:
    """Whether it may be sent now, whether its turn has come, and under which keys it was made; whether these keys
    were pinned before."""
    specification = inbox.check_standing(manifest, seen.gate, now=datetime.now(UTC))
    sequence.check_clock(manifest, now=_first_seen(room, seen, manifest))
    sequence.check_sequence(seen.path.sequence, ledger)
    sequence.check_supersedes(manifest, ledger)
    sequence.check_period(manifest, ledger)
    opening.check_recipient(manifest, room.keys)
    aliases.check_not_bridged(room, manifest)
    known = canaries.check(manifest, pins.read_pins(room.settings), room.keys, production=room.settings.production)
    return specification, known


def _first_seen(room: Room, seen: Seen, manifest: Manifest) -> datetime:
    """Now; for what two people released, or what waited for its turn, when the room decided on it first."""
    verbs = (UploadState.QUARANTINED, UploadState.HELD) if seen.order else (UploadState.HELD,)
    log = AuditFile(room.settings.audit_file)
    known = [log.last(manifest.submission_id, verb=f"submission.{state}") for state in verbs]
    times = [event.at for _, event in filter(None, known)]
    if seen.order and not times:
        raise NotAllowed(
            "this room has not quarantined the submission that is to be released",
            zh="擬放行之上傳件並未經本無塵室隔離",
            rule="release_unknown",
        )
    return min([*times, datetime.now(UTC)])


def _check_own_receipt(room: Room, path: InboxPath, manifest: Manifest) -> None:
    """The room accepted exactly this: then nobody else is asked again, whose key may have been revoked since."""
    raw = room.objects.get_bytes(receipt_name(path.place, UploadState.ACCEPTED), cap_bytes=RECEIPT_CAP_BYTES)
    receipt = Receipt.model_validate(parse_canonical(raw, what=Both("the receipt", "收據")))
    verify(room.keys.signing_public_key, RECEIPT_DOMAIN, canonical_bytes(receipt.body), receipt.signature)
    said = receipt.body.get("submission_id"), receipt.body.get("state")
    if said != (manifest.submission_id, UploadState.ACCEPTED.value):
        raise ContentTampered(
            "the room's receipt is for another submission", zh="無塵室之收據屬另一上傳件", rule="own_receipt"
        )


def _sealed_key(room: Room, manifest: Manifest) -> bytes:
    """A key that is not there is no fault of the store: asking again would never end."""
    if not room.objects.exists(manifest.key_name):
        raise ContentTampered(
            "the object with the submission's key is missing; send it again",
            zh="缺少存放上傳件金鑰之物件；請重新傳送",
            rule="key_missing",
        )
    sealed = room.objects.get_bytes(manifest.key_name, cap_bytes=KEY_CAP_BYTES)
    opening.check_key(sealed, manifest)
    return sealed


def _unread_id(path: InboxPath) -> str:
    """Names a submission whose manifest is too large to read."""
    return hashlib.sha256(path.manifest.encode()).hexdigest()


def _placed(refusal: Refusal, path: InboxPath) -> Refusal:
    """The refusal with the submission's place in front of the part's name, so that the message names the file."""
    where, file = refusal.where, refusal.where.file
    if file is None or not file.startswith(path.place):
        place = f"{path.place}/{file}" if file else path.place
        refusal = type(refusal)(
            refusal.sentence, zh=refusal.zh, where=Where(place, where.row, where.column), rule=refusal.rule
        )
    return refusal
