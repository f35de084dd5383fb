"""`cleanroom evaluate`: methods and views side by side, as tables for a person and as JSON for a program."""

import argparse
import json
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.table import Column, Table

from cleanroom.cli.common import command, out, say
from cleanroom.contracts.whole_files import write_whole

_TIGHT: dict[str, Any] = {"box": SIMPLE, "padding": (0, 1, 0, 0), "pad_edge": False}
_NAMES = {"rules": "rules", "model_without_graph": "no graph", "model": "model"}


def add_evaluate(commands) -> None:
    evaluate = command(
        commands, "evaluate", _evaluate, "judge rules and model against known patterns, on joined and on own records"
    )
    evaluate.add_argument("--data", type=Path, required=True, help="one subfolder for each institution")
    evaluate.add_argument("--truth", type=Path, required=True, help="CSV: institution,account,pattern,typology")
    evaluate.add_argument("--json", type=Path, help="write the figures there")


def _evaluate(options: argparse.Namespace) -> None:
    from cleanroom.pipeline.rehearsal.detecting import evaluate_detection

    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)  # before the work, so that its result is not lost
    found = evaluate_detection(options.data, options.truth, say=say)
    if options.json:
        text = json.dumps(found, ensure_ascii=False, indent=1).encode()
        write_whole(options.json, lambda file: file.write(text))
    show(found)


def show(found: dict[str, Any]) -> None:
    ranked, right = found["ranked_accounts"], found["truth_accounts_ranked"]
    out.print(
        f"institutions: {', '.join(found['institutions'])}; {found['accounts']:,} accounts, {found['listed']:,} "
        f"watch-listed by {found['cut_off']}; ranked: {ranked:,}, of which {right:,} belong to a known pattern",
        highlight=False,
    )
    out.print(_figures(found["methods"], "precision_at", "Precision 精確率"))
    out.print(_figures(found["methods"], "recall_at", "Recall 召回率"))
    out.print(_typologies(found["methods"]))
    out.print(f"( ): {found['intervals']}. own: {found['own_list']}.", highlight=False, markup=False)


def _figures(methods: dict[str, Any], kind: str, title: str) -> Table:
    capacities = list(methods["rules"]["joint"][kind])
    whole = ["PR-AUC"] if kind == "precision_at" else []
    columns = ["method", "view", *whole, *(f"first {n}" for n in capacities)]
    table = Table(*(Column(name, no_wrap=True) for name in columns), title=title, title_justify="left", **_TIGHT)
    for method, views in methods.items():
        for view, figures in views.items():
            shown = [*([figures["pr_auc"]] if whole else []), *(figures[kind][n] for n in capacities)]
            table.add_row(_NAMES[method], view, *map(_shown, shown))
    return table


def _typologies(methods: dict[str, Any]) -> Table:
    columns = [(method, view) for method, views in methods.items() for view in views]
    names = [f"{_NAMES[method]}\n{view}" for method, view in columns]
    table = Table("typology", "accounts", *names, title="Found among the first 100, by typology 依態樣（前 100 名）",
                  title_justify="left", **_TIGHT)  # fmt: skip
    first = methods["model"]["joint"]["by_typology"]
    for typology in first:
        found = [methods[method][view]["by_typology"][typology]["found_at"]["100"] for method, view in columns]
        table.add_row(typology, str(first[typology]["accounts"]), *map(str, found))
    return table


def _shown(figure: dict[str, float | None]) -> str:
    """Without the leading zero: eleven columns have to fit into a terminal."""
    if figure["value"] is None:
        return "-"
    value, low, high = (f"{figure[name]:.2f}".removeprefix("0") for name in ("value", "low", "high"))
    return f"{value} ({low}-{high})"
