"""Money blocked, as the Results page shows it: scenarios, the curve over delays, parts, and what they rest on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cleanroom.vocabulary.terms import Scenario
from portal.results.charts import BarChart, Curve, CurveChart, Item, bar_chart, curve_chart
from portal.results.names import LAYER_NAMES, PART_NAMES, SCENARIO_NAMES, TYPOLOGY_NAMES

Interval = tuple[float, float] | None


def is_answer(body: Mapping[str, Any]) -> bool:
    """Whether the publication holds an answer; an empty one is none."""
    return bool((body.get("curve") or {}).get("scenarios")) and bool(body.get("scenarios"))


def has_intervals(body: Mapping[str, Any]) -> bool:
    """Whether there were families of cases enough for an interval to say something."""
    return body["families"] >= body["least_families"]


def is_single(body: Mapping[str, Any]) -> bool:
    """Whether one institution alone was there: nobody to join with."""
    return len(body["parts"]["institution"]) == 1


@dataclass(frozen=True)
class ScenarioLine:
    """One scenario, or one measure alone, against each bank alone. Money in TWD. Intervals are 95 %, over which cases
    occurred, and of what is extra alone: a level drawn again can pass what came in with the cases that did occur.
    Each bank alone has nothing extra. `price`: innocent accounts controlled; where the truth is not known, accounts
    that were never listed. `hours`: for how long in all."""

    label: str | Promise
    money_twd: float
    accounts: int
    extra_money_twd: float | None
    extra_interval: Interval
    extra_accounts: int | None
    extra_accounts_interval: Interval
    price: int
    hours: float


def scenario_lines(body: Mapping[str, Any]) -> list[ScenarioLine]:
    """In the order of the scenarios; one that was not computed has no line."""
    return _lines(body.get("scenarios") or {})


def alone_lines(body: Mapping[str, Any]) -> list[ScenarioLine]:
    """Each measure by itself, but each bank alone, which is a scenario."""
    return _lines({name: row for name, row in (body.get("alone") or {}).items() if name != Scenario.OWN_BANK})


def _lines(figures: Mapping[str, Any]) -> list[ScenarioLine]:
    return [_scenario(name, figures[name]) for name in Scenario if name in figures]


def _scenario(name: Scenario, own: Mapping[str, Any]) -> ScenarioLine:
    known = own["innocent_accounts"] is not None
    return ScenarioLine(
        label=SCENARIO_NAMES[name],
        money_twd=float(own["money_twd"]),
        accounts=int(own["accounts"]),
        extra_money_twd=own["extra_money_twd"],
        extra_interval=_interval(own, "extra_money_twd"),
        extra_accounts=own["extra_accounts"],
        extra_accounts_interval=_interval(own, "extra_accounts"),
        price=own["innocent_accounts" if known else "accounts_controlled_not_listed"],
        hours=own["innocent_freeze_hours" if known else "freeze_hours"],
    )


def _interval(figures: Mapping[str, Any], name: str) -> Interval:
    found = figures.get(f"{name}_interval")
    return (float(found[0]), float(found[1])) if found else None


# --- along the curve ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DelayCell:
    """What a scenario adds to each bank alone at one delay; None where it is not this reader's to see."""

    extra_money_twd: float | None
    interval: Interval
    extra_accounts: int | None
    accounts_interval: Interval
    price: int | None


@dataclass(frozen=True)
class DelayLine:
    """`cells`: by scenario in their order, without each bank alone."""

    hours: float
    cells: tuple[DelayCell, ...]


def delay_labels() -> list[str | Promise]:
    return [SCENARIO_NAMES[name] for name in Scenario if name is not Scenario.OWN_BANK]


def delay_lines(body: Mapping[str, Any], scenarios: Mapping[str, Any]) -> list[DelayLine]:
    """`scenarios`: name -> its series, of all or of one part of them."""
    series = [scenarios[name] for name in Scenario if name in scenarios and name is not Scenario.OWN_BANK]
    return [DelayLine(hours, tuple(_cell(row, at) for row in series))
            for at, hours in enumerate(body["curve"]["delay_hours"])]  # fmt: skip


def _cell(row: Mapping[str, Any], at: int) -> DelayCell:
    here = {name: None if values is None else values[at] for name, values in row.items()}
    price = here["innocent_accounts"]
    return DelayCell(
        extra_money_twd=here["extra_money_twd"],
        interval=_interval(here, "extra_money_twd"),
        extra_accounts=here["extra_accounts"],
        accounts_interval=_interval(here, "extra_accounts"),
        price=here["accounts_controlled_not_listed"] if row["innocent_accounts"] is None else price,
    )


def price_label(body: Mapping[str, Any]) -> str:
    """What the price counts: innocents where the truth is known."""
    return _("Innocent accounts") if _price(body) == "innocent_accounts" else _("Controlled and never listed")


