"""The roles' and capacities' names for people, and which roles exclude each other."""

from django.utils.translation import gettext_lazy as _

from cleanroom.vocabulary.terms import Role, SignOffRole

ROLE_NAMES = {
    Role.COORDINATOR.value: _("Coordinator"),
    Role.PARTICIPANT_OFFICER.value: _("Participant officer"),
    Role.UPLOAD_SERVICE.value: _("Upload service"),
    Role.DATA_STEWARD.value: _("Data steward"),
    Role.ANALYST.value: _("Analyst"),
    Role.MODEL_DEVELOPER.value: _("Model developer"),
    Role.GOVERNANCE_REVIEWER.value: _("Governance reviewer"),
    Role.GOVERNANCE_APPROVER.value: _("Governance approver"),
    Role.KEY_CUSTODIAN.value: _("Key custodian"),
    Role.OUTPUT_CHECKER.value: _("Output checker"),
    Role.AUDITOR.value: _("Auditor"),
    Role.DISPATCHER_SERVICE.value: _("Dispatcher service"),
    Role.ROOM_SERVICE.value: _("Clean room service"),
    Role.PLATFORM_ADMINISTRATOR.value: _("Platform administrator"),
}

CAPACITY_NAMES = {
    SignOffRole.OWNER.value: _("Owner"),
    SignOffRole.SECOND_LINE.value: _("Second line of defence"),
    SignOffRole.DATA_STEWARD.value: _("Data steward"),
    SignOffRole.VALIDATOR.value: _("Validator"),
    SignOffRole.INSTITUTION_REVIEWER.value: _("Institution's reviewer"),
    SignOffRole.ACCOUNTABLE_EXECUTIVE.value: _("Accountable executive"),
    SignOffRole.EXTERNAL_VALIDATOR.value: _("Validator from another institution"),
    SignOffRole.LEGAL.value: _("Legal"),
}

SERVICES = frozenset({Role.UPLOAD_SERVICE, Role.DISPATCHER_SERVICE, Role.ROOM_SERVICE})

# Roles of one institution's people: without an institution they would reach nothing, or everything.
OF_AN_INSTITUTION = frozenset({Role.PARTICIPANT_OFFICER, Role.UPLOAD_SERVICE})

_PEOPLE = [role for role in Role if role not in SERVICES]


def _pair(first: Role, second: Role) -> frozenset[Role]:
    return frozenset({first, second})


# Who must not be one person. The auditor changes nothing; a developer does not judge his own model; who
# administers accounts decides nothing with them; a service is no person.
INCOMPATIBLE: frozenset[frozenset[Role]] = frozenset(
    {_pair(Role.AUDITOR, other) for other in Role if other is not Role.AUDITOR}
    | {_pair(Role.PLATFORM_ADMINISTRATOR, other) for other in Role if other is not Role.PLATFORM_ADMINISTRATOR}
    | {_pair(service, person) for service in SERVICES for person in _PEOPLE}
    | {_pair(first, second) for first in SERVICES for second in SERVICES if first is not second}
    | {
        _pair(Role.MODEL_DEVELOPER, Role.GOVERNANCE_REVIEWER),
        _pair(Role.MODEL_DEVELOPER, Role.GOVERNANCE_APPROVER),
        _pair(Role.MODEL_DEVELOPER, Role.OUTPUT_CHECKER),
        _pair(Role.GOVERNANCE_REVIEWER, Role.GOVERNANCE_APPROVER),
        _pair(Role.ANALYST, Role.OUTPUT_CHECKER),
        _pair(Role.COORDINATOR, Role.KEY_CUSTODIAN),
        _pair(Role.COORDINATOR, Role.PARTICIPANT_OFFICER),
    }
)
