"""The figures of one benchmark as the tables of docs/detection.md."""

from typing import Any

NAMES = {"rules": "rules", "model_without_graph": "model without graph", "model": "model"}


def tables(found: dict[str, Any]) -> str:
    rows = [
        (NAMES[method], view, figures) for method, views in found["methods"].items() for view, figures in views.items()
    ]
    return "\n".join([*_figures(rows), "", *_typologies(rows), ""])


def _figures(rows: list[tuple[str, str, dict]]) -> list[str]:
    capacities = list(rows[0][2]["precision_at"])
    head = ["method", "view", "PR-AUC", *(f"P@{n}" for n in capacities), *(f"R@{n}" for n in capacities)]
    lines = _head(head)
    for method, view, figures in rows:
        at = [figures[kind][n] for kind in ("precision_at", "recall_at") for n in capacities]
        lines.append(_line([method, view, *map(_shown, (figures["pr_auc"], *at))]))
    return lines


def _typologies(rows: list[tuple[str, str, dict]]) -> list[str]:
    lines = _head(["found at 100 by typology", "accounts", *(f"{method}, {view}" for method, view, _ in rows)])
    for typology, first in rows[0][2]["by_typology"].items():
        found = [figures["by_typology"][typology]["found_at"]["100"] for *_, figures in rows]
        lines.append(_line([typology, first["accounts"], *found]))
    return lines


def _head(cells: list) -> list[str]:
    return [_line(cells), _line(["---"] * len(cells))]


def _line(cells: list) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def _shown(figure: dict[str, float | None]) -> str:
    if figure["value"] is None:
        return "-"
    if figure["low"] == figure["high"]:  # every draw gives the same value: it says nothing of how sure that is
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