def _price(body: Mapping[str, Any]) -> str:
    known = any(row["innocent_accounts"] is not None for row in body["curve"]["scenarios"].values())
    return "innocent_accounts" if known else "accounts_controlled_not_listed"


def curve_charts(body: Mapping[str, Any]) -> list[tuple[str, CurveChart]]:
    """What is drawn over the delay, with its title: extra money, extra accounts, and the price."""
    wanted = [("extra_money_twd", _("Extra money (TWD)")), ("extra_accounts", _("Extra accounts")),
              (_price(body), price_label(body))]  # fmt: skip
    return [(title, curve_chart(body["curve"]["delay_hours"], _curves(body, name))) for name, title in wanted]


def _curves(body: Mapping[str, Any], figure: str) -> list[Curve]:
    rows = body["curve"]["scenarios"]
    return [
        Curve(str(SCENARIO_NAMES[name]), rows[name][figure], rows[name][f"{figure}_interval"])
        for name in Scenario
        if name in rows and name is not Scenario.OWN_BANK
    ]


# --- parts --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PartLine:
    """One institution, layer or typology: alone and together in real time, at the stated delay; and its curve. None
    where too few accounts stand behind a figure."""

    label: str | Promise
    alone_money_twd: float | None
    alone_accounts: int | None
    together_money_twd: float | None
    together_accounts: int | None
    cell: DelayCell
    delays: tuple[DelayLine, ...]


@dataclass(frozen=True)
class PartTable:
    label: str | Promise
    lines: tuple[PartLine, ...]


def part_tables(body: Mapping[str, Any]) -> list[PartTable]:
    """By institution, layer and typology, where there is something of them."""
    return [PartTable(PART_NAMES[what], tuple(_part(body, what, which, part) for which, part in rows.items()))
            for what, rows in (body.get("parts") or {}).items() if rows]  # fmt: skip


def _part(body: Mapping[str, Any], what: str, which: str, part: Mapping[str, Any]) -> PartLine:
    at = body["curve"]["delay_hours"].index(body["notice_delay_hours"])
    own, together = (part["scenarios"][s] for s in (Scenario.OWN_BANK, Scenario.SHARED_GRAPH_REALTIME))
    names = {"layer": LAYER_NAMES, "typology": TYPOLOGY_NAMES}.get(what, {})
    return PartLine(
        label=names.get(which, which),
        alone_money_twd=own["money_twd"][at],
        alone_accounts=own["accounts"][at],
        together_money_twd=together["money_twd"][at],
        together_accounts=together["accounts"][at],
        cell=_cell(together, at),
        delays=tuple(delay_lines(body, part["scenarios"])),
    )


# --- nesting, chart, assumptions ----------------------------------------------------------------------------------


def nesting_lines(body: Mapping[str, Any]) -> list[str]:
    """What of the measures before it the last one alone would miss."""
    rows = [row for row in body.get("nesting") or () if row["wider"] == Scenario.SHARED_GRAPH_REALTIME]
    return [_nesting(row) for row in rows]


def _nesting(row: Mapping[str, Any]) -> str:
    names = {side: SCENARIO_NAMES[row[side]] for side in ("wider", "narrower")}
    if not row["accounts_missed"] and not row["accounts_later"]:
        return _("By itself “%(wider)s” controls all that “%(narrower)s” does, and no later.") % names
    counts = {"missed": row["accounts_missed"], "later": row["accounts_later"], "innocent": row.get("innocents_missed")}
    if counts["innocent"] is None:
        text = ngettext(
            "By itself “%(wider)s” leaves out %(missed)s account that “%(narrower)s” controls; it is later for %(later)s.",  # noqa: E501
            "By itself “%(wider)s” leaves out %(missed)s accounts that “%(narrower)s” controls; it is later for %(later)s.",  # noqa: E501
            counts["missed"],
        )
    else:
        text = ngettext(
            "By itself “%(wider)s” leaves out %(missed)s account that “%(narrower)s” controls, %(innocent)s of them innocent; it is later for %(later)s.",  # noqa: E501
            "By itself “%(wider)s” leaves out %(missed)s accounts that “%(narrower)s” controls, %(innocent)s of them innocent; it is later for %(later)s.",  # noqa: E501
            counts["missed"],
        )
    return text % (names | counts)


def blocked_chart(lines: Sequence[ScenarioLine]) -> BarChart | None:
    items = [
        Item(
            label=str(line.label),
            value=line.money_twd,
            text=ngettext("%(money)s TWD, %(n)s account", "%(money)s TWD, %(n)s accounts", line.accounts)
            % {"money": f"{line.money_twd:,.0f}", "n": f"{line.accounts:,}"},
        )
        for line in lines
    ]
    return bar_chart(items)


def assumptions(body: Mapping[str, Any]) -> list[Any]:
    """The statements that the result rests on, in the order in which they were published."""
    return list(body.get("assumptions") or [])
