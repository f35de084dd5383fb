"""Proofs that one event stands in a log, made from the published tree and checked without believing anybody.

What is believed is a signature: of the room under a checkpoint, and, where a witness's memory is at hand, what that
witness saw itself.
"""

from pydantic import ValidationError

from cleanroom.contracts import merkle
from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes
from cleanroom.contracts.checkpoints import AuditLog, InclusionProof, SignedCheckpoint, leaf_of
from cleanroom.contracts.messages import Receipt
from cleanroom.crypto.signing import verify
from cleanroom.errors import AuditBroken, NotFound, RequestInvalid, SignatureRefused, Where
from cleanroom.pipeline.witness import any_verifies, check_signed
from cleanroom.stores import published
from cleanroom.stores.ports import ObjectStore
from cleanroom.stores.tiles import Tiles


def prove(objects: ObjectStore, *, log: AuditLog, sequence: int, event_hash: str) -> InclusionProof:
    """From the newest published checkpoint. Raises NotFound where none covers the event yet; AuditBroken where
    another event stands at its place."""
    sizes = published.sizes(objects, log)
    if not sizes or sizes[-1] < sequence:
        covered = f"the newest covers {sizes[-1]} events" if sizes else "there is none"
        raise NotFound(
            f"no checkpoint covers event {sequence} yet, {covered}; ask again after the room's next step",
            zh=f"尚無檢查點涵蓋第 {sequence} 筆事件，{covered}；請待無塵室下一步驟後再查",
            where=Where(file=str(log), row=sequence),
        )
    signed = published.checkpoint(objects, log, sizes[-1])
    path = merkle.inclusion_proof(Tiles(objects, log, sizes[-1]), sequence - 1, sizes[-1])
    proof = InclusionProof(
        checkpoint=signed, sequence=sequence, hash=event_hash, path=tuple(step.hex() for step in path)
    )
    check_path(proof)
    return proof


def check_proof(proof: InclusionProof, *, room_keys: list[str]) -> None:
    """Raises AuditBroken where the path does not lead to the root, SignatureRefused for a checkpoint not signed."""
    check_signed(proof.checkpoint, room_keys)
    check_path(proof)


def check_path(proof: InclusionProof) -> None:
    checkpoint = proof.checkpoint.checkpoint
    if not merkle.includes(
        leaf_of(proof.hash),
        index=proof.sequence - 1,
        size=checkpoint.size,
        path=[bytes.fromhex(step) for step in proof.path],
        root=bytes.fromhex(checkpoint.root),
    ):
        raise AuditBroken(
            f"this event is not event {proof.sequence} of the log that the checkpoint over {checkpoint.size} events "
            "covers; keep the receipt, the proof and the checkpoint, and show them to the auditor",
            zh=f"此事件並非檢查點（{checkpoint.size} 筆事件）所涵蓋紀錄之第 {proof.sequence} 筆；"
            "請保留收據、證明與檢查點並交稽核人員",
            where=Where(file=str(checkpoint.log), row=proof.sequence),
            rule="audit_inclusion",
        )


def read_receipt(raw: bytes) -> Receipt:
    """In any spelling of JSON: what counts is whether the room signed its canonical form."""
    try:
        return Receipt.model_validate_json(raw)
    except ValidationError:
        raise RequestInvalid(
            "this is no receipt of the clean room", zh="此檔非無塵室之收據", rule="receipt_form"
        ) from None


def check_receipt(
    receipt: Receipt,
    *,
    room_keys: list[str],
    proof: InclusionProof | None = None,
    objects: ObjectStore | None = None,
    seen: SignedCheckpoint | None = None,
) -> InclusionProof:
    """That the room signed the receipt and its event stands in the room's log. Returns the proof that showed it.

    `proof`: where somebody handed one over; else it is made from the tree in `objects`. `seen`: the checkpoint that
    one's own witness saw last; the proof must be of that very history.
    """
    sequence, event_hash = _place_of(receipt, room_keys)
    if proof is None:
        proof = prove(objects, log=AuditLog.ROOM, sequence=sequence, event_hash=event_hash)
    if (proof.checkpoint.checkpoint.log, proof.sequence, proof.hash) != (AuditLog.ROOM, sequence, event_hash):
        raise RequestInvalid(
            "the proof is of another event than the receipt's", zh="證明所載事件與收據不同", rule="audit_inclusion"
        )
    check_proof(proof, room_keys=room_keys)
    if seen is not None:
        _check_seen(proof.checkpoint, seen, objects)
    return proof


def _place_of(receipt: Receipt, room_keys: list[str]) -> tuple[int, str]:
    body = canonical_bytes(receipt.body)
    if not any_verifies(room_keys, lambda key: verify(key, RECEIPT_DOMAIN, body, receipt.signature)):
        raise SignatureRefused(
            "the receipt is not signed by the clean room's registered key",
            zh="收據並非以無塵室登錄之金鑰簽署",
            rule="receipt_signature",
        )
    sequence, event_hash = receipt.body.get("audit_sequence"), receipt.body.get("audit_hash")
    if not isinstance(sequence, int) or sequence < 1 or not isinstance(event_hash, str) or len(event_hash) != 64:
        raise RequestInvalid(
            "the receipt names no place in the audit log", zh="收據未載稽核紀錄位置", rule="receipt_form"
        )
    return sequence, event_hash


def _check_seen(shown: SignedCheckpoint, seen: SignedCheckpoint, objects: ObjectStore | None) -> None:
    """Both checkpoints must be of one history; without the store only equal sizes can be compared."""
    first, later = sorted((shown.checkpoint, seen.checkpoint), key=lambda c: c.size)
    if first.size == later.size:
        same = first.root == later.root
    elif objects is None:
        return
    else:
        path = merkle.consistency_proof(Tiles(objects, later.log, later.size), first.size, later.size)
        roots = {"first_root": bytes.fromhex(first.root), "root": bytes.fromhex(later.root)}
        same = merkle.is_consistent(first=first.size, size=later.size, path=path, **roots)
    if not same:
        raise AuditBroken(
            f"the checkpoint over {shown.checkpoint.size} events is of another history than the one that this witness "
            "saw; keep both and show them to the auditor",
            zh=f"涵蓋 {shown.checkpoint.size} 筆事件之檢查點，與見證所見歷程不同；請保留兩者並交稽核人員",
            where=Where(file=str(shown.checkpoint.log)),
            rule="audit_witness",
        )
