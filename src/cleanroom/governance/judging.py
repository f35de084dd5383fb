"""A release record judged afresh: the record's own figures and signatures, the policy's limits, the present time."""

from datetime import datetime

from cleanroom.contracts.governance import ControlResult, ReleaseRecord
from cleanroom.governance import controls, record_evidence, releases, waivers
from cleanroom.governance.policy import Policy


def results(policy: Policy, record: ReleaseRecord, *, now: datetime) -> tuple[ControlResult, ...]:
    """Every applicable control judged at `now` on the record's evidence, with valid waivers applied."""
    evidence = controls.evidence_of(policy, record.draft.controls)
    evidence |= record_evidence.from_record(policy, record, now=now)
    kind = releases.ai_kind(policy, record.draft)
    draft = record.draft
    judged = controls.evaluate(
        policy, tier=draft.tier, ai_kind=kind, evidence=evidence, now=now, evaluated_at=draft.evaluated_at
    )
    return controls.with_waivers(policy, judged, waivers.valid(policy, record, now=now))


def has_naive_times(record: ReleaseRecord) -> bool:
    """Whether a time in the record has no offset, so that it names no moment and nothing can be judged by it."""
    times = [
        record.released_at,
        *(s.signed_at for s in record.sign_offs),
        *(w.approved_at for w in record.waivers),
    ]
    return any(t is not None and t.tzinfo is None for t in times)
