"""The plan as data: phases and milestones, in months from the start."""

from datetime import date, timedelta
from importlib.resources import files

import yaml
from pydantic import Field

from cleanroom.contracts.manifest import Frozen
from portal.programme.models import EvidenceKind


class PlannedMilestone(Frozen):
    """`month`: due at the end of the month that many after the first."""

    key: str
    month: int = Field(ge=0)
    name: str
    name_zh: str
    evidence: EvidenceKind


class PlannedPhase(Frozen):
    """`months`: first and last, both included."""

    key: str
    name: str
    name_zh: str
    months: tuple[int, int]
    milestones: tuple[PlannedMilestone, ...] = ()


def load_plan(name: str = "anti_fraud_lab") -> tuple[PlannedPhase, ...]:
    raw = (files("portal.programme") / "data" / f"{name}.yaml").read_text(encoding="utf-8")
    return tuple(PlannedPhase.model_validate(phase) for phase in yaml.safe_load(raw)["phases"])


def month_start(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def month_end(first: date, months: int) -> date:
    return month_start(first, months + 1) - timedelta(days=1)
