"""What the Results page shows, made from the publications for one reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from cleanroom.vocabulary.terms import Scenario
from portal.alerts.health import Standing
from portal.results.charts import BarChart, Item, LineChart, bar_chart, line_chart
from portal.results.names import DIRECTION_NAMES, LEG_NAMES, SCENARIO_NAMES, STATION_NAMES
from portal.results.queries import Run
from portal.results.suppression import must_suppress, shown_count, shown_with

if TYPE_CHECKING:
    from portal.accounts.models import User


# --- blocked ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScenarioLine:
    """One scenario against each bank alone. Money in TWD; intervals are (low, high) where they were published."""

    name: str
    label: str | Promise
    money_twd: float
    accounts: int
    extra_money_twd: float
    extra_accounts: int
    money_interval: tuple[float, float] | None


def scenario_lines(body: Mapping[str, Any]) -> list[ScenarioLine]:
    """In the order of the scenarios; one that was not computed has no line."""
    figures = body.get("scenarios") or {}
    alone = figures.get(Scenario.OWN_BANK, {})
    return [_scenario(name, figures[name], alone) for name in Scenario if name in figures]


def _scenario(name: Scenario, own: Mapping[str, Any], alone: Mapping[str, Any]) -> ScenarioLine:
    interval = own.get("money_twd_interval")
    return ScenarioLine(
        name=str(name),
        label=SCENARIO_NAMES[name],
        money_twd=float(own["money_twd"]),
        accounts=int(own["accounts"]),
        extra_money_twd=float(own["money_twd"]) - float(alone.get("money_twd", 0)),
        extra_accounts=int(own["accounts"]) - int(alone.get("accounts", 0)),
        money_interval=tuple(interval) if interval else None,
    )


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
    direction: str | Promise
    layer: int
    accounts: str
    first_reached: str


def layer_chart(body: Mapping[str, Any]) -> LineChart | None:
    """Cumulative seconds against the number of layers: the programme's own benchmark."""
    seconds = body.get("cumulative_seconds") or []
    return line_chart([(str(layer), float(value)) for layer, value in enumerate(seconds)], unit="s")


def layer_lines(body: Mapping[str, Any], *, reader: "User") -> list[LayerLine]:
    """Accounts per direction and layer over all institutions; small sums are suppressed for participants."""
    sums: dict[tuple[str, int], list[int]] = {}
    for row in body.get("rows") or ():
        total = sums.setdefault((row["direction"], int(row["layer"])), [0, 0])
        total[0] += int(row["accounts"])
        total[1] += int(row["first_reached"])
    suppress = must_suppress(reader, institutions=())
    return [
        LayerLine(
            DIRECTION_NAMES.get(direction, direction),
            layer,
            shown_count(accounts, suppress=suppress),
            shown_count(first, suppress=suppress),
        )
        for (direction, layer), (accounts, first) in sorted(
            sums.items(), key=lambda item: (item[0][0] != "forward", item[0])
        )
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
    """Precision and recall when an institution can handle so many warnings; None where the truth is not known."""

    capacity: int
    precision: float | None
    recall: float | None


def capacity_lines(body: Mapping[str, Any]) -> list[CapacityLine]:
    rows = body.get("by_capacity") or []
    return [CapacityLine(int(row["capacity"]), row.get("precision"), row.get("recall")) for row in rows]


def assumptions(body: Mapping[str, Any]) -> list[Any]:
    """The statements that the result rests on, in the order in which they were published."""
    stated = body.get("assumptions") or []
    return [f"{name}: {value}" for name, value in stated.items()] if isinstance(stated, Mapping) else list(stated)
