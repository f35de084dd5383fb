"""Messages between the locked room, the participants and the portal. Both ends validate the same models.

No message holds an identifier, a token or a row. Amounts are TWD cents. Times are aware, UTC on the wire.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from cleanroom.contracts.manifest import Count, Frozen, Hex32, InstitutionCode
from cleanroom.vocabulary.terms import (
    AnswerKind,
    ControlOutcome,
    Dataset,
    ReleaseState,
    Sector,
    Severity,
    SignOffRole,
    Tier,
    UploadState,
    WarningKind,
)


class Problem(Frozen):
    """Body of every refusal over HTTP (RFC 9457). `reason` is the refusal's reason code in cleanroom.errors."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    reason: str


# --- agreement, specification, keys -------------------------------------------------------------------------------


class KeyRegistration(Frozen):
    """`proof`: signature over KEY_PROOF_DOMAIN + canonical {participant, purpose, kid, public_key} (signing keys)."""

    kid: str
    purpose: Literal["signing", "sealing"]
    public_key: str  # signing: Ed25519, base64url; sealing: age recipient
    proof: str | None = None


class KeyStanding(Frozen):
    """The portal's answer to a proposed key. `challenge`: what its holder still has to open and answer, sealed to the
    key, base64; see cleanroom.contracts.possession."""

    kid: str
    state: Literal["proposed", "active", "replaced", "revoked"]
    challenge: str | None = None


class RegisteredKey(Frozen):
    kid: str
    purpose: Literal["signing", "sealing"]
    public_key: str
    state: Literal["proposed", "active", "revoked"]  # proposed: waits for a second person
    registered_at: datetime
    revoked_at: datetime | None = None


class MouStanding(Frozen):
    version: str
    digest: Hex32
    valid_from: date
    expires_on: date
    signed_at: datetime | None
    purposes: tuple[str, ...]


class SpecificationStanding(Frozen):
    version: int
    digest: Hex32
    ratified_by: tuple[InstitutionCode, ...]
    in_force_from: datetime | None


class ParticipantGate(Frozen):
    """What sealing and intake check before they touch anything."""

    participant: InstitutionCode
    name: str
    sector: Sector
    state: Literal["invited", "active", "suspended", "left"]
    mou: MouStanding | None
    specification: SpecificationStanding | None
    keys: tuple[RegisteredKey, ...]
    known_institutions: tuple[InstitutionCode, ...]
    next_sequence: dict[Dataset, int]
    room_recipient_kid: str | None  # the clean room's public age recipient, to seal uploads to
    room_recipient: str | None
    room_signing_kid: str | None
    room_signing_key: str | None  # verifies receipts and warnings


# --- uploads ------------------------------------------------------------------------------------------------------


class RuleResult(Frozen):
    """One rule of a gate over one whole file. Row numbers only (1-based, capped); never values."""

    rule: str
    column: str | None
    severity: Literal["fail", "warn"]
    passed: bool
    failed_rows: Count
    row_numbers: tuple[Count, ...] = ()


class Receipt(Frozen):
    """`signature`: the room's Ed25519 over RECEIPT_DOMAIN + canonical `body`."""

    body: dict[str, str | int]
    signing_kid: str
    signature: str


class UploadReport(Frozen):
    """The room's decision on one submission; the same report again changes nothing."""

    submission_id: Hex32
    participant: InstitutionCode
    dataset: Dataset
    sequence: Annotated[int, Field(ge=0)]  # 0 where the manifest could not be read
    specification_version: int
    period_first: date | None
    period_last: date | None
    state: UploadState
    reason: str | None  # reason code of cleanroom.errors
    sentence: str | None
    rows: Count
    bytes: Count
    decided_at: datetime
    quality: tuple[RuleResult, ...] = ()
    receipt: Receipt | None = None


class SubmissionOrder(Frozen):
    """What two people decided on one submission and the room carries out: release from quarantine, or withdrawal."""

    order_id: str
    kind: Literal["release", "withdraw"]
    submission_id: Hex32
    participant: InstitutionCode
    dataset: Dataset
    sequence: Count
    reason: str
    ordered_by: str
    approved_by: str
    approved_at: datetime


# --- line ---------------------------------------------------------------------------------------------------------


class StationRun(Frozen):
    run_id: str
    station: str
    step: str
    started_at: datetime
    seconds: float
    rows: Count
    detail: dict[str, str | int | float | bool | None] = {}


class ResultPublication(Frozen):
    """`kind`: blocked, detection, layers, legs, dispatch or shadow; `body` is the table the Results page shows."""

    run_id: str
    kind: Literal["blocked", "detection", "layers", "legs", "dispatch", "shadow"]
    computed_at: datetime
    body: dict


# --- governance ---------------------------------------------------------------------------------------------------


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


# --- warnings -----------------------------------------------------------------------------------------------------


class WarningMessage(Frozen):
    """`sealed_body`: age envelope to the institution, base64; inside stands a `WarningBody`, signed by the room."""

    warning_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    participant: InstitutionCode
    kind: WarningKind
    severity: Severity
    release_id: str
    reason_codes: tuple[str, ...]
    amount_bound_cents: Count
    layer: int | None
    composed_at: datetime
    sealed_body: str


class PathStep(Frozen):
    """One transfer on the way to the warned account, without identifiers."""

    layer: int
    executed_at: datetime
    sender_institution: InstitutionCode
    receiver_institution: InstitutionCode
    amount_cents: Count


class WarningBody(Frozen):
    warning_id: str
    participant: InstitutionCode
    kind: WarningKind
    handle: str  # opens only with the institution's own handle key
    score: float
    reasons: tuple[dict[str, str], ...]  # {"code", "en", "zh_hant"}
    path: tuple[PathStep, ...]
    amount_bound_cents: Count
    requested_action: str
    composed_at: datetime


class AnswerMessage(Frozen):
    """The institution's business acknowledgement. `signature` covers ANSWER_DOMAIN + canonical of the other fields
    (without `signature`), under a signing key registered for the participant."""

    warning_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    participant: InstitutionCode
    answer: AnswerKind
    action: str  # hold, restrict, call_customer, none
    answered_at: datetime
    reason: str
    held_cents: Count = 0
    signing_kid: str
    signature: str


class WarningStanding(Frozen):
    """A warning as the room reads it back: delivery and answers, for evaluation."""

    warning_id: str
    participant: InstitutionCode
    kind: WarningKind
    severity: Severity
    composed_at: datetime
    delivered_at: datetime | None
    attempts: int
    answers: tuple[AnswerMessage, ...]


class AuditEvent(Frozen):
    """`subject` names a thing (submission, release, warning, key), never a person's data."""

    at: datetime
    actor: str
    verb: str
    subject: str
    detail: dict[str, str | int | float | bool | None] = {}
