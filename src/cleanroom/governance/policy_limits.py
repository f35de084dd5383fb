"""What a policy fixes for each tier and for the whole of what it governs: times, signatures, thresholds, suspension."""

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator

from cleanroom.contracts.manifest import Frozen
from cleanroom.governance.misfits import Misfits
from cleanroom.vocabulary.terms import SignOffRole, Tier

Days = Annotated[int, Field(ge=1, le=3660)]


class PerTier(Frozen):
    R1: Days
    R2: Days
    R3: Days

    def __getitem__(self, tier: Tier) -> int:
        return getattr(self, str(tier))


class WaiverRules(Frozen):
    max_days: PerTier
    time_zone: str  # `ends_on` is a whole day there

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in available_timezones():
            raise Misfits.of("time_zone", f"{name} is not a time zone; give one such as Asia/Taipei",
                             f"{name} 不是時區；例如 Asia/Taipei")  # fmt: skip
        return name


class SuspensionRules(Frozen):
    """What suspends a release by itself: a population stability index over the limit, of the scores or of one input, on
    at least `least_cases` accounts; an open incident of one of the grades (1 is the worst) that names the release."""

    psi_over: Annotated[float, Field(gt=0)]
    input_psi_over: Annotated[float, Field(gt=0)]
    least_cases: Annotated[int, Field(ge=1)]
    incident_grades: tuple[Literal[1, 2, 3], ...]


class Quorum(Frozen):
    R1: tuple[SignOffRole, ...]
    R2: tuple[SignOffRole, ...]
    R3: tuple[SignOffRole, ...]

    def __getitem__(self, tier: Tier) -> tuple[SignOffRole, ...]:
        return getattr(self, str(tier))


class Thresholds(Frozen):
    """A score below `R2_from` is R1; from `R3_from` on it is R3."""

    R2_from: float
    R3_from: float
