"""Messages of governance: a release, what people sign and waive, incidents, the emergency stop and evidence packs.

As in `messages`, no message holds an identifier, a token or a row, and times are aware, UTC on the wire.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from cleanroom.contracts.manifest import Frozen, Hex32, InstitutionCode
from cleanroom.vocabulary.terms import ControlOutcome, ReleaseState, SignOffRole, Tier


class ControlResult(Frozen):
    """One metric of one control. `value` is the point estimate, `low` and `high` its confidence bounds, `reference`
    what a relative limit was compared with: enough to judge it again without the evidence. `detail`: how it was
    measured, or why it could not be."""

    control_id: str
    outcome: ControlOutcome
    metric: str | None = None
    value: float | None = None
    limit: str | None = None
    detail: str = ""
    detail_zh_hant: str = ""
    measured_at: datetime | None = None
    cases: int | None = None
    low: float | None = None
    high: float | None = None
    reference: float | None = None


class ReleaseDigests(Frozen):
    """Everything that a sign-off binds to. A changed byte voids it."""

    policy: Hex32
    answers: Hex32
    artefact: Hex32
    code_commit: str
    data_snapshot: Hex32
    evaluation: Hex32


class ReleaseDraft(Frozen):
    release_id: str
    model: str
    use_case: str
    policy_version: str
    factors: dict[str, int]
    declared: dict[str, bool]  # answers that floors and prohibitions read
    score: float
    tier: Tier
    digests: ReleaseDigests
    controls: tuple[ControlResult, ...]
    model_card: dict
    developer: str  # username
    evaluated_at: datetime

    @property
    def subject_digest(self) -> str:
        from cleanroom.contracts.canonical import digest_of

        return digest_of(self.digests.model_dump(mode="json"))


class SignOffRequest(Frozen):
    role: SignOffRole
    decision: Literal["approve", "reject"]
    subject_digest: Hex32
    comment: str = ""


class SignOff(Frozen):
    person: str
    institution: InstitutionCode | None
    role: SignOffRole
    decision: Literal["approve", "reject"]
    subject_digest: Hex32
    comment: str
    signed_at: datetime


class WaiverRequest(Frozen):
    control_id: str
    reason: Annotated[str, Field(min_length=10)]
    compensating_control: Annotated[str, Field(min_length=10)]
    owner: str
    ends_on: date


class Waiver(Frozen):
    control_id: str
    reason: str
    compensating_control: str
    owner: str
    requested_by: str
    approved_by: str | None
    approved_at: datetime | None
    ends_on: date


class ReleaseRecord(Frozen):
    """What the portal holds of a release; the room recomputes the gate from it and trusts no summary."""

    draft: ReleaseDraft
    state: ReleaseState
    sign_offs: tuple[SignOff, ...]
    waivers: tuple[Waiver, ...]
    released_at: datetime | None
    suspended_reason: str | None = None
    held_by: tuple[InstitutionCode, ...] = ()  # institutions that hold the release for their own traffic


IncidentKind = Literal["operation", "privacy", "complaint"]
IncidentGrade = Literal[1, 2, 3]  # 1 is the worst
Account = Annotated[str, Field(min_length=10, max_length=400)]


class IncidentReport(Frozen):
    """What somebody reports. `summary`: what happened, without a person's data. The same report again changes
    nothing."""

    kind: IncidentKind
    grade: IncidentGrade
    release_id: str | None = None
    detected_at: AwareDatetime
    summary: Account


class IncidentNotice(Frozen):
    """What the participants are told of an incident."""

    text: Account


class IncidentClosing(Frozen):
    """How an incident was settled. `upheld`: of a complaint, whether it was right."""

    settled: Account
    upheld: bool | None = None


class IncidentStanding(Frozen):
    """An unexpected event in operation, a privacy incident or a customer's complaint, as the portal keeps it.

    `grade`: 1 is the worst. `detected_at`: when it was noticed; `told_at`: when the participants were told.
    `upheld`: of a complaint that was decided. No text: what happened stands in the portal."""

    incident_id: str
    kind: IncidentKind
    grade: IncidentGrade
    release_id: str | None = None
    detected_at: datetime
    acknowledged_at: datetime | None = None
    told_at: datetime | None = None
    closed_at: datetime | None = None
    upheld: bool | None = None


class RowExports(Frozen):
    """How often people took warnings away from the portal as rows. `beyond_own`: of those, with rows of another
    institution than the person's own."""

    taken: Annotated[int, Field(ge=0)]
    beyond_own: Annotated[int, Field(ge=0)]


class SendingStop(Frozen):
    """The emergency stop that stands: nothing is scored for sending, and nothing is sent, until another person lifts
    it."""

    reason: str
    stopped_at: datetime


class PackStanding(Frozen):
    """An evidence pack that the portal keeps. `pack`: SHA-256 of the file; `content`: of what was judged in it, so that
    nobody packs the same standing of a release twice."""

    release_id: str
    pack: Hex32
    content: Hex32
    judged_at: datetime
    allowed: bool
