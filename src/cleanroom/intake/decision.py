"""What the room decided on one submission: the report to the portal and the signed receipt to the participant."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes, digest_of
from cleanroom.contracts.manifest import Manifest
from cleanroom.contracts.messages import AuditEvent, Receipt, RuleResult, SubmissionOrder, UploadReport
from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.errors import QualityGateFailed, Refusal, SequenceSkipped
from cleanroom.intake.inbox import InboxPath
from cleanroom.vocabulary.terms import UploadState

Detail = dict[str, str | int | float | bool | None]


@dataclass(frozen=True)
class Decision:
    """`submission_id`: of the manifest, or the SHA-256 of its bytes where it could not be read. `order`: two people
    released it from quarantine. `restored`: accepted before, and landed again in a new warehouse."""

    path: InboxPath
    submission_id: str
    manifest: Manifest | None
    bytes: int
    refusal: Refusal | None = None
    quality: tuple[RuleResult, ...] = ()
    order: SubmissionOrder | None = None
    restored: bool = False

    def told(self, **more: Any) -> "Decision":
        return replace(self, **more)

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
    def reason(self) -> str | None:
        return self.refusal.reason if self.refusal else None

    @property
    def verb(self) -> str:
        return f"submission.{self.state}"

    def detail(self) -> Detail:
        told: Detail = {"place": self.path.place, "rows": self.rows, "bytes": self.bytes}
        if self.manifest and self.manifest.supersedes:
            told["supersedes"] = self.manifest.supersedes
        if self.refusal is not None:
            where = self.refusal.where
            told |= {"reason": self.refusal.reason, "rule": self.refusal.rule, "file": where.file, "row": where.row}
            told |= {"column": where.column}
        if self.order is not None:
            broken = sorted(r.rule for r in self.quality if not r.passed and r.severity == "fail")
            told |= detail_of(self.order) | {"rules_not_held": ", ".join(broken)}
        return told

    def report(self, *, decided_at: datetime, receipt: Receipt | None) -> UploadReport:
        manifest = self.manifest
        return UploadReport(
            submission_id=self.submission_id,
            participant=self.path.participant,
            dataset=self.path.dataset,
            sequence=self.path.sequence,
            specification_version=manifest.specification_version if manifest else 0,
            period_first=manifest.period.first if manifest else None,
            period_last=manifest.period.last if manifest else None,
            state=self.state,
            reason=self.reason,
            sentence=str(self.refusal) if self.refusal else None,
            rows=self.rows,
            bytes=self.bytes,
            decided_at=decided_at,
            quality=self.quality,
            receipt=receipt,
        )


@dataclass(frozen=True)
class Ending:
    """An accepted submission's rows are gone and its key is destroyed. `row`: of the ledger. `by`: the submission
    that replaced it, or nothing. `known`: what the portal was told when it was accepted."""

    path: InboxPath
    row: dict[str, Any]
    by: str | None = None
    order: SubmissionOrder | None = None
    known: UploadReport | None = None

    @property
    def submission_id(self) -> str:
        return self.row["submission_id"]

    @property
    def state(self) -> UploadState:
        return UploadState(self.row["state"])

    @property
    def rows(self) -> int:
        return self.row["rows"]

    @property
    def reason(self) -> None:
        return None

    @property
    def verb(self) -> str:
        return f"submission.{self.state}"

    def detail(self) -> Detail:
        told: Detail = {"place": self.path.place, "rows": self.rows, "key": "destroyed"}
        if self.by:
            told["superseded_by"] = self.by
        return told | (detail_of(self.order) if self.order else {})

    def report(self, *, decided_at: datetime, receipt: Receipt | None) -> UploadReport:
        return UploadReport(
            submission_id=self.submission_id,
            participant=self.path.participant,
            dataset=self.path.dataset,
            sequence=self.path.sequence,
            specification_version=self.row["specification_version"],
            period_first=self.row["period_from"],
            period_last=self.row["period_to"],
            state=self.state,
            reason=None,
            sentence=None,
            rows=self.rows,
            bytes=self.row["bytes"],
            decided_at=decided_at,
            quality=self.known.quality if self.known else (),
            receipt=receipt,
        )


def detail_of(order: SubmissionOrder) -> Detail:
    """Who ordered it. The reason is a person's own words and stays in the portal; its digest is kept here."""
    told = {"order": order.order_id, "ordered_by": order.ordered_by, "approved_by": order.approved_by}
    return told | {"order_reason_sha256": digest_of(order.reason)}


def event_of(decision: Decision | Ending, *, now: datetime | None = None, verb: str | None = None) -> AuditEvent:
    return AuditEvent(
        at=now or datetime.now(UTC),
        actor="room:intake",
        verb=verb or decision.verb,
        subject=decision.submission_id,
        detail=decision.detail(),
    )


def receipt_of(
    decision: Decision | Ending, ring: RoomKeyRing, *, decided_at: datetime, audit_sequence: int, audit_hash: str
) -> Receipt:
    """Signed by the room; names the event's place in the room's log, so that the participant is its witness."""
    body: dict[str, str | int] = {
        "submission_id": decision.submission_id,
        "participant": decision.path.participant,
        "dataset": decision.path.dataset.value,
        "sequence": decision.path.sequence,
        "state": decision.state.value,
        "reason": decision.reason or "",
        "rows": decision.rows,
        "decided_at": decided_at.isoformat(),
        "audit_sequence": audit_sequence,
        "audit_hash": audit_hash,
    }
    signature = ring.sign(RECEIPT_DOMAIN, canonical_bytes(body))
    return Receipt(body=body, signing_kid=ring.signing_kid, signature=signature)
