"""Evidence that stands in the release record itself; derived each time, so that nobody can supply it wrongly."""

from datetime import datetime, timedelta

from cleanroom.contracts.governance import ReleaseDraft, ReleaseRecord
from cleanroom.governance import model_card, releases, waivers
from cleanroom.governance.controls import freshness
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import Policy
from cleanroom.vocabulary.terms import Tier

_DAY = timedelta(days=1)


def from_draft(policy: Policy, draft: ReleaseDraft, *, now: datetime) -> dict[str, Evidence]:
    """What the draft alone tells: age of grading and report, completeness of card and inventory entry."""
    age_days = (now - draft.evaluated_at) / _DAY
    card = draft.model_card
    return {
        "grading_age_days": Evidence(age_days, measured_at=now),
        "report_age_days": Evidence(age_days, measured_at=now),
        "model_card_completeness": Evidence(model_card.completeness(card, policy.model_card_fields), measured_at=now),
        "inventory_completeness": Evidence(
            model_card.completeness(card.get("inventory", {}), policy.inventory_fields), measured_at=now
        ),
    }


def from_record(policy: Policy, record: ReleaseRecord, *, now: datetime) -> dict[str, Evidence]:
    """What the draft, the sign-offs, the waivers and the time of release tell."""
    found = from_draft(policy, record.draft, now=now)
    overdue = (now - review_due_at(policy, record, now=now)) / _DAY
    found["review_overdue_days"] = Evidence(max(0.0, overdue), measured_at=now)
    found["expired_waivers"] = Evidence(len(waivers.expired(policy, record, now=now)), measured_at=now)
    signed = len(releases.binding(record))
    if signed:  # nobody has signed: nothing to say about who signed
        violations = releases.separation_violations(record)
        found["sod_violations"] = Evidence(violations, measured_at=now, cases=signed)
    return found


def review_due_at(policy: Policy, record: ReleaseRecord, *, now: datetime) -> datetime:
    """By when the release must be reviewed again by the calendar; a release that is not out yet counts from now."""
    tier = Tier.R3 if record.draft.tier is Tier.R0 else record.draft.tier
    return (record.released_at or now) + policy.review_days[tier] * _DAY


def first_review_at(policy: Policy, record: ReleaseRecord, *, now: datetime) -> datetime:
    """By when evidence from operation must have arrived."""
    tier = Tier.R3 if record.draft.tier is Tier.R0 else record.draft.tier
    return (record.released_at or now) + policy.first_review_days[tier] * _DAY


def evaluation_ends_at(policy: Policy, draft: ReleaseDraft) -> datetime:
    """When the evaluation as a whole goes stale."""
    return draft.evaluated_at + freshness(policy, draft.tier)
