"""The programme's chart (cumulative time against layers) and the growth with the number of transfers; PNG and SVG.

Labels in English, and in Chinese where the machine has a font for it.
"""

from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
from matplotlib import font_manager
from matplotlib import pyplot as plt

from benchmarks.moneyflow.cases import LAYERS, Case
from benchmarks.moneyflow.view import View

_FONTS = (
    "Noto Sans CJK TC",
    "Noto Sans TC",
    "Noto Sans CJK JP",
    "PingFang TC",
    "Microsoft JhengHei",
    "Source Han Sans TW",
)
WORDS = {
    "en": {
        "layers": "402 start accounts, in time order: cumulative time against layers",
        "layer": "layers",
        "seconds": "seconds (log)",
        "transfers": "{:g} million transfers",
        "growth": "Growth with the number of transfers",
        "together": "402 together, six layers: s",
        "delayed": "one account, 3-day delay and hub rule: median ms",
        "size": "million transfers",
        "cancelled": "× cancelled at the time limit",
    },
    "zh-Hant": {
        "layers": "402 個起始帳戶，依時間順序：累計時間與層數",
        "layer": "層數",
        "seconds": "秒（對數）",
        "transfers": "{:,.0f} 萬筆交易",
        "growth": "隨交易筆數的成長",
        "together": "402 個帳戶一次查詢六層：秒",
        "delayed": "單一帳戶，三天時限與樞紐規則：中位數毫秒",
        "size": "百萬筆交易",
        "cancelled": "× 達時限取消",
    },
}
TITLES = {
    "en": {},
    "zh-Hant": {
        "lookout": "本系統（編譯核心）",
        "duckdb_layers": "DuckDB，逐層查詢",
        "duckdb_using_key": "DuckDB，遞迴 USING KEY",
        "duckdb_recursive": "DuckDB，遞迴查詢",
        "postgres_layers": "PostgreSQL，逐層查詢",
        "postgres_recursive": "PostgreSQL，遞迴查詢",
    },
}
_COLOURS = ("#c1272d", "#0072b2", "#56b4e9", "#94c5df", "#e69f00", "#8a6d00", "#444444")
_MARKS = "osD^vPX"


def draw_all(report: dict, folder: Path) -> None:
    view = View(report)
    for language in languages():
        fonts = [_font(), "DejaVu Sans"] if language != "en" else ["DejaVu Sans"]
        with mpl.rc_context({"font.family": fonts, "svg.hashsalt": "moneyflow", "axes.unicode_minus": False}):
            _save(_layers(view, language), folder / f"layers.{language}")
            _save(_growth(view, language), folder / f"growth.{language}")


def languages() -> list[str]:
    return list(WORDS) if _font() else ["en"]


def _font() -> str | None:
    known = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _FONTS if name in known), None)


def _save(figure, path: Path) -> None:
    figure.savefig(path.with_name(f"{path.name}.png"), dpi=150)
    figure.savefig(path.with_name(f"{path.name}.svg"), metadata={"Date": None})
    plt.close(figure)


def _style(view: View, engine: str, language: str) -> dict:
    every = list(dict.fromkeys(m["engine"] for m in view.report["measured"]))
    place = every.index(engine) % len(_COLOURS)
    label = TITLES[language].get(engine, view.title(engine))
    return {"color": _COLOURS[place], "marker": _MARKS[place], "label": label, "linewidth": 2.2 if place == 0 else 1.4}


def _layers(view: View, language: str):
    words = WORDS[language]
    figure, panels = plt.subplots(
        1, len(view.sizes), figsize=(2 + 5 * len(view.sizes), 5), sharey=True, squeeze=False, layout="constrained"
    )
    figure.suptitle(words["layers"])
    for panel, transfers in zip(panels[0], view.sizes, strict=True):
        for engine in view.engines(Case.TOGETHER, transfers):
            _line(panel, view, transfers, engine, language)
        panel.set(
            title=words["transfers"].format(transfers / (1e6 if language == "en" else 1e4)),
            xlabel=words["layer"],
            yscale="log",
            xticks=LAYERS,
        )
        panel.grid(visible=True, which="major", alpha=0.3)
    panels[0][0].set_ylabel(words["seconds"])
    _legend(figure, panels[0], words)
    return figure


def _line(panel, view: View, transfers: int, engine: str, language: str) -> None:
    """A cross stands where a recursion was broken off."""
    found, style = view.by_layer(transfers, engine), _style(view, engine, language)
    if not found:
        return
    panel.plot(list(found), list(found.values()), **style)
    if max(found) < LAYERS[-1]:
        panel.plot(
            [max(found) + 1],
            [view.fact(transfers, engine, Case.TOGETHER, "limit_s") or found[max(found)]],
            marker="x",
            color=style["color"],
            markersize=10,
        )


def _growth(view: View, language: str):
    words = WORDS[language]
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    figure.suptitle(words["growth"])
    for panel, case, title in ((left, Case.TOGETHER, "together"), (right, Case.DELAYED, "delayed")):
        for engine in view.engines(case):
            found = {n: _figure(view, n, engine, case) for n in view.sizes}
            shown = {n / 1e6: value for n, value in found.items() if value is not None}
            if shown:
                panel.plot(list(shown), list(shown.values()), **_style(view, engine, language))
        panel.set(title=words[title], xlabel=words["size"], yscale="log")
        panel.grid(visible=True, which="major", alpha=0.3)
    _legend(figure, (left, right), words)
    return figure


def _figure(view: View, transfers: int, engine: str, case: Case) -> float | None:
    if case is Case.TOGETHER:
        return view.by_layer(transfers, engine).get(6)
    return view.fact(transfers, engine, case, "p50_ms")


def _legend(figure, panels, words: dict) -> None:
    known = {
        label: handle for panel in panels for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    if known:
        figure.legend(
            known.values(),
            known.keys(),
            loc="outside lower center",
            ncols=2 if len(panels) < 2 else 3,
            title=words["cancelled"],
        )
