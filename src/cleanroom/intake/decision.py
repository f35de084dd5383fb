"""What the room decided on one submission: the report to the portal and the signed receipt to the participant."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes
from cleanroom.contracts.manifest import Manifest
from cleanroom.contracts.messages import AuditEvent, Receipt, RuleResult, UploadReport
from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.errors import QualityGateFailed, Refusal, SequenceSkipped
from cleanroom.intake.inbox import InboxPath
from cleanroom.vocabulary.terms import UploadState


@dataclass(frozen=True)
class Decision:
    """`submission_id`: of the manifest, or the SHA-256 of its bytes where it could not be read."""

    path: InboxPath
    submission_id: str
    manifest: Manifest | None
    bytes: int
    refusal: Refusal | None = None
    quality: tuple[RuleResult, ...] = ()

    @property
    def state(self) -> UploadState:
        if self.refusal is None:
            return UploadState.ACCEPTED
        if isinstance(self.refusal, SequenceSkipped):
            return UploadState.HELD
        return UploadState.QUARANTINED if isinstance(self.refusal, QualityGateFailed) else UploadState.REFUSED

    @property
    def rows(self) -> int:
        return self.manifest.rows if self.manifest else 0

    @property
    def verb(self) -> str:
        return f"submission.{self.state}"


def event_of(decision: Decision, *, now: datetime | None = None) -> AuditEvent:
    refusal = decision.refusal
    detail = {"place": decision.path.place, "rows": decision.rows, "bytes": decision.bytes}
    if refusal is not None:
        where = refusal.where
        detail |= {"reason": refusal.reason, "rule": refusal.rule, "file": where.file, "row": where.row}
        detail |= {"column": where.column}
    return AuditEvent(
        at=now or datetime.now(UTC),
        actor="room:intake",
        verb=decision.verb,
        subject=decision.submission_id,
        detail=detail,
    )


def report_of(decision: Decision, *, decided_at: datetime, receipt: Receipt | None) -> UploadReport:
    manifest, refusal = decision.manifest, decision.refusal
    return UploadReport(
        submission_id=decision.submission_id,
        participant=decision.path.participant,
        dataset=decision.path.dataset,
        sequence=decision.path.sequence,
        specification_version=manifest.specification_version if manifest else 0,
        period_first=manifest.period.first if manifest else None,
        period_last=manifest.period.last if manifest else None,
        state=decision.state,
        reason=refusal.reason if refusal else None,
        sentence=str(refusal) if refusal else None,
        rows=decision.rows,
        bytes=decision.bytes,
        decided_at=decided_at,
        quality=decision.quality,
        receipt=receipt,
    )


def receipt_of(
    decision: Decision, ring: RoomKeyRing, *, decided_at: datetime, audit_sequence: int, audit_hash: str
) -> Receipt:
    """Signed by the room; names the event's place in the room's log, so that the participant is its witness."""
    body: dict[str, str | int] = {
        "submission_id": decision.submission_id,
        "participant": decision.path.participant,
        "dataset": decision.path.dataset.value,
        "sequence": decision.path.sequence,
        "state": decision.state.value,
        "reason": decision.refusal.reason if decision.refusal else "",
        "rows": decision.rows,
        "decided_at": decided_at.isoformat(),
        "audit_sequence": audit_sequence,
        "audit_hash": audit_hash,
    }
    signature = ring.sign(RECEIPT_DOMAIN, canonical_bytes(body))
    return Receipt(body=body, signing_kid=ring.signing_kid, signature=signature)
