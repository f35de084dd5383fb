"""The draft of a release: written once from answers and evidence, and checked again wherever it is read."""

from collections.abc import Mapping
from datetime import UTC, datetime

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.governance import ReleaseDigests, ReleaseDraft
from cleanroom.errors import CleanroomError, NotAllowed
from cleanroom.governance import controls, record_evidence, risk
from cleanroom.governance.answers import Answers
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import Policy
from cleanroom.governance.reasons import Reason, as_sentence, in_chinese
from cleanroom.vocabulary.terms import Tier

_PENDING = "0" * 64  # stands in the digests until the draft that they are taken of is complete


def compose(
    policy: Policy,
    *,
    release_id: str,
    answers: Answers,
    evidence: Mapping[str, Evidence],
    model_card: dict,
    artefact_digest: str,
    code_commit: str,
    data_snapshot: str,
    developer: str,
    evaluated_at: datetime,
) -> ReleaseDraft:
    """Grade, evaluate every applicable control, and bind all of it in the digests.

    `evidence`: by metric name, what scoring and the room measured; the answers' documents and what the draft itself
    tells are added here. `model_card`: from `model_card.build` with the same answers. `artefact_digest` and
    `data_snapshot`: SHA-256, hex. `developer`: username. Raises PolicyInvalid for incomplete answers.
    """
    evaluated_at = evaluated_at.astimezone(UTC)
    graded = risk.grade(policy, answers.factor_values, answers.declared_values)
    bare = ReleaseDraft(
        release_id=release_id,
        model=answers.model,
        use_case=answers.use_case,
        policy_version=policy.version,
        factors=answers.factor_values,
        declared=answers.declared_values,
        score=graded.score,
        tier=graded.tier,
        digests=ReleaseDigests(
            policy=policy.digest,
            answers=answers.digest,
            artefact=artefact_digest,
            code_commit=code_commit,
            data_snapshot=data_snapshot,
            evaluation=_PENDING,
        ),
        controls=(),
        model_card=model_card,
        developer=developer,
        evaluated_at=evaluated_at,
    )
    known = {**answers.evidence(confirmed_at=evaluated_at), **evidence}
    known |= record_evidence.from_draft(policy, bare, now=evaluated_at)
    kind = risk.ai_kind(policy, bare.declared)
    judged = controls.evaluate(policy, tier=bare.tier, ai_kind=kind, evidence=known, now=evaluated_at)
    return _bound(bare.model_copy(update={"controls": judged}))


def under(policy: Policy, draft: ReleaseDraft, *, measured_under: Policy) -> ReleaseDraft:
    """The draft as it would be if it were evaluated under `policy`: same model, answers, figures and time; new grade,
    control results and digests. `measured_under`: the policy whose references its results name.

    Raises PolicyInvalid where the answers do not cover what `policy` asks.
    """
    graded = risk.grade(policy, draft.factors, draft.declared)
    card = draft.model_card | {"tier": str(graded.tier), "score": graded.score}
    bare = draft.model_copy(
        update={
            "policy_version": policy.version,
            "score": graded.score,
            "tier": graded.tier,
            "model_card": card,
            "digests": draft.digests.model_copy(update={"policy": policy.digest}),
        }
    )
    known = controls.evidence_of(measured_under, draft.controls)
    known |= record_evidence.from_draft(policy, bare, now=draft.evaluated_at)
    kind = risk.ai_kind(policy, draft.declared)
    judged = controls.evaluate(policy, tier=graded.tier, ai_kind=kind, evidence=known, now=draft.evaluated_at)
    return _bound(bare.model_copy(update={"controls": judged}))


def _bound(draft: ReleaseDraft) -> ReleaseDraft:
    digests = draft.digests.model_copy(update={"evaluation": evaluation_digest(draft)})
    return draft.model_copy(update={"digests": digests})


def evaluation_digest(draft: ReleaseDraft) -> str:
    """SHA-256 over everything in the draft but the digests: results, grade, model card, developer, time."""
    return digest_of(draft.model_dump(mode="json", exclude={"digests"}))


