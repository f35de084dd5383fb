"""Who may do what: one table, read by the actions, the pages, the access page and the tests.

`check_may` raises and `may` answers; both give the same sentence, so that a button can say why it is closed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cleanroom.errors import NotAllowed
from cleanroom.vocabulary.terms import Role as R
from portal.accounts.names import ROLE_NAMES
from portal.common.said import in_both

if TYPE_CHECKING:
    from portal.accounts.models import User


class Scope(StrEnum):
    """How far a role reaches: to every institution, or to the holder's own."""

    ALL = "all"
    OWN = "own"


class Permission(StrEnum):
    MANAGE_PEOPLE = "manage_people"
    READ_PEOPLE = "read_people"
    ISSUE_TOKEN = "issue_token"  # noqa: S105  names a right, holds no secret
    INVITE_PARTICIPANT = "invite_participant"
    CHANGE_PARTICIPANT_STATE = "change_participant_state"
    READ_PARTICIPANT = "read_participant"
    PROPOSE_KEY = "propose_key"
    APPROVE_KEY = "approve_key"
    REVOKE_KEY = "revoke_key"
    READ_ROOM_KEY = "read_room_key"
    PROPOSE_ROOM_KEY = "propose_room_key"
    APPROVE_ROOM_KEY = "approve_room_key"
    REVOKE_ROOM_KEY = "revoke_room_key"
    PROPOSE_ENDPOINT = "propose_endpoint"
    APPROVE_ENDPOINT = "approve_endpoint"
    DISABLE_ENDPOINT = "disable_endpoint"
    PUBLISH_MOU = "publish_mou"
    SIGN_MOU = "sign_mou"
    PUBLISH_SPECIFICATION = "publish_specification"
    RATIFY_SPECIFICATION = "ratify_specification"
    READ_PROGRAMME = "read_programme"
    PLAN_PROGRAMME = "plan_programme"
    RECORD_EVENT = "record_event"
    READ_AUDIT = "read_audit"
    READ_CHECKPOINTS = "read_checkpoints"
    REPORT_CHECKPOINT = "report_checkpoint"
    COSIGN_CHECKPOINT = "cosign_checkpoint"
    REPORT_UPLOAD = "report_upload"
    READ_UPLOADS = "read_uploads"
    ORDER_RELEASE = "order_release"
    APPROVE_RELEASE_ORDER = "approve_release_order"
    ORDER_WITHDRAWAL = "order_withdrawal"
    APPROVE_WITHDRAWAL_ORDER = "approve_withdrawal_order"
    REPORT_STATION = "report_station"
    PUBLISH_RESULT = "publish_result"
    READ_RESULTS = "read_results"
    DRAFT_RELEASE = "draft_release"
    KEEP_PACK = "keep_pack"
    READ_RELEASE = "read_release"
    SUBMIT_RELEASE = "submit_release"
    SIGN_RELEASE = "sign_release"
    REQUEST_WAIVER = "request_waiver"
    APPROVE_WAIVER = "approve_waiver"
    PUBLISH_RELEASE = "publish_release"
    SUSPEND_RELEASE = "suspend_release"
    HOLD_RELEASE = "hold_release"
    REPLAY_POLICY = "replay_policy"
    READ_INCIDENTS = "read_incidents"
    REPORT_INCIDENT = "report_incident"
    HANDLE_INCIDENT = "handle_incident"
    SEND_WARNINGS = "send_warnings"
    READ_WARNINGS = "read_warnings"
    ANSWER_WARNING = "answer_warning"
    READ_WARNING_STANDINGS = "read_warning_standings"
    MANAGE_DELIVERY = "manage_delivery"


P, ALL, OWN = Permission, Scope.ALL, Scope.OWN

# People and services of an institution read their own institution's things.
_OF_INSTITUTION = {R.PARTICIPANT_OFFICER: OWN, R.UPLOAD_SERVICE: OWN, R.DATA_STEWARD: OWN, R.GOVERNANCE_REVIEWER: OWN}
_READERS = {R.COORDINATOR: ALL, R.AUDITOR: ALL, R.ROOM_SERVICE: ALL, **_OF_INSTITUTION}
_EVERYONE = dict.fromkeys(R, ALL)

