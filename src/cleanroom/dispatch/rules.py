"""What decides how pressing a warning is and how many go out. Amounts in TWD cents, times in hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cleanroom.vocabulary.terms import Severity


@dataclass(frozen=True)
class DispatchRules:
    """`fresh_hours`, `near_layers`: money that came so lately, over so few transfers, may still be on the account.
    `daily_cap`: warnings per institution and day; what is over it waits for the next day, the least pressing last.
    `care_capacity`: care notices per run over all institutions."""

    fresh_hours: float = 72.0
    near_layers: int = 2
    daily_cap: int = 500
    care_capacity: int = 100


def at_stake(score: float, resting_cents: int) -> float:
    """What a notice can be expected to stop: the chance that the account is a mule's, times what came in lately and
    still rests there, TWD cents. Who is suspicious goes by the score alone; who of them is told first, by this
    (docs/adr/0124). Numbers or arrays."""
    return score * resting_cents


def mule_severity(rules: DispatchRules, *, layer: int | None, arrived_at: datetime | None, as_of: datetime) -> Severity:
    """Critical where reported money came near and lately; what only the model suspects is normal."""
    near = layer is not None and layer <= rules.near_layers
    return Severity.CRITICAL if near and _fresh(rules, arrived_at, as_of) else Severity.NORMAL


def care_severity(rules: DispatchRules, *, last_paid_at: datetime, as_of: datetime) -> Severity:
    """Critical while the payment is fresh: it may be stopped, and the next one prevented."""
    return Severity.CRITICAL if _fresh(rules, last_paid_at, as_of) else Severity.NORMAL


def _fresh(rules: DispatchRules, moment: datetime | None, as_of: datetime) -> bool:
    return moment is not None and as_of - moment <= timedelta(hours=rules.fresh_hours)
