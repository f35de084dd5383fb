"""A candidate: the model that was trained last, while nobody has decided on it. It earns its shadow days by being kept.

It is measured again and again until people sign for it, or until one of the reasons here ends it; only then is
another one trained.
"""

from datetime import datetime, timedelta

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.governance import gate
from cleanroom.governance.policy import Phase, Policy
from cleanroom.governance.reasons import Reason
from cleanroom.governance.suspension import Drift, drift_reasons
from cleanroom.vocabulary.terms import ReleaseState

_DECIDED = {
    ReleaseState.DRAFT: ("a reviewer rejected it", "已遭審查者駁回"),
    ReleaseState.SUBMITTED: ("it awaits its sign-offs", "已送簽核"),
    ReleaseState.APPROVED: ("it is approved", "已核准"),
    ReleaseState.RELEASED: ("it is released", "已發布"),
    ReleaseState.SUSPENDED: ("it was released and is suspended", "已發布，現暫停中"),
    ReleaseState.RETIRED: ("it was withdrawn or replaced", "已撤回或由他版取代"),
}


def why_ended(
    policy: Policy,
    record: ReleaseRecord | None,
    *,
    trained_at: datetime,
    now: datetime,
    drift: Drift | None = None,
) -> Reason | None:
    """Why this candidate is one no longer, so that another model is to be trained; None where it is to be kept.

    `record`: its release as it stands, None where it was not drafted yet. `drift`: of its last shadow run, against
    what it was first measured on. The bound of age is the policy's setting `candidate_days`.
    """
    if record is not None and record.state is not ReleaseState.EVALUATED:
        en, zh_hant = _DECIDED[record.state]
        return Reason("decided", en, zh_hant)
    days = policy.settings["candidate_days"]
    if now - trained_at >= timedelta(days=days):
        en = f"it was trained {(now - trained_at).days} days ago; a candidate may wait {days:g}"
        return Reason("too_old", en, f"訓練至今已 {(now - trained_at).days} 日，候選模型以 {days:g} 日為限")
    return next(iter(drift_reasons(policy, drift)), None)


def shortfalls(policy: Policy, record: ReleaseRecord, *, now: datetime) -> tuple[Reason, ...]:
    """What would keep the gate shut beside signatures, and what only they can show; () where it is ripe to be
    submitted."""
    found = gate.control_reasons(policy, record, now=now)
    return tuple(r for r in found if not (r.code == "not_measurable" and _awaits_signatures(policy, r)))


def _awaits_signatures(policy: Policy, reason: Reason) -> bool:
    return policy.control(reason.control_id).phase is Phase.FROM_RECORD
