"""The demo consortium: who there is, from a plan that lists the institutions.

Every capacity of the strictest quorum has its own person, so that no sign-off of the demo is signed twice by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field

from cleanroom.contracts.manifest import Frozen, InstitutionCode
from cleanroom.vocabulary.terms import Role as R
from cleanroom.vocabulary.terms import Sector
from cleanroom.vocabulary.terms import SignOffRole as S


class PlannedInstitution(Frozen):
    code: InstitutionCode
    name: str = Field(min_length=1, max_length=120)
    name_zh: str = Field(min_length=1, max_length=120)
    sector: Sector


class Plan(Frozen):
    """What PLAN.json holds."""

    institutions: tuple[PlannedInstitution, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Seat:
    """One person or service to be. `institution` is a code; None is the programme's own staff."""

    username: str
    full_name: str
    roles: tuple[R, ...]
    capacities: tuple[S, ...] = ()
    institution: str | None = None
    is_service: bool = False


FOUNDER = Seat("administrator", "Ann Admin 安德明", (R.PLATFORM_ADMINISTRATOR,))

CENTRAL = (
    Seat("coordinator", "Claire Chen 陳可蕾", (R.COORDINATOR,)),
    Seat("coordinator2", "Colin Chou 周科霖", (R.COORDINATOR,)),
    Seat("key-custodian", "Kay Kuo 郭凱怡", (R.KEY_CUSTODIAN,)),
    Seat("auditor", "Audrey Ou 歐黛麗", (R.AUDITOR,)),
    Seat("analyst", "Alan An 安納倫", (R.ANALYST,)),
    Seat("output-checker", "Olga Ou 歐佳", (R.OUTPUT_CHECKER,)),
    Seat("model-developer", "Max Mo 莫馬修", (R.MODEL_DEVELOPER,)),
    Seat("owner", "Owen Ong 翁文", (R.GOVERNANCE_REVIEWER,), (S.OWNER,)),
    Seat("second-line", "Selina Su 蘇琳", (R.GOVERNANCE_REVIEWER,), (S.SECOND_LINE,)),
    Seat("data-steward", "Dana Ding 丁黛娜", (R.DATA_STEWARD,), (S.DATA_STEWARD,)),
    Seat("validator", "Val Wang 王維", (R.GOVERNANCE_REVIEWER,), (S.VALIDATOR,)),
    Seat("executive", "Eve Yeh 葉依文", (R.GOVERNANCE_APPROVER,), (S.ACCOUNTABLE_EXECUTIVE,)),
    Seat("legal", "Leo Li 李力歐", (R.GOVERNANCE_REVIEWER,), (S.LEGAL,)),
    Seat("approver", "Abby Pai 白艾比", (R.GOVERNANCE_APPROVER,)),
    Seat("room", "Clean room 無塵室", (R.ROOM_SERVICE,), is_service=True),
    Seat("dispatcher", "Dispatcher 派送服務", (R.DISPATCHER_SERVICE,), is_service=True),
)


def seats(plan: Plan) -> Iterator[Seat]:
    """Everyone but the founder."""
    yield from CENTRAL
    for institution in plan.institutions:
        yield from _of_institution(institution)
    yield _external_validator(plan.institutions[0])


def _of_institution(institution: PlannedInstitution) -> Iterator[Seat]:
    code, name = institution.code, institution.name
    yield Seat(f"officer-{code}", f"Officer, {name}", (R.PARTICIPANT_OFFICER,), institution=code)
    yield Seat(f"steward-{code}", f"Data steward, {name}", (R.DATA_STEWARD,), institution=code)
    yield Seat(
        f"reviewer-{code}", f"Governance reviewer, {name}", (R.GOVERNANCE_REVIEWER,), (S.INSTITUTION_REVIEWER,), code
    )
    yield Seat(f"upload-{code}", f"Upload service, {name}", (R.UPLOAD_SERVICE,), institution=code, is_service=True)


def _external_validator(institution: PlannedInstitution) -> Seat:
    name = f"External validator, {institution.name}"
    return Seat(
        f"external-validator-{institution.code}", name, (R.GOVERNANCE_REVIEWER,), (S.EXTERNAL_VALIDATOR,),
        institution.code,
    )  # fmt: skip
