"""The published answer to the programme's question as one page: HTML that loads nothing, and the same as PDF."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import jinja2

from cleanroom.governance.reports.pdf import pdf_of
from cleanroom.governance.reports.words import Words
from cleanroom.results.chart import curve_svg, unit_of
from cleanroom.vocabulary.terms import Scenario

PACKAGE = "cleanroom.results"
NOTHING = "–"
_TAIPEI = ZoneInfo("Asia/Taipei")
_MANY = {"layer": "layers", "typology": "typologies"}


def whole(value: float | None) -> str:
    return NOTHING if value is None else f"{round(value):,}".replace("-", "\u2212")


def signed(value: float) -> str:
    return f"+{whole(value)}" if value > 0 else whole(value)


@dataclass(frozen=True)
class Page:
    """`body` of a published `blocked`, in one language. Where a figure of a part is None, it is not this reader's to
    see, and the page says so."""

    body: Mapping[str, Any]
    computed_at: datetime
    run_id: str
    words: Words

    @property
    def moment(self) -> str:
        return f"{self.computed_at.astimezone(_TAIPEI):%Y-%m-%d %H:%M:%S}"

    @property
    def hours(self) -> float:
        return self.body["notice_delay_hours"]

    @property
    def _best(self) -> Mapping[str, Any]:
        return self.body["scenarios"][Scenario.SHARED_GRAPH_REALTIME]

    @property
    def _innocents_known(self) -> bool:
        return self._best["innocent_accounts"] is not None

    @property
    def _price_figure(self) -> str:
        return "innocent_accounts" if self._innocents_known else "accounts_controlled_not_listed"

    @property
    def price_label(self) -> str:
        return self.words("innocents" if self._innocents_known else "others")

    @property
    def headline(self) -> str:
        money, accounts = self._best["extra_money_twd"], self._best["extra_accounts"]
        known = {"label": self.best_label, "hours": self.hours}
        if min(money, accounts) < 0:
            counted = self._counted("accounts_counted", accounts, signed)
            return self.words("headline_less", **known, money=signed(money), accounts=counted)
        return self.words("headline", **known, money=whole(money), accounts=self._counted("accounts_counted", accounts))

    @property
    def headline_interval(self) -> str:
        if not self.spread:
            return self.words("no_interval", families=self._families)
        found = {what: self._best[f"extra_{what}_interval"] for what in ("money_twd", "accounts")}
        said = [self.words.filled("spans", what, low=whole(ends[0]), high=whole(ends[1]))
                for what, ends in found.items() if ends is not None]  # fmt: skip
        if not said:
            return self.words("same_in_all")
        return self.words("headline_interval", spans=self.words("span_sign").join(said))

    @property
    def spread(self) -> bool:
        """Whether there are cases enough for intervals."""
        return self.body["families"] >= self.body["least_families"]

    @property
    def single(self) -> bool:
        """Whether there is nobody to compare with."""
        return len(self.body["parts"]["institution"]) == 1

    @property
    def _families(self) -> str:
        return self._counted("families_of_cases", self.body["families"])

    def _counted(self, text: str, count: int, written: Callable[[float], str] = whole) -> str:
        return self.words.filled(text, "one" if abs(count) == 1 else "many", n=written(count))

    @property
    def price(self) -> str:
        if self._innocents_known:
            hours = whole(self._best["innocent_freeze_hours"])
            innocent = self._counted("innocents_counted", self._best["innocent_accounts"])
            return self.words("price_known", innocent=innocent, hours=hours)
        others = self._counted("others_counted", self._best["accounts_controlled_not_listed"])
        return self.words("price_unknown", others=others, hours=whole(self._best["freeze_hours"]))

    @property
    def basis(self) -> str:
        sums = {"reported": whole(self.body["reported_twd"]), "came": whole(self.body["came_in_twd"])}
        listings = self._counted("watch_listings", self.body["listings"])
        institutions = self.words("list_sign").join(self.body["parts"]["institution"])
        return self.words("basis", institutions=institutions, listings=listings, families=self._families, **sums)

    def _name(self, scenario: str) -> str:
        return self.words.of("names", scenario)

    @property
    def _unit(self) -> int:
        return unit_of(self.body["curve"])

    @property
    def unit(self) -> str:
        return self.words.of("units", self._unit)

    def _sum(self, twd: float | None) -> str:
        return whole(None if twd is None else twd / self._unit)

    def _sums(self, interval: Sequence[float] | None) -> str:
        return span(None if interval is None else [twd / self._unit for twd in interval])

    @property
    def measures(self) -> dict[str, list[dict[str, str]]]:
        """By themselves the measures beyond each bank alone, which is a scenario of its own."""
        alone = {s: row for s, row in self.body["alone"].items() if s != Scenario.OWN_BANK}
        rows = {"kept": self.body["scenarios"], "alone": alone}
        return {kind: [self._measure(s, found[s]) for s in Scenario if s in found] for kind, found in rows.items()}

    def _measure(self, scenario: str, row: Mapping[str, Any]) -> dict[str, str]:
        sums = {"money": "money_twd", "extra_money": "extra_money_twd"}
        counts = {"accounts": "accounts", "extra_accounts": "extra_accounts", "price": self._price_figure}
        shown = {name: self._sum(row[key]) for name, key in sums.items()}
        shown |= {f"{name}_range": self._sums(row[f"{key}_interval"]) for name, key in sums.items()}
        shown |= {name: whole(row[key]) for name, key in counts.items()}
        shown |= {f"{name}_range": span(row[f"{key}_interval"]) for name, key in counts.items()}
        hours = "innocent_freeze_hours" if self._innocents_known else "freeze_hours"
        return shown | {"label": self._name(scenario), "hours": whole(row[hours])}

    @property
    def best_label(self) -> str:
        return self._name(Scenario.SHARED_GRAPH_REALTIME)

    @property
    def sides(self) -> list[list[dict[str, Any]]]:
        """Tables of the parts, side by side: institutions and layers; typologies where they are known."""
        kinds = [("institution", "layer"), ("typology",)]
        sides = [
            [{"what": what, "rows": self._rows(what)} for what in side if self.body["parts"][what]] for side in kinds
        ]
        return [side for side in sides if side]

    def _rows(self, what: str) -> list[dict[str, str]]:
        return [self._part(what, which, part["scenarios"]) for which, part in self.body["parts"][what].items()]

    def _part(self, what: str, which: str, scenarios: Mapping[str, Any]) -> dict[str, str]:
        at = self.body["curve"]["delay_hours"].index(self.hours)
        label = self.words.of(_MANY[what], which) if what in _MANY else which
        found = scenarios[Scenario.SHARED_GRAPH_REALTIME]
        return {
            "label": label,
            "together": f"{self._sum(found['money_twd'][at])} / {whole(found['accounts'][at])}",
            "extra": self._sum(found["extra_money_twd"][at]),
            "extra_range": self._sums(_at(found["extra_money_twd_interval"], at)),
            "extra_accounts": whole(found["extra_accounts"][at]),
            "price": whole(found[self._price_figure][at]),
        }

    @property
    def suppressed(self) -> bool:
        return any(value is None for part in self.body["parts"].values() for one in part.values()
                   for row in one["scenarios"].values() for value in row["accounts"])  # fmt: skip

    @property
    def nesting(self) -> list[str]:
        """Of the last measure against each before it."""
        return [self._nesting(one) for one in self.body["nesting"] if one["wider"] == Scenario.SHARED_GRAPH_REALTIME]

    def _nesting(self, one: Mapping[str, Any]) -> str:
        names = {side: self._name(one[side]) for side in ("wider", "narrower")}
        missed, later = (self._counted("accounts_counted", one[f"accounts_{how}"]) for how in ("missed", "later"))
        if not one["accounts_missed"]:
            return self.words("none_missed" if one["accounts_later"] else "nested", **names, later=later)
        innocent = one["innocents_missed"]
        said = "" if innocent is None else self.words("of_them_innocent", n=whole(innocent))
        after = self.words("and_later", later=later) if one["accounts_later"] else ""
        return self.words("not_nested", **names, missed=missed, innocent=said, later=after)

    @property
    def sensitivity(self) -> list[dict[str, str]]:
        return [{"label": self.words.pick({k: row[k] for k in ("en", "zh_hant")}), "money": self._sum(row["money_twd"]),
                 "accounts": whole(row["accounts"]), "price": whole(row[self._price_figure])}
                for row in self.body["sensitivity"]]  # fmt: skip

    @property
    def assumptions(self) -> Sequence[Mapping[str, str]]:
        return self.body["assumptions"]


def _at(values: Sequence | None, place: int) -> Any:
    return None if values is None else values[place]


def span(interval: Sequence[float] | None) -> str:
    return NOTHING if interval is None else f"{whole(interval[0])} – {whole(interval[1])}"


def page(body: Mapping[str, Any], language: str, *, computed_at: datetime, run_id: str) -> str:
    """The report as one HTML file that loads nothing. `language`: en or zh_hant."""
    shown = Page(body, computed_at, run_id, Words(language, PACKAGE))
    css = (files(PACKAGE) / "page.css").read_text(encoding="utf-8")
    return _template().render(p=shown, w=shown.words, css=css, chart=curve_svg(body["curve"], shown.words))


def pdf(html: str, *, computed_at: datetime, run_id: str) -> bytes:
    """The page as PDF. Raises ReportFault where this machine cannot draw it."""
    return pdf_of(html, identifier=f"{run_id} {computed_at.isoformat()}")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(PACKAGE, "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("blocked.html.j2")
