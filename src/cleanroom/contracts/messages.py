"""Messages between the locked room, the participants and the portal. Both ends validate the same models.

No message holds an identifier, a token or a row. Amounts are TWD cents. Times are aware, UTC on the wire.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from cleanroom.contracts.manifest import Count, Frozen, Hex32, InstitutionCode
from cleanroom.vocabulary.terms import (
    AnswerKind,
    Dataset,
    Sector,
    Severity,
    UploadState,
    WarningKind,
)


class Problem(Frozen):
    """Body of every refusal over HTTP (RFC 9457). `reason` is the refusal's reason code in cleanroom.errors.
    `detail_zh`: the same sentence in Traditional Chinese; the portal always has it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    reason: str
    detail_zh: str | None = None


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
