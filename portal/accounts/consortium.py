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


FOUNDER = Seat("administrator", "Platform administrator 平台管理員", (R.PLATFORM_ADMINISTRATOR,))

CENTRAL = (
    Seat("coordinator", "Coordinator 專案協調人", (R.COORDINATOR,)),
    Seat("coordinator2", "Second coordinator 第二協調人", (R.COORDINATOR,)),
    Seat("key-custodian", "Key custodian 金鑰保管人", (R.KEY_CUSTODIAN,)),
    Seat("auditor", "Auditor 稽核", (R.AUDITOR,)),
    Seat("analyst", "Analyst 分析人員", (R.ANALYST,)),
    Seat("output-checker", "Output checker 輸出檢查人", (R.OUTPUT_CHECKER,)),
    Seat("model-developer", "Model developer 模型開發人員", (R.MODEL_DEVELOPER,)),
    Seat("owner", "Model owner 模型負責人", (R.GOVERNANCE_REVIEWER,), (S.OWNER,)),
    Seat("second-line", "Second line 第二道防線", (R.GOVERNANCE_REVIEWER,), (S.SECOND_LINE,)),
    Seat("data-steward", "Data steward 資料管理人", (R.DATA_STEWARD,), (S.DATA_STEWARD,)),
    Seat("validator", "Validator 驗證人", (R.GOVERNANCE_REVIEWER,), (S.VALIDATOR,)),
    Seat("executive", "Executive 高階負責主管", (R.GOVERNANCE_APPROVER,), (S.ACCOUNTABLE_EXECUTIVE,)),
    Seat("legal", "Legal 法務", (R.GOVERNANCE_REVIEWER,), (S.LEGAL,)),
    Seat("approver", "Approver 治理核可人", (R.GOVERNANCE_APPROVER,)),
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
