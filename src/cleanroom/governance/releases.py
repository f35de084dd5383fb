"""The life of a release as a table, and who may sign it.

draft -> evaluated -> submitted -> approved -> released -> (suspended | retired)

A sign-off binds to one subject digest (policy, answers, artefact, code commit, data snapshot, evaluation). Nobody
signs in two capacities, and the developer does not sign for himself.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from cleanroom.contracts.governance import ReleaseDraft, ReleaseRecord, SignOff, SignOffRequest
from cleanroom.errors import NotAllowed
from cleanroom.governance import risk
from cleanroom.governance.policy import AiKind, Policy
from cleanroom.governance.reasons import Reason
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import ReleaseState, SignOffRole, Tier

NEXT: dict[ReleaseState, frozenset[ReleaseState]] = {
    ReleaseState.DRAFT: frozenset({ReleaseState.EVALUATED, ReleaseState.RETIRED}),
    ReleaseState.EVALUATED: frozenset({ReleaseState.SUBMITTED, ReleaseState.RETIRED}),
    # A rejection returns it to draft; changed content has another digest, so it starts over.
    ReleaseState.SUBMITTED: frozenset({ReleaseState.APPROVED, ReleaseState.DRAFT, ReleaseState.RETIRED}),
    ReleaseState.APPROVED: frozenset({ReleaseState.RELEASED, ReleaseState.DRAFT, ReleaseState.RETIRED}),
    ReleaseState.RELEASED: frozenset({ReleaseState.SUSPENDED, ReleaseState.RETIRED}),
    ReleaseState.SUSPENDED: frozenset({ReleaseState.RELEASED, ReleaseState.RETIRED}),
    ReleaseState.RETIRED: frozenset(),
}

# Moves that let scores out: the developer may ask for them, never make them.
_NOT_BY_DEVELOPER = frozenset({ReleaseState.APPROVED, ReleaseState.RELEASED})

# Capacities that have a hand in the model; an external validator comes from none of their institutions.
_INSIDE = frozenset({SignOffRole.OWNER, SignOffRole.SECOND_LINE, SignOffRole.VALIDATOR})


@dataclass(frozen=True)
class MissingSignOff:
    """A capacity that nobody has approved in yet; `institution` where each receiving institution has its own."""

    role: SignOffRole
    institution: str | None = None

    def __str__(self) -> str:
        return f"{self.role} of institution {self.institution}" if self.institution else str(self.role)


def check_may_move(
    policy: Policy, record: ReleaseRecord, to: ReleaseState, *, by: str, participants: Collection[str] = ()
) -> None:
    """Raise NotAllowed, saying why, unless `by` may move the release to `to` now.

    Checks the table, that the developer lets nothing out himself, that nothing prohibited goes on, and for APPROVED
    that the quorum is complete (`participants`: codes of the institutions that receive the output). RELEASED also
    needs `gate.check_may_release`, which calls this function first.
    """
    if to not in NEXT[record.state]:
        raise NotAllowed(
            f"a release cannot go from {record.state} to {to}", zh=f"發布版本不得由 {record.state} 轉為 {to}"
        )
    if to in _NOT_BY_DEVELOPER and by == record.draft.developer:
        raise NotAllowed(
            "a second person must do this: the developer of a model does not let it out himself",
            zh="須由第二人為之：模型開發人員不得自行放行其模型",
        )
    if record.draft.tier is Tier.R0 and to not in (ReleaseState.RETIRED, ReleaseState.DRAFT, ReleaseState.EVALUATED):
        raise NotAllowed(
            "this use is prohibited by the policy; no sign-off or waiver can release it",
            zh="此用途為政策所禁止，任何簽核或豁免均不得放行",
        )
    if to is ReleaseState.APPROVED:
        _check_approved(policy, record, participants)


def _check_approved(policy: Policy, record: ReleaseRecord, participants: Collection[str]) -> None:
    if not participants:
        raise NotAllowed(
            "name the institutions that receive the output; without any there is nobody to sign for",
            zh="請列出接收輸出之機構；未列則無人可代為簽核",
        )
    problems = sign_off_problems(policy, record, participants=participants)
    if problems:
        raise NotAllowed("; ".join(str(p) for p in problems), zh="；".join(p.zh_hant for p in problems))


def state_after_sign_off(policy: Policy, record: ReleaseRecord, *, participants: Collection[str]) -> ReleaseState:
    """Where a submitted release stands once its newest sign-off is in the record: returned to draft by a rejection,
    approved when the quorum is complete and clean, otherwise still submitted. Other states do not change."""
    if record.state is not ReleaseState.SUBMITTED:
        return record.state
    if rejections(record):
        return ReleaseState.DRAFT
    complete = participants and not sign_off_problems(policy, record, participants=participants)
    return ReleaseState.APPROVED if complete else ReleaseState.SUBMITTED


def check_may_sign(
    policy: Policy,
    record: ReleaseRecord,
    request: SignOffRequest,
    *,
    by: str,
    institution: str | None,
    participants: Collection[str],
) -> None:
    """Raise NotAllowed, saying why, unless person `by` of `institution` (code, None for the centre) may sign so now.

    That the person holds the capacity's role is the portal's to know and to check before.
    """
    reason = next(_objections(policy, record, request, by, institution, participants), None)
    if reason:
        raise NotAllowed(reason.en, zh=reason.zh_hant)


def _objections(
    policy: Policy,
    record: ReleaseRecord,
    request: SignOffRequest,
    by: str,
    institution: str | None,
    participants: Collection[str],
) -> Iterator[Both]:
    if record.state is not ReleaseState.SUBMITTED:
        yield Both(
            f"a release that is {record.state} takes no sign-offs; it must be submitted",
            f"狀態為 {record.state} 之發布版本不接受簽核；須先送審",
        )
    if record.draft.tier is Tier.R0:
        yield Both(
            "this use is prohibited by the policy; no sign-off can release it",
            "此用途為政策所禁止，任何簽核均不得放行",
        )
    elif request.role not in policy.quorum[record.draft.tier]:
        yield Both(
            f"a release of tier {record.draft.tier} has no sign-off as {request.role}",
            f"等級 {record.draft.tier} 之發布版本無 {request.role} 之簽核",
        )
    if request.subject_digest != record.draft.subject_digest:
        yield Both(
            "the release has changed since you read it: read it again and sign what it says now",
            "發布版本於閱讀後已變更；請重新閱讀後再簽核",
        )
    if by == record.draft.developer:
        yield Both("the developer of a model does not sign off its release", "模型開發人員不得簽核其模型之發布")
    if any(s.person == by for s in binding(record)):
        yield Both(
            "you have signed this release already; the next signature must come from another person",
            "您已簽核本次發布；其餘簽核須由他人為之",
        )
    yield from _institution_objections(record, request.role, institution, participants)


def _institution_objections(
    record: ReleaseRecord, role: SignOffRole, institution: str | None, participants: Collection[str]
) -> Iterator[Both]:
    if role is SignOffRole.INSTITUTION_REVIEWER and institution not in participants:
        yield Both(
            "only a reviewer of an institution that receives the output signs as its reviewer",
            "僅接收輸出之機構所屬審查人得以機構審查人身分簽核",
        )
    if institution is not None and role in _INSIDE and institution in _external_institutions(record):
        yield Both(
            "your institution has given the external validator of this release; it can have no other part in it",
            "貴機構已擔任本次發布之外部驗證人，不得再有其他參與",
        )
    if role is SignOffRole.EXTERNAL_VALIDATOR and not is_external(record, institution):
        yield Both(
            "the external validator must come from an institution that has no part in this model's release",
            "外部驗證人須來自未參與本模型發布之機構",
        )


def ai_kind(policy: Policy, draft: ReleaseDraft) -> AiKind:
    """Which kind of control list applies to a draft."""
    return risk.ai_kind(policy, draft.declared)


# --- the quorum ---------------------------------------------------------------------------------------------------


def binding(record: ReleaseRecord) -> tuple[SignOff, ...]:
    """Sign-offs over the release's present content. A changed byte voids the others."""
    subject = record.draft.subject_digest
    return tuple(s for s in record.sign_offs if s.subject_digest == subject)


