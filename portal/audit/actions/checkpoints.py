"""Keep the room's checkpoints and the participants' cosignatures, and say loudly where they contradict each other."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cleanroom.contracts import checkpoints as contract
from cleanroom.contracts.checkpoints import AuditLog, leaf_of
from cleanroom.contracts.merkle import Frontier
from cleanroom.errors import AuditBroken, NotFound
from portal.accounts.permissions import Permission, check_may
from portal.audit import signatures
from portal.audit.actions import record
from portal.audit.models import Checkpoint, Cosignature, Event
from portal.common.said import in_both, said
from portal.participants.queries import participant_by_code

if TYPE_CHECKING:
    from portal.accounts.models import User

CONTRADICTED = "checkpoint.contradicted"
OTHER_CHECKPOINT = "another checkpoint of this size was shown before"
MORE_EVENTS = "the checkpoint covers more events than this log has"
OTHER_ROOT = "this log has another root than the checkpoint"
# The log keeps the key, whoever reads it; the room is told the sentence.
CONTRADICTIONS = {
    OTHER_CHECKPOINT: _("another checkpoint of this size was shown before; keep both and call the auditor"),
    MORE_EVENTS: _("the checkpoint covers more events than this log has; keep both and call the auditor"),
    OTHER_ROOT: _("this log has another root than the checkpoint; keep both and call the auditor"),
}


def receive_checkpoint(signed: contract.SignedCheckpoint, *, by: "User") -> Checkpoint:
    """Show it to everyone. The same again changes nothing.

    Raises SignatureRefused; AuditBroken, with an event that stays, where another checkpoint of this size is known or
    where this portal's own log has another root: room and portal do not tell the same story.
    """
    check_may(by, Permission.REPORT_CHECKPOINT)
    signatures.check_room(signed)
    with transaction.atomic():
        found, why = _kept(signed.checkpoint, signed, by=by)
        if why:
            _record(CONTRADICTED, signed.checkpoint, by=by, detail={"why": why})
    if why:
        raise AuditBroken(**in_both(lambda: str(CONTRADICTIONS[why])), rule="audit_checkpoint")
    return found


def _kept(
    stated: contract.Checkpoint, signed: contract.SignedCheckpoint, *, by: "User"
) -> tuple[Checkpoint | None, str]:
    """The row, made where it is missing; or what it contradicts."""
    if known := Checkpoint.objects.filter(log=stated.log, size=stated.size).first():
        return (known, "") if known.signed() == signed else (None, OTHER_CHECKPOINT)
    edge = []
    if stated.log is AuditLog.PORTAL:
        frontier = _own_tree(stated.size)
        if frontier is None:
            return None, MORE_EVENTS
        if frontier.root().hex() != stated.root:
            return None, OTHER_ROOT
        edge = [hash_.hex() for hash_ in frontier.edge]
    made = Checkpoint.objects.create(
        log=stated.log, size=stated.size, root=stated.root, at=stated.at, signing_kid=signed.signing_kid,
        signature=signed.signature, edge=edge,
    )  # fmt: skip
    _record("checkpoint.received", stated, by=by, detail={"root": stated.root})
    return made, ""


def _own_tree(size: int) -> Frontier | None:
    """The tree of this log's first events, grown from the newest checkpoint before; None where it has fewer."""
    before = Checkpoint.objects.filter(log=AuditLog.PORTAL, size__lt=size).first()
    frontier = Frontier(before.size, [bytes.fromhex(h) for h in before.edge]) if before else Frontier()
    rows = Event.objects.filter(sequence__gt=frontier.size, sequence__lte=size).order_by("sequence")
    for digest in rows.values_list("digest", flat=True).iterator(chunk_size=10_000):
        frontier.append(leaf_of(digest))
    return frontier if frontier.size == size else None


def receive_cosignature(cosignature: contract.Cosignature, *, by: "User") -> Cosignature:
    """A participant witnessed a checkpoint. The same again changes nothing.

    Raises SignatureRefused; NotFound for a checkpoint that was not shown here; AuditBroken, with an event that stays,
    where the participant saw another checkpoint of this size: somebody showed two histories.
    """
    check_may(by, Permission.COSIGN_CHECKPOINT, institution=cosignature.participant)
    signatures.check_participant(cosignature)
    stated = cosignature.checkpoint
    known = Checkpoint.objects.filter(log=stated.log, size=stated.size).first()
    if known is None:
        raise NotFound(**said("this checkpoint was not shown to the portal"))
    if known.stated() != stated:
        with transaction.atomic():
            detail = {"witness": cosignature.participant, "root_here": known.root, "root_seen": stated.root}
            _record(CONTRADICTED, stated, by=by, detail=detail)
        raise AuditBroken(
            **said("the portal was shown another checkpoint of this size; keep both and call the auditor"),
            rule="audit_witness",
        )
    return _cosigned(known, cosignature, by=by)


@transaction.atomic
def _cosigned(known: Checkpoint, cosignature: contract.Cosignature, *, by: "User") -> Cosignature:
    participant = participant_by_code(cosignature.participant)
    row, made = Cosignature.objects.get_or_create(
        checkpoint=known, participant=participant,
        defaults={
            "at": cosignature.at, "signing_kid": cosignature.signing_kid, "signature": cosignature.signature,
        },
    )  # fmt: skip
    if made:
        _record("checkpoint.witnessed", cosignature.checkpoint, by=by, detail={"witness": participant.code})
    return row


def _record(verb: str, stated: contract.Checkpoint, *, by: "User", detail: dict) -> None:
    record(by=by, verb=verb, subject=f"checkpoint:{stated.log}/{stated.size}", detail=detail)
