"""Release records at a fixed time, for the rules of governance: complete and clean, unless a test changes something."""

from datetime import UTC, datetime, timedelta
from functools import cache

from cleanroom.contracts.governance import ReleaseDraft, ReleaseRecord, SignOff, Waiver
from cleanroom.governance import drafts, model_card, releases, risk, waivers
from cleanroom.governance.answers import Answers, Document, load_answers
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import Metric, Phase, Policy, Text, load_policy
from cleanroom.vocabulary.terms import ReleaseState, SignOffRole, Tier

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
CODES = ("700", "808", "822")
ARTEFACT = "a" * 64
COMMIT = "c" * 40
DEVELOPER = "dev"
REASON = "not measured before the first release"


def evidence_for(policy: Policy, tier: Tier = Tier.R3, *, at: datetime = NOW) -> dict[str, Evidence]:
    """Every figure that is due before a release, exactly at its limit; references included."""
    metrics = [m for c in policy.controls if c.phase is Phase.BEFORE_RELEASE for m in c.metrics]
    found = {m.name: _at_limit(m, tier, at) for m in metrics}
    return found | {m.reference.metric: Evidence(0.5, measured_at=at) for m in metrics if m.reference}


def _at_limit(metric: Metric, tier: Tier, at: datetime) -> Evidence:
    value = 0.5 if metric.reference or metric.operator == "recorded" else metric.limit_for(tier)
    return Evidence(float(value), low=float(value), high=float(value), cases=10_000, measured_at=at)


@cache
def _own_answers() -> Answers:
    return load_answers()


def answers_for(tier: Tier) -> Answers:
    """The answers of the line's own model (R3), or lighter ones that grade R1 or R2."""
    own = _own_answers()
    if tier is Tier.R3:
        return own
    values = {"F1": 0, "F2": 1, "F3": 1, "F4": 1, "F5": 1, "F6": 0} if tier is Tier.R1 else {"F1": 2, "F3": 1, "F6": 1}
    factors = {n: a.model_copy(update={"value": values.get(n, 1)}) for n, a in own.factors.items()}
    alone = own.declared["used_by_several_institutions"].model_copy(update={"answer": False})
    return own.model_copy(
        update={"factors": factors, "declared": own.declared | {"used_by_several_institutions": alone}}
    )


def card_for(policy: Policy, answers: Answers) -> dict:
    graded = risk.grade(policy, answers.factor_values, answers.declared_values)
    return model_card.build(
        policy,
        answers,
        graded,
        developer=DEVELOPER,
        model_type="gradient boosting",
        version="2026.1",
        training_data={"period": "2025-09 to 2026-02", "rows": 1000},
        features={"layer": "layers from the nearest watch-listed account"},
        metrics={"precision_at_capacity": 0.5},
        metrics_by_group={"kind": {"personal": {"false_positive_rate": 0.01}}},
        limits=["Accounts of institutions that do not take part are not seen."],
        last_validation="2026-03-02",
    )


def a_draft(policy: Policy | None = None, *, tier: Tier = Tier.R3, **changes: Evidence | None) -> ReleaseDraft:
    """`changes`: evidence by metric in place of what passes; None takes it away."""
    policy, answers = policy or load_policy(), answers_for(tier)
    found = evidence_for(policy, tier) | changes
    # Documents come from the answers; a test that changes one changes it there.
    documents = {n: d for n, d in answers.documents.items() if n not in changes} | {
        n: _document(found.pop(n)) for n in list(found) if n in answers.documents and n in changes and found[n]
    }
    answers = answers.model_copy(update={"documents": documents})
    return drafts.compose(
        policy,
        release_id="release-1",
        answers=answers,
        evidence={n: e for n, e in found.items() if e is not None and n not in documents},
        model_card=card_for(policy, answers),
        artefact_digest=ARTEFACT,
        code_commit=COMMIT,
        data_snapshot="d" * 64,
        developer=DEVELOPER,
        evaluated_at=NOW,
    )


def _document(e: Evidence) -> Document:
    words = Text(en="a document", zh_hant="文件")
    return Document(value=e.value, title=words, statement=words)


def a_record(
    draft: ReleaseDraft | None = None, *, state: ReleaseState = ReleaseState.EVALUATED, **more
) -> ReleaseRecord:
    given = {"sign_offs": (), "waivers": (), "released_at": None} | more
    return ReleaseRecord(draft=draft or a_draft(), state=state, **given)


def signed(policy: Policy, record: ReleaseRecord, codes: tuple[str, ...] = CODES) -> ReleaseRecord:
    """Submitted, and every seat of the quorum approved by a person of its own."""
    record = record.model_copy(update={"state": ReleaseState.SUBMITTED, "sign_offs": ()})
    seats = releases.missing_sign_offs(policy, record, participants=codes)
    return record.model_copy(update={"sign_offs": tuple(sign(record, seat) for seat in seats)})


def sign(record: ReleaseRecord, seat: releases.MissingSignOff, *, by: str | None = None, **changes) -> SignOff:
    outside = "822" if seat.role is SignOffRole.EXTERNAL_VALIDATOR else None
    given = {
        "person": by or f"{seat.role}-{seat.institution or 'centre'}",
        "institution": seat.institution or outside,
        "role": seat.role,
        "decision": "approve",
        "subject_digest": record.draft.subject_digest,
        "comment": "",
        "signed_at": NOW + timedelta(hours=1),
    }
    return SignOff(**(given | changes))


def released(policy: Policy | None = None, draft: ReleaseDraft | None = None, **more) -> ReleaseRecord:
    """Signed by all and released at NOW + 2 h."""
    policy = policy or load_policy()
    record = signed(policy, a_record(draft or a_draft(policy), **more))
    at = NOW + timedelta(hours=2)
    return record.model_copy(update={"state": ReleaseState.RELEASED, "released_at": at})


def a_waiver(policy: Policy, control_id: str, *, tier: Tier = Tier.R3, **changes) -> Waiver:
    given = {
        "control_id": control_id,
        "reason": REASON,
        "compensating_control": "an officer decides every case",
        "owner": "owner-centre",
        "requested_by": "asker",
        "approved_by": "approver",
        "approved_at": NOW,
        "ends_on": waivers.last_day(policy, tier, now=NOW),
    }
    return Waiver(**(given | changes))
