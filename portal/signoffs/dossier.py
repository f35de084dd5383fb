"""Everything that the page of one release shows, judged now by the policy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from cleanroom.contracts.governance import ControlResult, ReleaseRecord, SignOffRequest
from cleanroom.errors import CleanroomError, NotAllowed
from cleanroom.governance import drafts, gate, matrix, releases, risk, waivers
from cleanroom.governance.policy import Policy
from cleanroom.governance.reasons import Reason
from cleanroom.vocabulary.terms import ControlOutcome, ReleaseState, SignOffRole, Tier
from portal.common.problems import sentence_of
from portal.signoffs.models import Release
from portal.signoffs.policy import current_policy
from portal.signoffs.queries import in_state, receivers, record_of, records_of
from portal.signoffs.standing import standing_incidents

if TYPE_CHECKING:
    from portal.accounts.models import User

OPEN = (ControlOutcome.FAIL, ControlOutcome.NOT_MEASURABLE)


@dataclass(frozen=True)
class Cell:
    """One field of the matrix: the worst outcome, and how many of its controls are met of those that apply."""

    anchor: str
    stage_text: dict
    outcome: str | None
    met: int
    applying: int
    controls: list[dict]


@dataclass(frozen=True)
class Principle:
    code: str
    text: dict
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class FactorLine:
    """One risk factor as it was answered. `anchor` is the policy's wording of the value."""

    code: str
    text: object
    value: int
    anchor: object
    weight: int
    because: object


@dataclass(frozen=True)
class Dossier:
    release: Release
    record: ReleaseRecord
    policy: Policy
    judged_at: datetime
    receivers: tuple[str, ...]
    blockers: tuple[Reason, ...]
    principles: tuple[Principle, ...]
    stages: tuple[dict, ...]
    factors: tuple[FactorLine, ...]
    grade_reasons: tuple
    missing: tuple[releases.MissingSignOff, ...]
    waivable: tuple[ControlResult, ...]
    waiver_last_day: date | None


def open_dossier(release: Release, *, now: datetime) -> Dossier:
    """Judge the record afresh. A draft of another policy is shown with the outcomes that it came with."""
    policy, record = current_policy(), record_of(release)
    codes = receivers()
    judged = _results(policy, record, now)
    return Dossier(
        release=release,
        record=record,
        policy=policy,
        judged_at=now,
        receivers=tuple(codes),
        blockers=_blockers(policy, release, record, now, codes),
        principles=_principles(policy, judged),
        stages=tuple(text.model_dump() for text in policy.stages.values()),
        factors=_factors(policy, record),
        grade_reasons=_grade_reasons(policy, record),
        missing=releases.missing_sign_offs(policy, record, participants=codes),
        waivable=_waivable(policy, record, judged),
        waiver_last_day=_last_day(policy, record, now),
    )


def _blockers(
    policy: Policy, release: Release, record: ReleaseRecord, now: datetime, codes: list[str]
) -> tuple[Reason, ...]:
    """Without the missing sign-offs, which the page lists by their seats; with incidents that would suspend it."""
    found = gate.blockers(policy, record, now=now, participants=codes)
    found += standing_incidents(release, now=now, record=record)
    return tuple(reason for reason in found if reason.code != "sign_off_missing")


def _results(policy: Policy, record: ReleaseRecord, now: datetime) -> tuple[ControlResult, ...]:
    if drafts.problems(policy, record.draft, now=now):
        known = {control.id for control in policy.controls}
        return tuple(r for r in record.draft.controls if r.control_id in known)
    return gate.results(policy, record, now=now)


def _principles(policy: Policy, results: tuple[ControlResult, ...]) -> tuple[Principle, ...]:
    cells = matrix.build(policy, results)
    rows = {str(p): [c for c in cells if c["principle"] == str(p)] for p in policy.principles}
    return tuple(
        Principle(code, own[0]["principle_text"], tuple(_cell(c) for c in own)) for code, own in rows.items() if own
    )


def _cell(cell: dict) -> Cell:
    applying = [control for control in cell["controls"] if control["applies"]]
    return Cell(
        anchor=f"{cell['principle']}-{cell['stage']}",
        stage_text=cell["stage_text"],
        outcome=cell["outcome"],
        met=sum(control["outcome"] == ControlOutcome.PASS for control in applying),
        applying=len(applying),
        controls=cell["controls"],
    )


def _factors(policy: Policy, record: ReleaseRecord) -> tuple[FactorLine, ...]:
    because = (record.draft.model_card.get("answers") or {}).get("factors", {})
    return tuple(
        FactorLine(code, f.text, value, f.anchors[value], f.weight, (because.get(code) or {}).get("because", ""))
        for code, f in policy.factors.items()
        if (value := record.draft.factors.get(code)) is not None
    )


def _grade_reasons(policy: Policy, record: ReleaseRecord) -> tuple:
    try:
        return risk.grade(policy, record.draft.factors, record.draft.declared).reasons
    except CleanroomError:
        return ()


def _waivable(policy: Policy, record: ReleaseRecord, results: tuple[ControlResult, ...]) -> tuple[ControlResult, ...]:
    """One result per control that is open, blocks, may be waived, and has no waiver yet."""
    asked = {waiver.control_id for waiver in record.waivers}
    found: dict[str, ControlResult] = {}
    for result in results:
        control = policy.control(result.control_id)
        if result.outcome in OPEN and control.gate == "block" and not control.not_waivable and control.id not in asked:
            found.setdefault(control.id, result)
    return tuple(found.values()) if record.state in waivers.OPEN_STATES else ()


def _last_day(policy: Policy, record: ReleaseRecord, now: datetime) -> date | None:
    return None if record.draft.tier is Tier.R0 else waivers.last_day(policy, record.draft.tier, now=now)


@dataclass(frozen=True)
class Desk:
    """In which capacities a person may sign this release now; `why_not` where in none."""

    capacities: tuple[SignOffRole, ...]
    why_not: str = ""


def desk_of(
    person: "User", record: ReleaseRecord, missing: Sequence[releases.MissingSignOff], codes: Sequence[str]
) -> Desk:
    """Asks governance for each capacity that the person holds and that the quorum still misses. `codes`: of the
    receiving institutions."""
    if record.state is not ReleaseState.SUBMITTED:
        return Desk(())
    wanted = {seat.role for seat in missing if seat.institution in (None, person.institution_code)}
    objections, may = [], []
    for role in sorted(person.capacities):
        objection = _objection(person, record, role, codes)
        if objection:
            objections.append(objection)
        elif role in wanted:
            may.append(role)
    return Desk(tuple(may), objections[0] if objections and not may else "")


def desks_of(person: "User") -> Iterator[tuple[Release, Desk]]:
    """Every release that waits for sign-offs, with this person's desk."""
    policy, codes, rows = current_policy(), receivers(), list(in_state(ReleaseState.SUBMITTED))
    for release, record in zip(rows, records_of(rows), strict=True):
        missing = releases.missing_sign_offs(policy, record, participants=codes)
        yield release, desk_of(person, record, missing, codes)


def _objection(person: "User", record: ReleaseRecord, role: SignOffRole, codes: Sequence[str]) -> str:
    request = SignOffRequest(role=role, decision="approve", subject_digest=record.draft.subject_digest)
    by, own = person.username, person.institution_code
    try:
        releases.check_may_sign(current_policy(), record, request, by=by, institution=own, participants=codes)
    except NotAllowed as e:
        return sentence_of(e)
    return ""
