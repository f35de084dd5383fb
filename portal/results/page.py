"""What else the Results page shows beside the money, made from the publications for one reader."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise

from portal.alerts.health import Standing
from portal.results.charts import BarChart, Item, LineChart, bar_chart, line_chart
from portal.results.names import DISPATCH_NAMES, LEG_NAMES, STATION_NAMES
from portal.results.queries import Run
from portal.results.suppression import HIDDEN, hidden_beside, must_suppress, shown_count, shown_with

if TYPE_CHECKING:
    from portal.accounts.models import User


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
    others = {n for n, row in enumerate(rows) if must_suppress(reader, institutions=_ends(row))}
    beside: set[int] = set()
    for state in {row["leg_state"] for row in rows}:  # each has its total
        counts = {n: int(row["transfers"]) for n, row in enumerate(rows) if row["leg_state"] == state}
        beside |= hidden_beside(counts, suppressed=others & counts.keys())
    return [_leg(row, suppress=n in others, hide=n in beside) for n, row in enumerate(rows)]


def _ends(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row["sender_institution"]), str(row["receiver_institution"])


def _leg(row: Mapping[str, Any], *, suppress: bool, hide: bool) -> LegLine:
    transfers = HIDDEN if hide else shown_count(int(row["transfers"]), suppress=suppress)
    return LegLine(*_ends(row), LEG_NAMES[row["leg_state"]], row.get("issue") or "", transfers)


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


# --- detection ----------------------------------------------------------------------------------------------------


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


# --- dispatch -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DispatchLine:
    """What became of one institution's candidates, in the order of DISPATCH_NAMES."""

    code: str
    counts: tuple[str, ...]


def dispatch_lines(body: Mapping[str, Any], *, reader: "User") -> list[DispatchLine]:
    rows = body.get("institutions") or {}
    return [_dispatch(code, row, must_suppress(reader, institutions=(code,))) for code, row in sorted(rows.items())]


def _dispatch(code: str, row: Mapping[str, int], suppress: bool) -> DispatchLine:
    return DispatchLine(code, tuple(shown_count(int(row.get(name, 0)), suppress=suppress) for name in DISPATCH_NAMES))


def dispatch_names() -> list[str | Promise]:
    return list(DISPATCH_NAMES.values())
