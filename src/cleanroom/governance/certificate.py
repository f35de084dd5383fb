"""The release certificate: everything that a decision to let scores out rests on, under one digest, with an end."""

from collections.abc import Collection
from datetime import datetime, timedelta

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.governance import ControlResult, ReleaseDigests, ReleaseRecord, SignOff, Waiver
from cleanroom.contracts.manifest import Frozen, Hex32, InstitutionCode
from cleanroom.governance import controls, judging, record_evidence, releases, waivers
from cleanroom.governance.policy import GateKind, Phase, Policy
from cleanroom.vocabulary.terms import ControlOutcome, Tier


class Certificate(Frozen):
    """Valid from `issued_at` until just before `expires_at`, for the traffic of `participants` and nobody else's."""

    release_id: str
    model: str
    use_case: str
    tier: Tier
    score: float
    policy_version: str
    digests: ReleaseDigests
    subject_digest: Hex32
    sign_offs: tuple[SignOff, ...]
    waivers: tuple[Waiver, ...]
    participants: tuple[InstitutionCode, ...]
    issued_at: datetime
    expires_at: datetime

    @property
    def digest(self) -> str:
        """SHA-256 over all of it: the same record gives the same digest, a changed byte another."""
        return digest_of(self.model_dump(mode="json"))


def issue(policy: Policy, record: ReleaseRecord, *, now: datetime, participants: Collection[str]) -> Certificate:
    """Write the certificate of a record that `cleanroom.governance.gate` found in order; it checks nothing itself.

    `participants`: codes of the receiving institutions. Those that hold the release for their own traffic are left out.
    """
    draft = record.draft
    return Certificate(
        release_id=draft.release_id,
        model=draft.model,
        use_case=draft.use_case,
        tier=draft.tier,
        score=draft.score,
        policy_version=draft.policy_version,
        digests=draft.digests,
        subject_digest=draft.subject_digest,
        sign_offs=releases.binding(record),
        waivers=tuple(waivers.valid(policy, record, now=now).values()),
        participants=tuple(sorted(set(participants) - set(record.held_by))),
        issued_at=record.released_at or now,
        expires_at=expires_at(policy, record, now=now),
    )


def expires_at(policy: Policy, record: ReleaseRecord, *, now: datetime) -> datetime:
    """The first moment at which the gate closes by itself: the earliest of stale evidence, the end of a waiver, the
    calendar's review, and the first review that evidence from operation is due at."""
    judged = judging.results(policy, record, now=now)
    ends = [
        record_evidence.evaluation_ends_at(policy, record.draft),
        record_evidence.review_due_at(policy, record, now=now),
        *_grading_ends(policy, record),
        *_evidence_ends(policy, record, judged),
        *(waivers.ends_at(policy, w.ends_on) for w in record.waivers if w.approved_at),
    ]
    if controls.awaits_operation(policy, judged):
        ends.append(record_evidence.first_review_at(policy, record, now=now))
    return min(ends)


def _evidence_ends(policy: Policy, record: ReleaseRecord, judged: tuple[ControlResult, ...]) -> list[datetime]:
    """When each figure that a block control rests on goes stale."""
    fresh = controls.freshness(policy, record.draft.tier)
    return [r.measured_at + fresh for r in judged if r.measured_at and _carries(policy, r)]


def _carries(policy: Policy, result: ControlResult) -> bool:
    control = policy.control(result.control_id)
    measured = control.phase is not Phase.FROM_RECORD
    return measured and control.gate is GateKind.BLOCK and result.outcome is ControlOutcome.PASS


def _grading_ends(policy: Policy, record: ReleaseRecord) -> list[datetime]:
    """The grading's own age limit, where the policy sets one."""
    applicable = policy.applicable(record.draft.tier, releases.ai_kind(policy, record.draft))
    limits = [m.limit_for(record.draft.tier) for c in applicable for m in c.metrics if m.name == "grading_age_days"]
    return [record.draft.evaluated_at + timedelta(days=limit) for limit in limits if limit is not None]
