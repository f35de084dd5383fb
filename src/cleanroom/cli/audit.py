"""`cleanroom audit ...`: checkpoints, the witness, proofs of single events, verification as an outsider."""

import argparse
from pathlib import Path

from cleanroom.cli.common import add_institution, add_out, command, family, institution_code, print_line
from cleanroom.cli.paths import InFile, InFolder, OutFile
from cleanroom.cli.waiting import waiting
from cleanroom.cli.words import told
from cleanroom.contracts.checkpoints import CAP_BYTES, AuditLog, InclusionProof, read_document
from cleanroom.errors import RequestInvalid, SettingsInvalid, Where
from cleanroom.settings import ParticipantSettings, RoomSettings


def add_audit(commands) -> None:
    audit = family(commands, "audit", "the audit logs: checkpoints, witness, proofs", "稽核紀錄：檢查點、見證、證明")
    command(audit, "checkpoint", _checkpoint, "in the room: sign and publish what both logs grew by",
            "於無塵室：簽署並公布兩份稽核紀錄之新增部分")  # fmt: skip
    _add_witness(audit)
    _add_verify(audit)
    _add_proofs(audit)
    _add_receipts(audit)


def _add_witness(audit) -> None:
    witness = command(audit, "witness", _witness, "look at the logs' new checkpoints, check them, cosign them",
                      "查看、檢查並會簽新檢查點")  # fmt: skip
    add_institution(witness)
    _add_store(witness)
    witness.add_argument("--state", type=OutFile, metavar="FILE", help=told(
        "the witness's memory (default witness.json of the institution)",
        "見證之記錄檔（預設為該機構之 witness.json）"))  # fmt: skip
    witness.add_argument("--room-key", metavar="KEY", help=told(
        "the clean room's key, as --room-key=KEY; else the portal is asked",
        "無塵室公鑰，寫作 --room-key=KEY；未給定則詢問入口網站"))  # fmt: skip
    witness.add_argument("--without-portal", action="store_true", help=told(
        "the object store alone", "僅使用物件儲存，不詢問入口網站"))  # fmt: skip


def _add_verify(audit) -> None:
    verify = command(audit, "verify", _verify, "verify a whole log: chain, checkpoints, cosignatures",
                     "驗證整份稽核紀錄：雜湊鏈、檢查點、會簽")  # fmt: skip
    verify.add_argument("file", type=InFile, nargs="?", metavar="FILE", help=told(
        "the log (default: the room's own)", "稽核紀錄檔（預設為無塵室自身者）"))  # fmt: skip
    verify.add_argument("--log", type=AuditLog, choices=list(AuditLog), help=told(
        "which log it is (default: as the file is called)", "屬何份稽核紀錄（預設依檔名判斷）"))  # fmt: skip
    verify.add_argument("--chain-only", action="store_true", help=told(
        "without checkpoints; shows no cut tail", "不比對檢查點；無法發現末端遭截斷"))  # fmt: skip
    _add_store(verify)
    _add_room_key(verify)
    verify.add_argument("--participant-key", metavar="CODE=KEY", type=_code_and_key, action="append", default=[],
        help=told("a participant's signing key, for its cosignatures; once for each",
                  "參與機構之簽章公鑰，用以驗證其會簽；每機構給定一次"))  # fmt: skip


def _add_proofs(audit) -> None:
    prove = command(audit, "prove", _prove, "prove that one event stands in a log, under the newest checkpoint",
                    "以最新檢查點證明某事件載於稽核紀錄")  # fmt: skip
    prove.add_argument("--sequence", type=int, required=True, metavar="N", help=told("the event's number", "事件序號"))
    prove.add_argument("--hash", help=told("its hash, from a receipt (default: read from the room's own log)",
                                           "事件雜湊，見於收據（預設讀自無塵室稽核紀錄）"))  # fmt: skip
    prove.add_argument("--log", type=AuditLog, choices=list(AuditLog), default=AuditLog.ROOM, help=told(
        "the room's or the portal's (default %(default)s)",
        "無塵室或入口網站之稽核紀錄（預設 %(default)s）"))  # fmt: skip
    _add_store(prove)
    add_out(prove, "where the proof is written", "證明寫入處")
    check = command(audit, "check-proof", _check_proof, "check a proof that the portal or the room gave",
                    "檢查入口網站或無塵室所給之證明")  # fmt: skip
    check.add_argument("file", type=InFile, metavar="FILE", help=told("the proof", "證明檔"))
    _add_room_key(check)


def _add_receipts(audit) -> None:
    receipt = command(audit, "check-receipt", _check_receipt, "check that a receipt's event stands in the room's log",
                      "檢查收據所載事件是否載於無塵室稽核紀錄")  # fmt: skip
    receipt.add_argument("file", type=InFile, metavar="FILE", help=told("the receipt", "收據檔"))
    receipt.add_argument("--proof", type=InFile, metavar="FILE", help=told(
        "a proof that was handed over (default: made from the store)",
        "對方交付之證明（預設由物件儲存產生）"))  # fmt: skip
    receipt.add_argument("--state", type=InFile, metavar="FILE", help=told(
        "the witness's memory: the proof must be of the history it saw",
        "見證之記錄檔：證明須屬其所見之歷程"))  # fmt: skip
    _add_store(receipt)
    _add_room_key(receipt)


def _add_store(parser) -> None:
    parser.add_argument("--store", type=_place, metavar="PLACE", help=told(
        "gs://BUCKET or a folder (default: the store of the settings)",
        "gs://BUCKET 或資料夾（預設依設定）"))  # fmt: skip