RIGHTS: Mapping[Permission, Mapping[R, Scope]] = {
    P.MANAGE_PEOPLE: {R.PLATFORM_ADMINISTRATOR: ALL},
    P.READ_PEOPLE: {R.PLATFORM_ADMINISTRATOR: ALL, R.AUDITOR: ALL, R.COORDINATOR: ALL},
    P.ISSUE_TOKEN: {R.PLATFORM_ADMINISTRATOR: ALL},
    P.INVITE_PARTICIPANT: {R.COORDINATOR: ALL},
    P.CHANGE_PARTICIPANT_STATE: {R.COORDINATOR: ALL},
    P.READ_PARTICIPANT: {**_READERS, R.KEY_CUSTODIAN: ALL, R.PLATFORM_ADMINISTRATOR: ALL, R.DISPATCHER_SERVICE: ALL},
    # The action asks for a second person; who may do both may not do both to one key.
    P.PROPOSE_KEY: {R.PARTICIPANT_OFFICER: OWN, R.UPLOAD_SERVICE: OWN, R.KEY_CUSTODIAN: ALL},
    P.APPROVE_KEY: {R.PARTICIPANT_OFFICER: OWN, R.KEY_CUSTODIAN: ALL},
    P.REVOKE_KEY: {R.PARTICIPANT_OFFICER: OWN, R.KEY_CUSTODIAN: ALL},
    P.READ_ROOM_KEY: _EVERYONE,
    P.PROPOSE_ROOM_KEY: {R.ROOM_SERVICE: ALL, R.KEY_CUSTODIAN: ALL},
    P.APPROVE_ROOM_KEY: {R.KEY_CUSTODIAN: ALL, R.COORDINATOR: ALL},
    P.REVOKE_ROOM_KEY: {R.KEY_CUSTODIAN: ALL, R.COORDINATOR: ALL},
    P.PROPOSE_ENDPOINT: {R.PARTICIPANT_OFFICER: OWN},
    P.APPROVE_ENDPOINT: {R.COORDINATOR: ALL},
    P.DISABLE_ENDPOINT: {R.COORDINATOR: ALL, R.DISPATCHER_SERVICE: ALL, R.PARTICIPANT_OFFICER: OWN},
    P.PUBLISH_MOU: {R.COORDINATOR: ALL},
    P.SIGN_MOU: {R.PARTICIPANT_OFFICER: OWN},
    P.PUBLISH_SPECIFICATION: {R.COORDINATOR: ALL},
    P.RATIFY_SPECIFICATION: {R.DATA_STEWARD: OWN},
    P.READ_PROGRAMME: _EVERYONE,
    P.PLAN_PROGRAMME: {R.COORDINATOR: ALL},
    P.RECORD_EVENT: {R.ROOM_SERVICE: ALL, R.DISPATCHER_SERVICE: ALL, R.UPLOAD_SERVICE: OWN},
    P.READ_AUDIT: {R.AUDITOR: ALL, R.COORDINATOR: ALL},
    P.READ_CHECKPOINTS: _EVERYONE,
    P.REPORT_CHECKPOINT: {R.ROOM_SERVICE: ALL},
    P.COSIGN_CHECKPOINT: {R.UPLOAD_SERVICE: OWN},
    P.REPORT_UPLOAD: {R.ROOM_SERVICE: ALL},
    P.READ_UPLOADS: {**_READERS, R.KEY_CUSTODIAN: ALL, R.GOVERNANCE_APPROVER: ALL},
    P.ORDER_RELEASE: {R.DATA_STEWARD: OWN, R.COORDINATOR: ALL},
    P.APPROVE_RELEASE_ORDER: {R.KEY_CUSTODIAN: ALL, R.GOVERNANCE_APPROVER: ALL},
    P.ORDER_WITHDRAWAL: {R.DATA_STEWARD: OWN, R.PARTICIPANT_OFFICER: OWN},
    P.APPROVE_WITHDRAWAL_ORDER: {R.KEY_CUSTODIAN: ALL, R.GOVERNANCE_APPROVER: ALL, R.GOVERNANCE_REVIEWER: OWN},
    P.REPORT_STATION: {R.ROOM_SERVICE: ALL},
    P.PUBLISH_RESULT: {R.ROOM_SERVICE: ALL},
    P.READ_RESULTS: _EVERYONE,
    P.DRAFT_RELEASE: {R.ROOM_SERVICE: ALL, R.MODEL_DEVELOPER: ALL},
    P.KEEP_PACK: {R.ROOM_SERVICE: ALL},
    P.READ_RELEASE: _EVERYONE,
    P.SUBMIT_RELEASE: {R.ROOM_SERVICE: ALL, R.MODEL_DEVELOPER: ALL},
    # Who may sign in which capacity stands in the person's capacities; the role admits to the desk.
    P.SIGN_RELEASE: {
        R.GOVERNANCE_REVIEWER: ALL, R.GOVERNANCE_APPROVER: ALL, R.DATA_STEWARD: ALL, R.COORDINATOR: ALL,
    },
    P.REQUEST_WAIVER: {R.MODEL_DEVELOPER: ALL, R.COORDINATOR: ALL, R.ROOM_SERVICE: ALL},
    P.APPROVE_WAIVER: {R.GOVERNANCE_APPROVER: ALL},
    P.PUBLISH_RELEASE: {R.GOVERNANCE_APPROVER: ALL},
    P.SUSPEND_RELEASE: {R.GOVERNANCE_APPROVER: ALL, R.GOVERNANCE_REVIEWER: ALL, R.ROOM_SERVICE: ALL},
    P.HOLD_RELEASE: {R.GOVERNANCE_REVIEWER: OWN},
    P.REPLAY_POLICY: {R.GOVERNANCE_APPROVER: ALL, R.COORDINATOR: ALL},
    # An institution's people read what they reported and what all were told of, and report complaints.
    P.READ_INCIDENTS: {
        R.ROOM_SERVICE: ALL, R.COORDINATOR: ALL, R.AUDITOR: ALL, R.OUTPUT_CHECKER: ALL, R.GOVERNANCE_REVIEWER: ALL,
        R.GOVERNANCE_APPROVER: ALL, R.PARTICIPANT_OFFICER: OWN, R.DATA_STEWARD: OWN,
    },
    P.REPORT_INCIDENT: {
        R.ROOM_SERVICE: ALL, R.COORDINATOR: ALL, R.OUTPUT_CHECKER: ALL, R.GOVERNANCE_REVIEWER: ALL,
        R.GOVERNANCE_APPROVER: ALL, R.PARTICIPANT_OFFICER: OWN,
    },
    P.HANDLE_INCIDENT: {R.COORDINATOR: ALL, R.GOVERNANCE_APPROVER: ALL},  # whoever reported it does not close it
    P.SEND_WARNINGS: {R.ROOM_SERVICE: ALL, R.DISPATCHER_SERVICE: ALL},
    P.READ_WARNINGS: {
        R.COORDINATOR: ALL, R.AUDITOR: ALL, R.OUTPUT_CHECKER: ALL, R.PARTICIPANT_OFFICER: OWN, R.UPLOAD_SERVICE: OWN,
    },
    P.ANSWER_WARNING: {R.PARTICIPANT_OFFICER: OWN, R.UPLOAD_SERVICE: OWN},
    P.READ_WARNING_STANDINGS: {
        R.ROOM_SERVICE: ALL, R.DISPATCHER_SERVICE: ALL, R.COORDINATOR: ALL, R.AUDITOR: ALL, R.OUTPUT_CHECKER: ALL,
    },
    P.MANAGE_DELIVERY: {R.COORDINATOR: ALL, R.OUTPUT_CHECKER: ALL},  # a second person lifts a stop
}  # fmt: skip

