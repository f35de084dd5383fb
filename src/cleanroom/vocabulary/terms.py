"""Closed sets. The value is what stands in files, tables and messages; docs/glossary.md holds both languages."""

from enum import StrEnum


class Sector(StrEnum):
    BANK = "bank"
    POST_OFFICE = "post_office"
    TELECOM = "telecom"
    PLATFORM = "platform"
    E_PAYMENT = "e_payment"


class Dataset(StrEnum):
    TRANSFERS = "transfers"
    ACCOUNTS = "accounts"
    LIST_EVENTS = "list_events"
    CROSS_INDUSTRY_LIST = "cross_industry_list"
    HOLDINGS = "holdings"
    CONTACTS = "contacts"


class IdentifierKind(StrEnum):
    ACCOUNT = "account"
    NATIONAL_ID = "national_id"
    BUSINESS_NO = "business_no"
    PHONE = "phone"
    EMAIL = "email"
    DEVICE = "device"
    PLATFORM_ACCOUNT = "platform_account"


class FileFormat(StrEnum):
    PARQUET = "parquet"
    CSV = "csv"
    QUERY = "query"  # on the institution's own database


class Encoding(StrEnum):
    UTF_8 = "utf-8"
    CP950 = "cp950"


class Calendar(StrEnum):
    GREGORIAN = "gregorian"
    ROC = "roc"


class Channel(StrEnum):
    ATM = "atm"
    ONLINE = "online"
    MOBILE = "mobile"
    COUNTER = "counter"
    E_PAYMENT = "e_payment"
    OTHER = "other"


class ListName(StrEnum):
    WATCH_LISTED = "watch_listed"
    DERIVED = "derived"
    ADMONISHED = "admonished"
    SUSPICIOUS = "suspicious"


class ListEvent(StrEnum):
    LISTED = "listed"
    EXTENDED = "extended"
    LIFTED = "lifted"
    EXPIRED = "expired"


class UploadState(StrEnum):
    """Where a submission stands. `held` waits for the sequence number before it. `superseded` and `withdrawn` follow
    `accepted`: the rows are gone and the key to the sealed parts is destroyed; the number stays used."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    REFUSED = "refused"
    HELD = "held"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Scheme(StrEnum):
    """How identifiers are hashed the first time."""

    HMAC2 = "hmac2-v1"
    R255_REKEY = "r255-rekey-v1"


class WarningKind(StrEnum):
    """`mule`: a suspected account, to the institution that can stop the money. `care`: a potential victim."""

    MULE = "mule"
    CARE = "care"


class Severity(StrEnum):
    CRITICAL = "critical"
    NORMAL = "normal"


class AnswerKind(StrEnum):
    RECEIVED = "received"
    REVIEWING = "reviewing"
    CONTROLLED = "controlled"
    DISMISSED = "dismissed"


class Scenario(StrEnum):
    OWN_BANK = "own_bank"
    SHARED_LIST = "shared_list"
    SHARED_GRAPH_DAILY = "shared_graph_daily"
    SHARED_GRAPH_REALTIME = "shared_graph_realtime"


class ReleaseState(StrEnum):
    DRAFT = "draft"
    EVALUATED = "evaluated"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RELEASED = "released"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class Tier(StrEnum):
    R0 = "R0"
    R1 = "R1"
    R2 = "R2"
    R3 = "R3"


class ControlOutcome(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    WARN = "warn"
    NOT_MEASURABLE = "not_measurable"
    WAIVED = "waived"


class Role(StrEnum):
    """Who may do what in the portal; design: trust, portal rights."""

    COORDINATOR = "coordinator"
    PARTICIPANT_OFFICER = "participant_officer"
    UPLOAD_SERVICE = "upload_service"
    DATA_STEWARD = "data_steward"
    ANALYST = "analyst"
    MODEL_DEVELOPER = "model_developer"
    GOVERNANCE_REVIEWER = "governance_reviewer"
    GOVERNANCE_APPROVER = "governance_approver"
    KEY_CUSTODIAN = "key_custodian"
    OUTPUT_CHECKER = "output_checker"
    AUDITOR = "auditor"
    DISPATCHER_SERVICE = "dispatcher_service"
    ROOM_SERVICE = "room_service"
    PLATFORM_ADMINISTRATOR = "platform_administrator"


class LookoutRole(StrEnum):
    """What a client of the lookout may: ask about accounts, or hand in transfers. None may do both."""

    READER = "reader"
    FEEDER = "feeder"


class SignOffRole(StrEnum):
    """The capacities in which a release is signed off; the quorum per tier stands in the policy file."""

    OWNER = "owner"
    SECOND_LINE = "second_line"
    DATA_STEWARD = "data_steward"
    VALIDATOR = "validator"
    INSTITUTION_REVIEWER = "institution_reviewer"
    ACCOUNTABLE_EXECUTIVE = "accountable_executive"
    EXTERNAL_VALIDATOR = "external_validator"
    LEGAL = "legal"