def answers_digest(draft: ReleaseDraft) -> str:
    """SHA-256 of the answers as they stand in the model card, which is what the signers read."""
    return digest_of(draft.model_card.get("answers"))


def check_draft(
    policy: Policy, draft: ReleaseDraft, *, now: datetime, first_released_at: datetime | None = None
) -> None:
    """What the portal asks before it keeps a draft. Raises NotAllowed with every reason.

    `first_released_at`: when the use case was first released, None where never. Once its first review is due, a new
    release must own up to being in use already, so that evidence from operation cannot be put off for ever.
    """
    reasons = [*problems(policy, draft, now=now), *_in_use_problems(policy, draft, now, first_released_at)]
    if reasons:
        raise NotAllowed(
            as_sentence("the draft cannot be kept", tuple(reasons)),
            zh=in_chinese("草稿無法保存", tuple(reasons)),
            rule=reasons[0].code,
        )


def problems(policy: Policy, draft: ReleaseDraft, *, now: datetime) -> tuple[Reason, ...]:
    """Everything in the draft that is not what it says it is: policy, grade, answers, evaluation, time."""
    if draft.evaluated_at.tzinfo is None:
        return (Reason("evaluation_time", "the evaluation's time has no offset", "評估時間未載時區"),)
    found = []
    if draft.policy_version != policy.version or draft.digests.policy != policy.digest:
        found.append(Reason("policy", "the release was evaluated under another policy", "評估所依之政策版本不符"))
    if draft.evaluated_at > now + controls.CLOCK_TOLERANCE:
        found.append(Reason("evaluation_time", "the evaluation is dated in the future", "評估日期晚於現在"))
    if not _bound_as_it_says(draft):
        found.append(Reason("evaluation", "the evaluation is not the one that was bound", "評估內容與綁定之雜湊不符"))
    return (*found, *_grade_problems(policy, draft))


def _bound_as_it_says(draft: ReleaseDraft) -> bool:
    try:
        return evaluation_digest(draft) == draft.digests.evaluation
    except CleanroomError:  # no canonical form, so nothing can have been bound to it
        return False


def _grade_problems(policy: Policy, draft: ReleaseDraft) -> list[Reason]:
    """The answers must be the bound ones, and their grade must follow from the policy."""
    try:
        answers = Answers.model_validate(draft.model_card.get("answers"))
        graded = risk.grade(policy, draft.factors, draft.declared)
        bound = answers.digest == draft.digests.answers
    except (ValueError, CleanroomError) as e:
        return [Reason("answers", f"the risk answers cannot be judged: {_brief(e)}", "風險問卷無法判讀")]
    same = (answers.factor_values, answers.declared_values) == (draft.factors, draft.declared)
    if not (bound and same and (answers.model, answers.use_case) == (draft.model, draft.use_case)):
        return [Reason("answers", "the risk answers are not the ones that were bound", "風險問卷與綁定之雜湊不符")]
    if (graded.score, graded.tier) != (draft.score, draft.tier):
        return [Reason("grade", "the grade does not follow from the answers", "風險等級與問卷不符")]
    if graded.tier is Tier.R0:
        return [Reason("prohibited", r.en, r.zh_hant) for r in graded.reasons]
    return []


def _brief(error: Exception) -> str:
    return error.sentence if isinstance(error, CleanroomError) else "they are missing or incomplete"


def _in_use_problems(
    policy: Policy, draft: ReleaseDraft, now: datetime, first_released_at: datetime | None
) -> list[Reason]:
    if first_released_at is None or draft.tier is Tier.R0 or draft.declared.get(policy.in_use_question):
        return []
    days = policy.first_review_days[draft.tier]
    if (now - first_released_at).total_seconds() < days * 86_400:
        return []
    en = f"this use case was released more than {days} days ago; answer {policy.in_use_question} with yes"
    return [Reason("in_use", en, f"本用途已發布逾 {days} 日，{policy.in_use_question} 應答「是」")]