ACTS = {
    P.MANAGE_PEOPLE: gettext_lazy("manage people and their roles"),
    P.READ_PEOPLE: gettext_lazy("read who has an account"),
    P.ISSUE_TOKEN: gettext_lazy("issue API tokens"),
    P.INVITE_PARTICIPANT: gettext_lazy("invite an institution"),
    P.CHANGE_PARTICIPANT_STATE: gettext_lazy("suspend or reinstate an institution"),
    P.READ_PARTICIPANT: gettext_lazy("read an institution's record"),
    P.PROPOSE_KEY: gettext_lazy("propose an institution's key"),
    P.APPROVE_KEY: gettext_lazy("approve an institution's key"),
    P.REVOKE_KEY: gettext_lazy("revoke an institution's key"),
    P.READ_ROOM_KEY: gettext_lazy("read the clean room's public keys"),
    P.PROPOSE_ROOM_KEY: gettext_lazy("propose the clean room's keys"),
    P.APPROVE_ROOM_KEY: gettext_lazy("approve the clean room's keys"),
    P.REVOKE_ROOM_KEY: gettext_lazy("revoke the clean room's keys"),
    P.PROPOSE_ENDPOINT: gettext_lazy("propose an institution's alert address"),
    P.APPROVE_ENDPOINT: gettext_lazy("approve an institution's alert address"),
    P.DISABLE_ENDPOINT: gettext_lazy("disable an institution's alert address"),
    P.PUBLISH_MOU: gettext_lazy("publish a version of the MoU"),
    P.SIGN_MOU: gettext_lazy("sign the MoU"),
    P.PUBLISH_SPECIFICATION: gettext_lazy("publish a specification version"),
    P.RATIFY_SPECIFICATION: gettext_lazy("ratify the specification"),
    P.READ_PROGRAMME: gettext_lazy("read the programme"),
    P.PLAN_PROGRAMME: gettext_lazy("plan the programme"),
    P.RECORD_EVENT: gettext_lazy("record an event of a service"),
    P.READ_AUDIT: gettext_lazy("read the audit log"),
    P.READ_CHECKPOINTS: gettext_lazy("read the audit logs' checkpoints"),
    P.REPORT_CHECKPOINT: gettext_lazy("report a checkpoint of an audit log"),
    P.COSIGN_CHECKPOINT: gettext_lazy("cosign a checkpoint for an institution"),
    P.REPORT_UPLOAD: gettext_lazy("report the decision on an upload"),
    P.READ_UPLOADS: gettext_lazy("read uploads"),
    P.ORDER_RELEASE: gettext_lazy("order the release of an upload from quarantine"),
    P.APPROVE_RELEASE_ORDER: gettext_lazy("approve the release of an upload from quarantine"),
    P.ORDER_WITHDRAWAL: gettext_lazy("order the withdrawal of an upload"),
    P.APPROVE_WITHDRAWAL_ORDER: gettext_lazy("approve the withdrawal of an upload"),
    P.REPORT_STATION: gettext_lazy("report a station's run"),
    P.PUBLISH_RESULT: gettext_lazy("publish a result"),
    P.READ_RESULTS: gettext_lazy("read results"),
    P.DRAFT_RELEASE: gettext_lazy("draft a model release"),
    P.KEEP_PACK: gettext_lazy("hand in an evidence pack"),
    P.READ_RELEASE: gettext_lazy("read model releases"),
    P.SUBMIT_RELEASE: gettext_lazy("submit a model release"),
    P.SIGN_RELEASE: gettext_lazy("sign off a model release"),
    P.REQUEST_WAIVER: gettext_lazy("request a waiver"),
    P.APPROVE_WAIVER: gettext_lazy("approve a waiver"),
    P.PUBLISH_RELEASE: gettext_lazy("release a model"),
    P.SUSPEND_RELEASE: gettext_lazy("suspend a model release"),
    P.HOLD_RELEASE: gettext_lazy("hold a release for the own institution"),
    P.REPLAY_POLICY: gettext_lazy("replay a policy over past releases"),
    P.READ_INCIDENTS: gettext_lazy("read the register of incidents"),
    P.REPORT_INCIDENT: gettext_lazy("report an incident"),
    P.HANDLE_INCIDENT: gettext_lazy("deal with an incident"),
    P.SEND_WARNINGS: gettext_lazy("send warnings"),
    P.READ_WARNINGS: gettext_lazy("read warnings"),
    P.ANSWER_WARNING: gettext_lazy("answer a warning"),
    P.READ_WARNING_STANDINGS: gettext_lazy("read the standing of all warnings"),
    P.MANAGE_DELIVERY: gettext_lazy("manage the delivery of warnings"),
}


