"""`cleanroom audit ...`: checkpoints, the witness, proofs of single events, verification as an outsider."""

import argparse
from pathlib import Path

from cleanroom.cli.common import command, institution_code, out
from cleanroom.contracts.checkpoints import CAP_BYTES, AuditLog, InclusionProof, read_document
from cleanroom.errors import RequestInvalid, SettingsInvalid, Where
from cleanroom.settings import ParticipantSettings, RoomSettings

_STORE = "gs://BUCKET or a folder (default: the store of the settings)"


def add_audit(commands) -> None:
    audit = commands.add_parser("audit", help="the audit logs: checkpoints, witness, proofs").add_subparsers(
        required=True, metavar="ACTION"
    )
    command(audit, "checkpoint", _checkpoint, "in the room: sign and publish what both logs grew by")
    _add_witness(audit)
    _add_verify(audit)
    _add_proofs(audit)


def _add_witness(audit) -> None:
    witness = command(audit, "witness", _witness, "look at the logs' new checkpoints, check them, cosign them")
    witness.add_argument("--institution", type=institution_code, required=True, help="its three-digit code")
    witness.add_argument("--store", help=_STORE)
    witness.add_argument("--state", type=Path, help="the witness's memory (default witness.json of the institution)")
    witness.add_argument("--room-key", help="the clean room's key, as --room-key=KEY; else the portal is asked")
    witness.add_argument("--without-portal", action="store_true", help="the object store alone")


def _add_verify(audit) -> None:
    verify = command(audit, "verify", _verify, "verify a whole log: chain, checkpoints, cosignatures")
    verify.add_argument("file", type=Path, nargs="?", help="the log (default: the room's own)")
    verify.add_argument(
        "--log", type=AuditLog, choices=list(AuditLog), help="which log it is (default: as the file is called)"
    )
    verify.add_argument("--chain-only", action="store_true", help="without checkpoints; shows no cut tail")
    verify.add_argument("--store", help=_STORE)
    _add_room_key(verify)
    verify.add_argument(
        "--participant-key", metavar="CODE=KEY", type=_code_and_key, action="append", default=[],
        help="a participant's signing key, for its cosignatures; once for each",
    )  # fmt: skip


def _add_proofs(audit) -> None:
    prove = command(audit, "prove", _prove, "prove that one event stands in a log, under the newest checkpoint")
    prove.add_argument("--sequence", type=int, required=True, help="the event's number")
    prove.add_argument("--hash", help="its hash, from a receipt (default: read from the room's own log)")
    prove.add_argument("--log", type=AuditLog, choices=list(AuditLog), default=AuditLog.ROOM)
    prove.add_argument("--store", help=_STORE)
    prove.add_argument("--out", type=Path, required=True, help="where the proof is written")
    check = command(audit, "check-proof", _check_proof, "check a proof that the portal or the room gave")
    check.add_argument("file", type=Path)
    _add_room_key(check)
    receipt = command(audit, "check-receipt", _check_receipt, "check that a receipt's event stands in the room's log")
    receipt.add_argument("file", type=Path)
    receipt.add_argument("--proof", type=Path, help="a proof that was handed over (default: made from the store)")
    receipt.add_argument("--state", type=Path, help="the witness's memory: the proof must be of the history it saw")
    receipt.add_argument("--store", help=_STORE)
    _add_room_key(receipt)


def _add_room_key(parser) -> None:
    parser.add_argument(
        "--room-key",
        action="append",
        default=[],
        help="the clean room's key, as --room-key=KEY; repeat for earlier ones",
    )


def _code_and_key(text: str) -> tuple[str, str]:
    code, _, key = text.partition("=")
    return institution_code(code), key


# --- the commands -------------------------------------------------------------------------------------------------


def _checkpoint(_: argparse.Namespace) -> None:
    from cleanroom.pipeline import checkpoints

    for log, size in checkpoints.publish(checkpoints.open_notary(_room())).items():
        out.print(f"{log}: {size} events under a signed checkpoint", highlight=False)