def _add_room_key(parser) -> None:
    parser.add_argument("--room-key", action="append", default=[], metavar="KEY", help=told(
        "the clean room's key, as --room-key=KEY; repeat for earlier ones",
        "無塵室公鑰，寫作 --room-key=KEY；可重複給定以含舊公鑰"))  # fmt: skip


def _place(text: str) -> str | InFolder:
    return text if text.startswith("gs://") else InFolder(text)


def _code_and_key(text: str) -> tuple[str, str]:
    code, _, key = text.partition("=")
    return institution_code(code), key


# --- the commands -------------------------------------------------------------------------------------------------


def _checkpoint(_: argparse.Namespace) -> None:
    from cleanroom.pipeline import checkpoints

    for log, size in checkpoints.publish(checkpoints.open_notary(_room())).items():
        print_line(told(f"{log}: {size} events under a signed checkpoint", f"{log}：已簽署檢查點，涵蓋 {size} 筆事件"))


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
        seen = (
            told(f"{size} events seen, consistent, cosigned", f"已查看 {size} 筆事件，前後一致並已會簽")
            if size else told("no checkpoint yet", "尚無檢查點")
        )  # fmt: skip
        print_line(f"{log}: {seen}")


def _verify(options: argparse.Namespace) -> None:
    from cleanroom.pipeline import audit_verifying

    path, log = _log_file(options)
    with waiting(f"verifying {path.name}", f"驗證 {path.name}"):
        if options.chain_only:
            found = audit_verifying.verify(path)
        else:
            keys: dict[str, list[str]] = {}
            for code, key in options.participant_key:
                keys.setdefault(code, []).append(key)
            found = audit_verifying.verify(
                path, log=log, objects=_store(options.store), room_keys=_room_keys(options), participant_keys=keys
            )
    _show_verified(found, chain_only=options.chain_only)


def _show_verified(found, *, chain_only: bool) -> None:
    count = found.head.sequence
    if chain_only:
        print_line(told(f"{count} events, chain whole; a cut tail does not show without checkpoints",
                        f"{count} 筆事件，雜湊鏈完整；未比對檢查點，無法發現末端遭截斷"))  # fmt: skip
        return
    print_line(told(f"{count} events, chain whole, {found.checkpoints} checkpoints agree",
                    f"{count} 筆事件，雜湊鏈完整，{found.checkpoints} 個檢查點相符"))  # fmt: skip
    print_line(told(f"  covered by a checkpoint: {found.covered}", f"  檢查點涵蓋：{found.covered} 筆"))
    for code, size in found.cosigned.items():
        print_line(told(f"  witnessed by {code}: {size}", f"  {code} 見證：{size} 筆"))
    for code in found.unchecked:
        print_line(told(f"  cosignatures of {code} not checked: give --participant-key {code}=KEY",
                        f"  {code} 之會簽未檢查：請給定 --participant-key {code}=KEY"))  # fmt: skip


def _log_file(options: argparse.Namespace) -> tuple[Path, AuditLog]:
    """Against the other log's checkpoints a whole log looks rewritten, so the name under which it downloads counts."""
    if options.file is None:
        if options.log is AuditLog.PORTAL:
            raise SettingsInvalid(
                "name the downloaded file of that log: cleanroom audit verify FILE --log portal-log",
                zh="請指定所下載之該份稽核紀錄檔：cleanroom audit verify FILE --log portal-log",
            )
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
        raise RequestInvalid("give the event's hash, as the portal's log shows it",
                             zh="請給定事件雜湊，見於入口網站之稽核紀錄", rule="audit_inclusion")  # fmt: skip
    proof = audit_proofs.prove(_store(options.store), log=options.log, sequence=options.sequence, event_hash=event_hash)
    options.out.write_bytes(proof.to_bytes())
    number, size = proof.sequence, proof.checkpoint.checkpoint.size
    print_line(told(f"event {number} of {size}: proof written to {options.out}",
                    f"第 {number} 筆事件（共 {size} 筆）之證明已寫入 {options.out}"))  # fmt: skip


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
    log, at, size = checkpoint.log, checkpoint.at.isoformat(), checkpoint.size
    print_line(told(f"proved: event {proof.sequence} of the {log}, under the checkpoint of {at} over {size} events",
                    f"證明成立：{log} 第 {proof.sequence} 筆事件，依 {at} 之檢查點（涵蓋 {size} 筆）"))  # fmt: skip


# --- what they share ----------------------------------------------------------------------------------------------


def _room() -> RoomSettings:
    return RoomSettings.from_environment()


def _store(named: str | Path | None, settings: ParticipantSettings | RoomSettings | None = None):
    from cleanroom.stores.objects import open_object_store

    settings = settings or _room()
    url, folder = settings.object_store, settings.objects_dir
    if named:
        url, folder = (named, None) if isinstance(named, str) else ("", named)
    return open_object_store(url, folder, ca_file=settings.ca_file)


def _room_keys(options: argparse.Namespace) -> list[str]:
    """Those given; else, in the room, its own."""
    from cleanroom.pipeline.keys import open_room_keys

    if options.room_key:
        return options.room_key
    if not _room().keys.exists():
        raise SettingsInvalid("give the clean room's signing key as --room-key=KEY; the portal names it",
                              zh="請以 --room-key=KEY 給定無塵室簽章公鑰；入口網站載明該公鑰")  # fmt: skip
    return [open_room_keys(_room()).signing_public_key]


def _read_proof(path: Path) -> InclusionProof:
    return read_document(InclusionProof, _read(path), what="the proof")


def _read(path: Path) -> bytes:
    if path.stat().st_size > CAP_BYTES:
        raise RequestInvalid("the file is too large to be a proof or a receipt",
                             zh="檔案過大，不可能為證明或收據", where=Where(file=str(path)))  # fmt: skip
    return path.read_bytes()
