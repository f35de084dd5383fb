"""The curve as one SVG: what each scenario adds to each bank alone, by hours from notice to control, with its band."""

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from cleanroom.governance.reports.words import Words
from cleanroom.vocabulary.terms import Scenario

# Told apart without colour too; the colours are of one lightness step (Okabe and Ito).
_STYLES = {
    Scenario.SHARED_LIST: ("#D55E00", ":", "s"),
    Scenario.SHARED_GRAPH_DAILY: ("#0072B2", "--", "^"),
    Scenario.SHARED_GRAPH_REALTIME: ("#009E73", "-", "o"),
}
_FONT = ["Noto Sans CJK TC", "Noto Sans TC", "Microsoft JhengHei", "PingFang TC", "sans-serif"]
_RULES = {
    "svg.fonttype": "none",  # text stays text: the page's font, no glyphs of this machine
    "svg.hashsalt": "cleanroom",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # measures the layout, and comes with the library
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def curve_svg(curve: Mapping[str, Any], words: Words) -> str:
    """`curve` of a published `blocked`; with a band for each 95 % interval. The same figures give the same bytes."""
    unit = unit_of(curve)
    # The page's font measures nothing here, so signs that the library's own lacks are no loss.
    warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font", category=UserWarning)
    from matplotlib import rc_context  # slow to load, and only who draws needs it
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    known = any(row.get("innocent_accounts") for row in curve["scenarios"].values())
    price = "innocent_accounts" if known else "accounts_controlled_not_listed"
    panels = [("extra_money_twd", words("extra_money", unit=words.of("units", unit)), unit)]
    panels += [("extra_accounts", words("extra_accounts"), 1), (price, words("innocents" if known else "others"), 1)]
    with rc_context(_RULES):
        figure = Figure(figsize=(9.2, 2.25), layout="constrained")
        FigureCanvasSVG(figure)
        for axes, (name, title, scale) in zip(figure.subplots(1, 3), panels, strict=True):
            _panel(axes, curve, name, words, scale)
            axes.set_title(title, fontsize=8.5, loc="left")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return _inline(out.getvalue())


def unit_of(curve: Mapping[str, Any]) -> int:
    """In how many TWD sums are shown: 1, 1,000 or 1,000,000, so that the longest has at most seven digits."""
    most = max(max(row["money_twd"]) for row in curve["scenarios"].values())
    return next(unit for unit in (1, 1_000, 1_000_000) if most / unit < 1e7 or unit == 1_000_000)


def _panel(axes: Any, curve: Mapping[str, Any], name: str, words: Words, scale: int) -> None:
    hours = curve["delay_hours"]
    for scenario, (colour, line, marker) in _STYLES.items():
        row = curve["scenarios"].get(scenario)
        if row is None:
            continue
        if (intervals := row[f"{name}_interval"]) is not None:
            low, high = _ends(intervals, row[name])
            axes.fill_between(hours, low, high, color=colour, alpha=0.10, linewidth=0)
        axes.plot(hours, row[name], line, color=colour, marker=marker, markersize=3, linewidth=1.3,
                  label=words.of("names", scenario))  # fmt: skip
    axes.axhline(0, color="#5b6675", linewidth=0.6)
    axes.set_xlabel(words("hours"), fontsize=7.5)
    axes.set_xticks([h for h in (0, 6, 12, 24, 36, 48, 60, 72) if h <= max(hours)])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value / scale:,.0f}")
    axes.tick_params(labelsize=7, length=2)
    axes.grid(axis="y", color="#d5dbe3", linewidth=0.5)


def _ends(intervals: Sequence[Sequence[float] | None], values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Where there is no interval the band is as narrow as the line."""
    low, high = zip(*(found or (value, value) for found, value in zip(intervals, values, strict=True)), strict=True)
    return list(low), list(high)


def _inline(svg: str) -> str:
    """The element alone, without a word on who drew it, in the page's font."""
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = svg.replace("'DejaVu Sans'", ", ".join(f"'{f}'" for f in _FONT[:-1]))
    return svg.replace("<svg ", '<svg role="img" class="chart" ', 1)