def _witness(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.witness import witness_of
    from cleanroom.stores.portal_http import HttpPortal

    settings = ParticipantSettings.from_environment(options.institution)
    portal = None
    if not options.without_portal:
        portal = HttpPortal.of(settings)
    objects = _store(options.store, settings)
    witness = witness_of(settings, objects=objects, portal=portal, room_key=options.room_key, state=options.state)
    for log, size in witness.look().items():
        seen = f"{size} events seen, consistent, cosigned" if size else "no checkpoint yet"
        out.print(f"{log}: {seen}", highlight=False)


def _verify(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import audit_verifying

    path, log = _log_file(options)
    if options.chain_only:
        found = audit_verifying.verify(path)
        out.print(f"{found.head.sequence} events, chain whole; a cut tail does not show without checkpoints")
        return
    keys: dict[str, list[str]] = {}
    for code, key in options.participant_key:
        keys.setdefault(code, []).append(key)
    found = audit_verifying.verify(
        path, log=log, objects=_store(options.store), room_keys=_room_keys(options), participant_keys=keys
    )
    out.print(f"{found.head.sequence} events, chain whole, {found.checkpoints} checkpoints agree")
    out.print(f"  covered by a checkpoint: {found.covered}", highlight=False)
    for code, size in found.cosigned.items():
        out.print(f"  witnessed by {code}: {size}", highlight=False)
    for code in found.unchecked:
        out.print(f"  cosignatures of {code} not checked: give --participant-key {code}=KEY", highlight=False)


def _log_file(options: argparse.Namespace) -> tuple[Path, AuditLog]:
    """Against the other log's checkpoints a whole log looks rewritten, so the name under which it downloads counts."""
    if options.file is None:
        if options.log is AuditLog.PORTAL:
            raise SettingsInvalid("name the downloaded file of that log: cleanroom audit verify FILE --log portal-log")
        return _room().audit_file, AuditLog.ROOM
    named = AuditLog.PORTAL if options.file.stem.startswith(AuditLog.PORTAL) else AuditLog.ROOM
    return options.file, options.log or named


def _prove(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import audit_proofs
    from cleanroom.stores.audit_file import AuditFile

    event_hash = options.hash
    if event_hash is None and options.log is AuditLog.ROOM:
        event_hash = AuditFile(_room().audit_file).hash_at(options.sequence)
    if event_hash is None:
        raise RequestInvalid("give the event's hash, as the portal's log shows it", rule="audit_inclusion")
    proof = audit_proofs.prove(_store(options.store), log=options.log, sequence=options.sequence, event_hash=event_hash)
    options.out.write_bytes(proof.to_bytes())
    out.print(f"event {proof.sequence} of {proof.checkpoint.checkpoint.size}: proof written to {options.out}")


def _check_proof(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import audit_proofs

    proof = _read_proof(options.file)
    audit_proofs.check_proof(proof, room_keys=_room_keys(options))
    _show_proved(proof)


def _check_receipt(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import audit_proofs
    from cleanroom.stores.witness_state import WitnessState

    seen = WitnessState(options.state).seen(AuditLog.ROOM) if options.state else None
    proof = audit_proofs.check_receipt(
        audit_proofs.read_receipt(_read(options.file)),
        room_keys=_room_keys(options),
        proof=_read_proof(options.proof) if options.proof else None,
        objects=_store(options.store),
        seen=seen,
    )
    _show_proved(proof)


def _show_proved(proof: InclusionProof) -> None:
    checkpoint = proof.checkpoint.checkpoint
    under = f"the checkpoint of {checkpoint.at.isoformat()} over {checkpoint.size} events"
    out.print(f"proved: event {proof.sequence} of the {checkpoint.log}, under {under}", highlight=False)


# --- what they share ----------------------------------------------------------------------------------------------


def _room() -> RoomSettings:
    return RoomSettings.from_environment()


def _store(named: str | None, settings: ParticipantSettings | RoomSettings | None = None):
    from cleanroom.stores.objects import open_object_store

    settings = settings or _room()
    url, folder = settings.object_store, settings.objects_dir
    if named:
        url, folder = (named, None) if named.startswith("gs://") else ("", Path(named))
    return open_object_store(url, folder, ca_file=settings.ca_file)


def _room_keys(options: argparse.Namespace) -> list[str]:
    """Those given; else, in the room, its own."""
    from cleanroom.pipeline.keys import open_room_keys

    if options.room_key:
        return options.room_key
    if not _room().keys.exists():
        raise SettingsInvalid("give the clean room's signing key as --room-key=KEY; the portal names it")
    return [open_room_keys(_room()).signing_public_key]


def _read_proof(path: Path) -> InclusionProof:
    return read_document(InclusionProof, _read(path), what="the proof")


def _read(path: Path) -> bytes:
    if path.stat().st_size > CAP_BYTES:
        raise RequestInvalid("the file is too large to be a proof or a receipt", where=Where(file=str(path)))
    return path.read_bytes()
