"""`cleanroom evaluate`: methods and views side by side, as tables for a person and as JSON for a program."""

import argparse
import json
from datetime import datetime
from typing import Any

from rich.box import SIMPLE
from rich.table import Column, Table

from cleanroom.cli.common import add_json_file, command, out, print_line
from cleanroom.cli.paths import InFile, InFolder
from cleanroom.cli.value_names import typology_name
from cleanroom.cli.waiting import waiting
from cleanroom.cli.words import chosen, told
from cleanroom.contracts.whole_files import write_whole
from cleanroom.evaluation.ranking import RESAMPLES
from cleanroom.governance.moments import moment

_TIGHT: dict[str, Any] = {"box": SIMPLE, "padding": (0, 1, 0, 0), "pad_edge": False}
_NAMES = {"rules": ("rules", "規則"), "model_without_graph": ("no graph", "無圖特徵"), "model": ("model", "模型"),
          "joint": ("joint", "聯合"), "own": ("own", "各自")}  # fmt: skip


def add_evaluate(commands) -> None:
    evaluate = command(
        commands, "evaluate", _evaluate, "judge rules and model against known patterns, on joined and on own records",
        "以已知樣態檢驗規則與模型，比較聯合資料與各機構自有資料",
    )  # fmt: skip
    evaluate.add_argument("--data", type=InFolder, required=True, metavar="DIR", help=told(
        "one subfolder for each institution", "每機構一子資料夾"))  # fmt: skip
    evaluate.add_argument("--truth", type=InFile, required=True, metavar="FILE", help=told(
        "CSV: institution,account,pattern,typology", "真實答案 CSV：institution,account,pattern,typology"))  # fmt: skip
    add_json_file(evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.rehearsal.detecting import evaluate_detection

    with waiting() as say:
        found = evaluate_detection(options.data, options.truth, say=say)
    if options.json:
        text = json.dumps(found, ensure_ascii=False, indent=1).encode()
        write_whole(options.json, lambda file: file.write(text))
    show(found)


def show(found: dict[str, Any]) -> None:
    ranked, right = found["ranked_accounts"], found["truth_accounts_ranked"]
    codes, accounts, listed, end = (
        ", ".join(found["institutions"]),
        found["accounts"],
        found["listed"],
        moment(datetime.fromisoformat(found["cut_off"])),
    )
    print_line(told(
        f"institutions: {codes}; {accounts:,} accounts, {listed:,} watch-listed by {end}; "
        f"ranked: {ranked:,}, of which {right:,} belong to a known pattern",
        f"機構：{codes}；帳戶 {accounts:,} 個，至 {end} 警示 {listed:,} 個；"
        f"受評 {ranked:,} 個，其中 {right:,} 個屬已知樣態",
    ))  # fmt: skip
    out.print(_figures(found, "precision_at", told("Precision", "精確率")))
    out.print(_figures(found, "recall_at", told("Recall", "召回率")))
    out.print(_typologies(found["methods"]))
    print_line(told(
        f"( ): 95 % intervals, bootstrap over patterns, {RESAMPLES:,} draws. own: each institution ranks its own "
        "accounts; merged by the share of its accounts that rank above.",
        f"( )：95% 區間，對樣態自助重抽 {RESAMPLES:,} 次。各自：各機構為自有帳戶排名，再依其上帳戶所占比例合併。",
    ))  # fmt: skip
    print_line(told(
        "A figure without an interval: every draw gives the same value, so the draws do not say how sure it is.",
        "數值未附區間者：各次重抽之值皆同，無從據以表示其不確定性。",
    ))  # fmt: skip
    _tell_rules(found)


def _tell_rules(found: dict[str, Any]) -> None:
    """Where the rules rank in a model's place: in whole views, and at which institutions of the own view."""
    marked, at = False, {}
    for method, views in _models(found["methods"]):
        for figures in views.values():
            whole = _by_rules(figures, found["institutions"])
            marked = marked or whole
            if figures["ranked_by_rules"] and not whole:
                at.setdefault(", ".join(figures["ranked_by_rules"]), []).append(chosen(_NAMES[method]))
    for codes, methods in at.items():
        names = told(", ", "、").join(methods)
        print_line(told(f"own view of {codes}, by rules: {names}.", f"{codes} 之自有資料依規則排名：{names}。"))
    if marked or at:
        print_line(told(
            "by rules: too few watch-listed accounts to learn from, or too few accounts to tell them apart, so the "
            "rules rank in the model's place; in that of `no graph`, only the rules that need no graph feature.",
            "依規則：警示帳戶過少，或帳戶過少而無法區分，故以規則代替模型排名；「無圖特徵」者僅用不需圖特徵之規則。",
        ))  # fmt: skip


def _models(methods: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(method, views) for method, views in methods.items() if method != "rules"]


def _by_rules(figures: dict[str, Any], institutions: list[str]) -> bool:
    """Whether nobody's ranking was learned in this view."""
    by_rules = set(figures["ranked_by_rules"])
    return "all" in by_rules or by_rules >= set(institutions)


def _figures(found: dict[str, Any], kind: str, title: str) -> Table:
    methods = found["methods"]
    capacities = list(methods["rules"]["joint"][kind])
    whole = ["PR-AUC"] if kind == "precision_at" else []
    names = [told("method", "方法"), told("view", "資料"), *whole]
    columns = [*names, *(told(f"first {n}", f"前 {n} 名") for n in capacities)]
    table = Table(*(Column(name, no_wrap=True) for name in columns), title=title, title_justify="left", **_TIGHT)
    for method, views in methods.items():
        for view, figures in views.items():
            shown = [*([figures["pr_auc"]] if whole else []), *(figures[kind][n] for n in capacities)]
            replaced = method != "rules" and _by_rules(figures, found["institutions"])
            name = chosen(_NAMES[method]) + (told("\nby rules", "\n依規則") if replaced else "")
            table.add_row(name, chosen(_NAMES[view]), *map(_shown, shown))
    return table


def _typologies(methods: dict[str, Any]) -> Table:
    columns = [(method, view) for method, views in methods.items() for view in views]
    names = [f"{chosen(_NAMES[method])}\n{chosen(_NAMES[view])}" for method, view in columns]
    title = told("Found among the first 100, by typology", "前 100 名所含帳戶，依樣態")
    first_names = told("typology", "樣態"), told("accounts", "帳戶數")
    table = Table(*first_names, *names, title=title, title_justify="left", **_TIGHT)
    first = methods["model"]["joint"]["by_typology"]
    for typology in first:
        found = [methods[method][view]["by_typology"][typology]["found_at"]["100"] for method, view in columns]
        table.add_row(typology_name(typology), str(first[typology]["accounts"]), *map(str, found))
    return table


def _shown(figure: dict[str, float | None]) -> str:
    """Without the leading zero: eleven columns have to fit into a terminal. No interval where every draw gives the
    same value: a width of zero would look like certainty."""
    if figure["value"] is None:
        return "-"
    value, low, high = (f"{figure[name]:.2f}".removeprefix("0") for name in ("value", "low", "high"))
    return value if figure["low"] == figure["high"] else f"{value} ({low}-{high})"
