"""Money blocked, as the Results page shows it: scenarios, institutions, delays, and what they rest on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from cleanroom.vocabulary.terms import Scenario
from portal.results.charts import BarChart, Item, bar_chart
from portal.results.names import SCENARIO_NAMES
from portal.results.suppression import HIDDEN, hidden_beside, must_suppress, shown_count, shown_with

if TYPE_CHECKING:
    from portal.accounts.models import User

Interval = tuple[float, float] | None


@dataclass(frozen=True)
class ScenarioLine:
    """One scenario against each bank alone. Money in TWD; intervals are 95 %, over which cases occurred. `innocent_*`:
    controlled although in no known pattern; None where the truth is not known."""

    label: str | Promise
    money_twd: float
    money_interval: Interval
    accounts: int
    extra_money_twd: float
    extra_interval: Interval
    extra_accounts: int
    innocent_accounts: int | None
    innocent_freeze_hours: float | None


def scenario_lines(body: Mapping[str, Any]) -> list[ScenarioLine]:
    """In the order of the scenarios; one that was not computed has no line."""
    figures = body.get("scenarios") or {}
    return [_scenario(name, figures[name], figures.get(Scenario.OWN_BANK, {})) for name in Scenario if name in figures]


def _scenario(name: Scenario, own: Mapping[str, Any], alone: Mapping[str, Any]) -> ScenarioLine:
    return ScenarioLine(
        label=SCENARIO_NAMES[name],
        money_twd=float(own["money_twd"]),
        money_interval=_interval(own, "money_twd_interval"),
        accounts=int(own["accounts"]),
        extra_money_twd=float(own["money_twd"]) - float(alone.get("money_twd", 0)),
        extra_interval=_interval(own, "extra_money_twd_interval"),
        extra_accounts=int(own["accounts"]) - int(alone.get("accounts", 0)),
        innocent_accounts=own.get("innocent_accounts"),
        innocent_freeze_hours=own.get("innocent_freeze_hours"),
    )


def _interval(figures: Mapping[str, Any], name: str) -> Interval:
    found = figures.get(name)
    return (float(found[0]), float(found[1])) if found else None


@dataclass(frozen=True)
class InstitutionLine:
    """What one institution would have blocked alone and together; None where too few accounts stand behind it."""

    code: str
    alone_money_twd: float | None
    alone_accounts: str
    together_money_twd: float | None
    together_accounts: str


def institution_lines(body: Mapping[str, Any], *, reader: "User") -> list[InstitutionLine]:
    scenarios = body.get("scenarios") or {}
    alone = (scenarios.get(Scenario.OWN_BANK) or {}).get("institutions") or {}
    together = (scenarios.get(Scenario.SHARED_GRAPH_REALTIME) or {}).get("institutions") or {}
    nothing = {"money_twd": 0.0, "accounts": 0}
    codes = sorted({*alone, *together})
    columns = [_column({code: side.get(code, nothing) for code in codes}, reader) for side in (alone, together)]
    return [InstitutionLine(code, *columns[0][code], *columns[1][code]) for code in codes]


def _column(figures: Mapping[str, Mapping], reader: "User") -> dict[str, tuple[float | None, str]]:
    """Money and accounts of one scenario by institution, as this reader may see them beside the scenario's total."""
    others = {code for code in figures if must_suppress(reader, institutions=(code,))}
    beside = hidden_beside({code: own["accounts"] for code, own in figures.items()}, suppressed=others)
    return {
        code: (None, HIDDEN)
        if code in beside
        else (
            shown_with(own["money_twd"], own["accounts"], suppress=code in others),
            shown_count(own["accounts"], suppress=code in others),
        )
        for code, own in figures.items()
    }


@dataclass(frozen=True)
class DelayLine:
    """Money blocked in TWD, by scenario in their order, when control follows so many hours after the notice."""

    hours: float
    money_twd: tuple[float, ...]


def delay_lines(body: Mapping[str, Any]) -> list[DelayLine]:
    curve = body.get("curve") or {}
    money = curve.get("money_twd") or {}
    series = [money[name] for name in Scenario if name in money]
    return [DelayLine(hours, tuple(row[i] for row in series)) for i, hours in enumerate(curve.get("delay_hours") or [])]


def blocked_chart(lines: Sequence[ScenarioLine]) -> BarChart | None:
    items = [
        Item(
            label=str(line.label),
            value=line.money_twd,
            text=_("%(money)s TWD, %(n)s accounts") % {"money": f"{line.money_twd:,.0f}", "n": f"{line.accounts:,}"},
            low=line.money_interval[0] if line.money_interval else None,
            high=line.money_interval[1] if line.money_interval else None,
        )
        for line in lines
    ]
    return bar_chart(items)


def assumptions(body: Mapping[str, Any]) -> list[Any]:
    """The statements that the result rests on, in the order in which they were published."""
    stated = body.get("assumptions") or []
    return [f"{name}: {value}" for name, value in stated.items()] if isinstance(stated, Mapping) else list(stated)