def rejections(record: ReleaseRecord) -> tuple[SignOff, ...]:
    return tuple(s for s in binding(record) if s.decision == "reject")


def missing_sign_offs(
    policy: Policy, record: ReleaseRecord, *, participants: Collection[str]
) -> tuple[MissingSignOff, ...]:
    """Capacities of the tier's quorum without a valid approval over the present content, in the policy's order.

    `participants`: codes of the institutions that receive the output; each has its own reviewer.
    """
    if record.draft.tier is Tier.R0:
        return ()
    given = {_seat(s) for s in _counting(record)}
    seats = [seat for role in policy.quorum[record.draft.tier] for seat in _seats(role, participants)]
    return tuple(seat for seat in seats if seat not in given)


def _seats(role: SignOffRole, participants: Collection[str]) -> list[MissingSignOff]:
    if role is SignOffRole.INSTITUTION_REVIEWER:
        return [MissingSignOff(role, code) for code in sorted(participants)]
    return [MissingSignOff(role)]


def _seat(sign_off: SignOff) -> MissingSignOff:
    own = sign_off.role is SignOffRole.INSTITUTION_REVIEWER
    return MissingSignOff(sign_off.role, sign_off.institution if own else None)


def _counting(record: ReleaseRecord) -> tuple[SignOff, ...]:
    """Approvals that count: over the present content, by a person who is not the developer and signed once."""
    signed = [s.person for s in binding(record)]
    return tuple(
        s
        for s in binding(record)
        if s.decision == "approve"
        and s.person != record.draft.developer
        and signed.count(s.person) == 1
        and (s.role is not SignOffRole.EXTERNAL_VALIDATOR or is_external(record, s.institution))
    )


def is_external(record: ReleaseRecord, institution: str | None) -> bool:
    """Whether a validator of `institution` is from another institution than those who own, check and validate."""
    involved = {s.institution for s in binding(record) if s.role in _INSIDE}
    return institution is not None and institution not in involved


def _external_institutions(record: ReleaseRecord) -> set[str | None]:
    return {s.institution for s in binding(record) if s.role is SignOffRole.EXTERNAL_VALIDATOR}


def separation_violations(record: ReleaseRecord) -> int:
    """How many binding sign-offs break the separation of duties: by the developer, or a second one by one person."""
    people = [s.person for s in binding(record)]
    by_developer = people.count(record.draft.developer)
    others = [p for p in people if p != record.draft.developer]
    return by_developer + len(others) - len(set(others))


def sign_off_problems(policy: Policy, record: ReleaseRecord, *, participants: Collection[str]) -> tuple[Reason, ...]:
    """Everything that keeps the sign-offs from being complete and clean."""
    reasons = [
        Reason("sign_off_missing", f"the sign-off as {seat} is missing", f"缺少簽核：{seat}")
        for seat in missing_sign_offs(policy, record, participants=participants)
    ]
    if rejections(record):
        reasons.append(Reason("rejected", "a reviewer has rejected this release", "已有審查者駁回本次發布"))
    if separation_violations(record):
        reasons.append(
            Reason(
                "separation_of_duties",
                "the developer signed, or one person signed twice; these sign-offs do not count",
                "開發者自行簽核或同一人重複簽核，該簽核不予採計",
            )
        )
    return tuple(reasons)
