"""The rule baseline: named typologies with thresholds (data/rules.yaml), with no training.

It is what the model has to beat. It is shown beside the model's score and never stands in for it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from cleanroom.scoring.features import column_of
from cleanroom.scoring.package_data import read_yaml
from cleanroom.scoring.reasons import reason


@dataclass(frozen=True)
class Condition:
    """`column` is at least `bound` (at most, where `falling`); it counts in full from `full` on."""

    column: str
    bound: float
    full: float
    falling: bool

    def strength(self, values: np.ndarray) -> np.ndarray:
        """0 where the condition does not hold (or nothing is known), else 0.5 to 1.0 between bound and full."""
        sign = -1.0 if self.falling else 1.0
        over, span = sign * (values - self.bound), sign * (self.full - self.bound)
        share = np.clip(over / span, 0.0, 1.0) if span > 0 else np.ones_like(over)
        return np.where(np.nan_to_num(over, nan=-1.0) >= 0, 0.5 + 0.5 * share, 0.0)


@dataclass(frozen=True)
class Rule:
    name: str
    reason: str
    points: float
    when: tuple[Condition, ...]

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(c.column for c in self.when)

    def strength(self, rows: pa.Table) -> np.ndarray:
        """As strong as its weakest condition."""
        return np.min([c.strength(column_of(rows, c.column)) for c in self.when], axis=0)


@cache
def all_rules() -> tuple[Rule, ...]:
    return tuple(_rule(row) for row in read_yaml("rules.yaml"))


def _rule(row: dict) -> Rule:
    reason(row["reason"])
    return Rule(row["name"], row["reason"], float(row["points"]), tuple(_condition(c) for c in row["when"]))


def _condition(row: dict) -> Condition:
    falling = "to" in row
    return Condition(row["column"], float(row["to"] if falling else row["from"]), float(row["full"]), falling)


def baseline_scores(rows: pa.Table, *, columns: Collection[str] | None = None) -> np.ndarray:
    """Points of all rules, as a share of what can be had: 0.0 to 1.0 per row. `columns`: only rules that read no
    others."""
    rules = [r for r in all_rules() if columns is None or r.columns <= set(columns)]
    whole = sum(r.points for r in rules)
    return sum((r.points * r.strength(rows) for r in rules), np.zeros(rows.num_rows)) / whole


def rules_that_hold(rows: pa.Table) -> dict[str, np.ndarray]:
    """Rule name -> bool per row, in the file's order."""
    return {r.name: r.strength(rows) > 0 for r in all_rules()}


def rule_reasons(rows: pa.Table) -> list[list[str]]:
    """Reason codes of the rules that hold, strongest first, each once."""
    rules = all_rules()
    given = np.column_stack([r.points * r.strength(rows) for r in rules])
    order = np.argsort(-given, axis=1, kind="stable")
    return [_codes(rules, points, places) for points, places in zip(given, order, strict=True)]


def _codes(rules: tuple[Rule, ...], points: np.ndarray, places: np.ndarray) -> list[str]:
    return list(dict.fromkeys(rules[i].reason for i in places if points[i] > 0))