@dataclass(frozen=True)
class Answer:
    """Truthy where allowed; `why` is the sentence for the person where not."""

    allowed: bool
    why: str = ""

    def __bool__(self) -> bool:
        return self.allowed


def may(by: "User", permission: Permission, *, institution: str | None = None) -> Answer:
    """Whether `by` may act now, on the institution with this code (None: on something of no institution)."""
    objection = _objection(by, permission, institution)
    return Answer(False, objection()) if objection else Answer(True)


def check_may(by: "User", permission: Permission, *, institution: str | None = None) -> None:
    """Raise NotAllowed, saying which roles it takes, unless `by` may."""
    if objection := _objection(by, permission, institution):
        raise NotAllowed(**in_both(objection))


def _objection(by: "User", permission: Permission, institution: str | None) -> Callable[[], str] | None:
    """What says, in the language of the moment, why `by` may not; None where `by` may."""
    rights = RIGHTS[permission]
    scopes = {rights[role] for role in by.roles if role in rights} if by.is_active else set()
    if Scope.ALL in scopes or (Scope.OWN in scopes and institution is not None and institution == by.institution_code):
        return None
    return partial(_only_own if Scope.OWN in scopes else _lacks_role, permission)


def within_reach(by: "User", permission: Permission) -> frozenset[str] | None:
    """Codes of the institutions whose things `by` may read; None means all. Raises NotAllowed where none."""
    if may(by, permission):
        return None
    code = by.institution_code
    if code is not None and may(by, permission, institution=code):
        return frozenset({code})
    raise NotAllowed(**in_both(partial(_lacks_role, permission)))


def may_anywhere(by: "User", permission: Permission) -> bool:
    """For menu entries: whether there is any institution, or none at all, on which `by` may act."""
    return bool(may(by, permission) or may(by, permission, institution=by.institution_code))


def _only_own(permission: Permission) -> str:
    return _("You may %(act)s for your own institution only.") % {"act": ACTS[permission]}


def _lacks_role(permission: Permission) -> str:
    roles = ", ".join(str(ROLE_NAMES[role.value]) for role in sorted(RIGHTS[permission]))
    return _("To %(act)s takes one of these roles: %(roles)s.") % {"act": ACTS[permission], "roles": roles}
