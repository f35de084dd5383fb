"""One event's place in a log: proved from what is published, checked against signatures alone."""

import pytest

from cleanroom.contracts.audit_chain import parse_line
from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes
from cleanroom.contracts.checkpoints import AuditLog, InclusionProof, read_document
from cleanroom.contracts.messages import Receipt
from cleanroom.errors import AuditBroken, NotFound, Refusal, RequestInvalid, SignatureRefused
from cleanroom.pipeline import audit_proofs
from cleanroom.vocabulary.both import Both
from tests.integration.audit.test_witness import REWRITES

ROOM = AuditLog.ROOM


def receipt_of(room, sequence, **changes) -> Receipt:
    event_hash = parse_line(list(room.log.lines())[sequence - 1]).hash
    body = {"participant": "808", "audit_sequence": sequence, "audit_hash": event_hash, **changes}
    signature = room.ring.sign(RECEIPT_DOMAIN, canonical_bytes(body))
    return Receipt(body=body, signing_kid=room.ring.signing_kid, signature=signature)


def check(room, receipt, **named):
    return audit_proofs.check_receipt(receipt, room_keys=[room.ring.signing_public_key], **named)


def test_every_event_is_proved(witnessed):
    hashes = [parse_line(raw).hash for raw in witnessed.log.lines()]
    assert len(hashes) == 9
    for sequence, event_hash in enumerate(hashes, 1):
        proof = audit_proofs.prove(witnessed.objects, log=ROOM, sequence=sequence, event_hash=event_hash)
        again = read_document(InclusionProof, proof.to_bytes(), what=Both("the proof", "證明"))
        audit_proofs.check_proof(again, room_keys=[witnessed.ring.signing_public_key])


def test_another_event_has_no_proof(witnessed):
    with pytest.raises(AuditBroken, match="is not event 3"):
        audit_proofs.prove(witnessed.objects, log=ROOM, sequence=3, event_hash="0" * 64)


def test_what_no_checkpoint_covers_yet(witnessed, room):
    witnessed.happens()
    with pytest.raises(NotFound, match="newest covers 9 events"):
        audit_proofs.prove(witnessed.objects, log=ROOM, sequence=10, event_hash="0" * 64)


def test_a_receipt_holds_against_the_published_tree(witnessed):
    seen = witnessed.witness("808").state.seen(ROOM)
    for sequence in range(1, 10):
        receipt = receipt_of(witnessed, sequence)
        proof = check(witnessed, receipt, objects=witnessed.objects, seen=seen)
        assert check(witnessed, receipt, proof=proof) == proof
        assert check(witnessed, receipt, proof=proof, objects=witnessed.objects, seen=seen) == proof


@pytest.mark.parametrize("change", REWRITES.values(), ids=REWRITES)
def test_a_receipt_convicts_a_room_that_rewrote_its_log(witnessed, change):
    """All is in the liar's hands but the receipt: event 5 stood after what he changed."""
    receipt = receipt_of(witnessed, 5)
    witnessed.rewrite_log(change)
    witnessed.forget_checkpoints()
    witnessed.portal.shown.clear()
    witnessed.publish()
    with pytest.raises(AuditBroken, match="is not event 5"):
        check(witnessed, receipt, objects=witnessed.objects)


def test_a_proof_of_a_history_that_the_witness_did_not_see(witnessed):
    """Event 2 is in both histories; the memory of the witness tells them apart."""
    receipt, seen = receipt_of(witnessed, 2), witnessed.witness("808").state.seen(ROOM)
    witnessed.rewrite_log(REWRITES["edited"])
    witnessed.forget_checkpoints()
    witnessed.happens(2)
    witnessed.portal.shown.clear()
    witnessed.publish()
    check(witnessed, receipt, objects=witnessed.objects)
    with pytest.raises(AuditBroken, match="another history"):
        check(witnessed, receipt, objects=witnessed.objects, seen=seen)


def test_receipts_that_are_not_the_rooms(witnessed):
    receipt = receipt_of(witnessed, 2)
    forged = receipt.model_copy(update={"body": {**receipt.body, "audit_sequence": 3}})
    with pytest.raises(SignatureRefused, match="receipt"):
        check(witnessed, forged, objects=witnessed.objects)
    own = witnessed.rings["808"]
    forged = receipt.model_copy(update={"signature": own.sign(RECEIPT_DOMAIN, canonical_bytes(receipt.body))})
    with pytest.raises(SignatureRefused, match="receipt"):
        check(witnessed, forged, objects=witnessed.objects)


@pytest.mark.parametrize("changes", [{"audit_sequence": 0}, {"audit_sequence": "5"}, {"audit_hash": "ab"}])
def test_receipts_without_a_place(witnessed, changes):
    with pytest.raises(RequestInvalid, match="no place"):
        check(witnessed, receipt_of(witnessed, 2, **changes), objects=witnessed.objects)


def test_a_proof_of_another_event_does_not_do(witnessed):
    proof = check(witnessed, receipt_of(witnessed, 3), objects=witnessed.objects)
    with pytest.raises(RequestInvalid, match="another event"):
        check(witnessed, receipt_of(witnessed, 2), proof=proof)


@pytest.mark.parametrize("changed", ["sequence", "hash", "path", "size", "root", "signature"])
def test_a_changed_proof_proves_nothing(witnessed, changed):
    proof = check(witnessed, receipt_of(witnessed, 3), objects=witnessed.objects)
    signed, zeros = proof.checkpoint, "0" * 64
    checkpoint = signed.checkpoint
    update = {
        "sequence": {"sequence": 4},
        "hash": {"hash": zeros},
        "path": {"path": (zeros, *proof.path[1:])},
        "size": {"checkpoint": signed.model_copy(update={"checkpoint": checkpoint.model_copy(update={"size": 8})})},
        "root": {"checkpoint": signed.model_copy(update={"checkpoint": checkpoint.model_copy(update={"root": zeros})})},
        "signature": {"checkpoint": signed.model_copy(update={"signature": signed.signature[::-1]})},
    }[changed]
    with pytest.raises(Refusal) as caught:
        audit_proofs.check_proof(proof.model_copy(update=update), room_keys=[witnessed.ring.signing_public_key])
    assert isinstance(caught.value, AuditBroken | SignatureRefused)
