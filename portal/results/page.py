"""What the Results page shows, made from the publications for one reader."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from cleanroom.vocabulary.terms import Scenario
from portal.alerts.health import Standing
from portal.results.charts import BarChart, Item, LineChart, bar_chart, line_chart
from portal.results.names import LEG_NAMES, SCENARIO_NAMES, STATION_NAMES
from portal.results.queries import Run
from portal.results.suppression import must_suppress, shown_count, shown_with

if TYPE_CHECKING:
    from portal.accounts.models import User


# --- blocked ------------------------------------------------------------------------------------------------------


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
    return [
        _institution(code, alone.get(code, nothing), together.get(code, nothing), reader)
        for code in sorted({*alone, *together})
    ]


def _institution(code: str, alone: Mapping, together: Mapping, reader: "User") -> InstitutionLine:
    suppress = must_suppress(reader, institutions=(code,))
    return InstitutionLine(
        code=code,
        alone_money_twd=shown_with(alone["money_twd"], alone["accounts"], suppress=suppress),
        alone_accounts=shown_count(alone["accounts"], suppress=suppress),
        together_money_twd=shown_with(together["money_twd"], together["accounts"], suppress=suppress),
        together_accounts=shown_count(together["accounts"], suppress=suppress),
    )


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


# --- layers -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LayerLine:
    """Accounts at one layer in both directions, and how many of them stand at no nearer layer."""

    layer: int
    forward: str
    forward_first: str
    backward: str
    backward_first: str


def layer_chart(body: Mapping[str, Any]) -> LineChart | None:
    """Cumulative seconds against the number of layers: the programme's own benchmark."""
    seconds = body.get("cumulative_seconds") or []
    return line_chart([(str(layer), float(value)) for layer, value in enumerate(seconds)], unit="s")


def layer_lines(body: Mapping[str, Any], *, reader: "User") -> list[LayerLine]:
    """Sums over all institutions; small ones are suppressed for participants."""
    sums: Counter[tuple[int, str, str]] = Counter()
    for row in body.get("rows") or ():
        for figure in ("accounts", "first_reached"):
            sums[int(row["layer"]), row["direction"], figure] += int(row[figure])
    suppress = must_suppress(reader, institutions=())
    columns = [(d, f) for d in ("forward", "backward") for f in ("accounts", "first_reached")]
    return [
        LayerLine(layer, *(shown_count(sums[layer, d, f], suppress=suppress) for d, f in columns))
        for layer in sorted({layer for layer, _direction, _figure in sums})
    ]


# --- legs ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LegLine:
    sender: str
    receiver: str
    state: str | Promise
    issue: str
    transfers: str


def leg_totals(body: Mapping[str, Any]) -> list[tuple[str | Promise, int]]:
    totals = body.get("totals") or {}
    return [(label, int(totals.get(f"legs_{state}", 0))) for state, label in LEG_NAMES.items()]


def leg_lines(body: Mapping[str, Any], *, reader: "User") -> list[LegLine]:
    """What did not fit together, by pair of institutions. What fits is in the totals."""
    rows = [row for row in body.get("rows") or () if row["leg_state"] in ("unmatched", "disagreeing")]
    return [_leg(row, reader) for row in rows]


def _leg(row: Mapping[str, Any], reader: "User") -> LegLine:
    ends = (str(row["sender_institution"]), str(row["receiver_institution"]))
    suppress = must_suppress(reader, institutions=ends)
    return LegLine(
        *ends,
        LEG_NAMES[row["leg_state"]],
        row.get("issue") or "",
        shown_count(int(row["transfers"]), suppress=suppress),
    )


# --- stations -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StationLine:
    label: str | Promise
    seconds: float
    rows: int
    steps: int


def station_lines(run: Run) -> list[StationLine]:
    return [StationLine(STATION_NAMES.get(s.station, s.station), s.seconds, s.rows, len(s.steps)) for s in run.stations]


def station_chart(run: Run) -> BarChart | None:
    return bar_chart([Item(str(line.label), line.seconds, f"{line.seconds:,.1f} s") for line in station_lines(run)])


# --- notice to control --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NoticeLine:
    """Times of one institution in seconds; None where too few answered to be shown to this reader."""

    code: str
    name: str
    name_zh: str
    warnings: str
    answered: str
    controlled: str
    answer_p50: float | None
    answer_p95: float | None
    control_p50: float | None
    control_p95: float | None


def notice_lines(standings: Sequence[Standing], *, reader: "User") -> list[NoticeLine]:
    return [_notice(s, must_suppress(reader, institutions=(s.code,))) for s in standings]


def _notice(s: Standing, suppress: bool) -> NoticeLine:
    answer, control = s.to_answer, s.to_control
    return NoticeLine(
        code=s.code,
        name=s.name,
        name_zh=s.name_zh,
        warnings=shown_count(s.sent, suppress=suppress),
        answered=shown_count(answer.cases, suppress=suppress),
        controlled=shown_count(control.cases, suppress=suppress),
        answer_p50=shown_with(answer.p50, answer.cases, suppress=suppress),
        answer_p95=shown_with(answer.p95, answer.cases, suppress=suppress),
        control_p50=shown_with(control.p50, control.cases, suppress=suppress),
        control_p95=shown_with(control.p95, control.cases, suppress=suppress),
    )


# --- detection and assumptions ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CapacityLine:
    """Precision and recall when so many warnings can be handled, and those of the rules at the same capacity."""

    capacity: int
    precision: float | None
    recall: float | None
    rules_precision: float | None
    rules_recall: float | None


def capacity_lines(body: Mapping[str, Any]) -> list[CapacityLine]:
    rules = {row["capacity"]: row for row in body.get("baseline_by_capacity") or []}
    return [_capacity(row, rules.get(row["capacity"], {})) for row in body.get("by_capacity") or []]


def _capacity(row: Mapping[str, Any], rules: Mapping[str, Any]) -> CapacityLine:
    return CapacityLine(
        int(row["capacity"]), row.get("precision"), row.get("recall"), rules.get("precision"), rules.get("recall")
    )


def assumptions(body: Mapping[str, Any]) -> list[Any]:
    """The statements that the result rests on, in the order in which they were published."""
    stated = body.get("assumptions") or []
    return [f"{name}: {value}" for name, value in stated.items()] if isinstance(stated, Mapping) else list(stated)
