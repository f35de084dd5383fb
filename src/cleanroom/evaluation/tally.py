"""What each world came to, by the case that stands behind it and by institution, layer and typology.

Everything is kept by case, so that every figure adds up over the cases and its interval comes from them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cleanroom.evaluation.blocking import Followed, by_injection, follow, layers_from_report
from cleanroom.evaluation.detection import Truth
from cleanroom.evaluation.rules import HOUR_US, EvaluationRules
from cleanroom.evaluation.scenarios import Case, World, end_of

ALL, INSTITUTION, LAYER, TYPOLOGY = "all", "institution", "layer", "typology"
UNREACHED = "none"  # the layer of an account to which no reported money came
UNKNOWN = "unknown"  # typology of a case in no known pattern
MONEY, ACCOUNTS, CONTROLLED, HOURS = "money_cents", "accounts", "controlled", "controlled_hours"
INNOCENTS, INNOCENT_HOURS = "innocents", "innocent_hours"

Tally = Mapping[str, np.ndarray]
"""Figure -> float64 [cases + 1, worlds, columns]; the last row is due to no case. MONEY in cents, hours of control
until the data ends. CONTROLLED: accounts under control that were not listed. INNOCENTS of them: in no known pattern."""


@dataclass(frozen=True)
class Columns:
    """What figures are told apart by. `names`: (what, which) of each column, the first is (ALL, "").

    `of_account`: bool [accounts, columns], false in columns of typology, which belong to cases. `of_case`: bool
    [cases + 1, columns], true but in the columns of typologies that are not the case's. One of several counts in each.
    """

    names: tuple[tuple[str, str], ...]
    of_account: np.ndarray
    of_case: np.ndarray

    def of(self, what: str) -> dict[str, int]:
        """Which -> position of its column."""
        return {which: n for n, (kind, which) in enumerate(self.names) if kind == what}

    @cached_property
    def by_case(self) -> np.ndarray:
        """Positions of the columns of typology."""
        return np.array(sorted(self.of(TYPOLOGY).values()), dtype=np.int64)


def columns_of(case: Case, rules: EvaluationRules, truth: Truth | None) -> Columns:
    """One column for all, for each institution that can act, for each layer, and for each typology where known."""
    ledger = case.ledger
    institutions = sorted(case.participants | {x.institution for x in case.listings})
    layers = _layers(case, rules)
    typologies = _typologies(case, truth)
    kinds = sorted(set().union(*typologies))
    labels = [str(n) for n in range(rules.layers + 1)] + [UNREACHED]
    names = [(ALL, "")]
    names += [(INSTITUTION, ledger.institutions[i]) for i in institutions]
    names += [(LAYER, label) for label in labels]
    names += [(TYPOLOGY, kind) for kind in kinds]
    parts = [np.ones((len(layers), 1), dtype=bool)]
    parts += [ledger.institution_of[:, None] == np.array(institutions)[None, :]]
    parts += [layers[:, None] == np.arange(len(labels))[None, :]]
    parts += [np.zeros((len(layers), len(kinds)), dtype=bool)]
    of_case = np.ones((len(case.listings) + 1, len(names)), dtype=bool)
    of_case[:, len(names) - len(kinds) :] = np.array([[k in own for k in kinds] for own in [*typologies, ()]])
    return Columns(tuple(names), np.concatenate(parts, axis=1), of_case)


def _layers(case: Case, rules: EvaluationRules) -> np.ndarray:
    """Per account its layer, as position of its label; the last layer holds what lies farther."""
    found = np.full(len(case.ledger.tokens), rules.layers + 1, dtype=np.int64)
    for account, layer in layers_from_report(case.ledger, case.view.shares, case.injections).items():
        found[account] = min(layer, rules.layers)
    return found


def _typologies(case: Case, truth: Truth | None) -> list[set[str]]:
    """Per case the typologies of its watch-listed account's patterns; none at all where no truth is known."""
    if truth is None:
        return [set() for _ in case.listings]
    return [{p["typology"] for p in truth.get(case.ledger.tokens[x.account], [{"typology": UNKNOWN}])}
            for x in case.listings]  # fmt: skip


def tally(case: Case, worlds: Sequence[World], columns: Columns, *, truth: Truth | None, least_cents: int) -> Tally:
    """`least_cents`: an account counts as blocked from this much reported money on. Without truth no innocents."""
    followed = follow(case.ledger, case.view.shares, case.injections, [w.control for w in worlds])
    blocked = followed.blocked([w.control for w in worlds])
    shape = (len(case.listings) + 1, len(worlds), len(columns.names))
    known = None if truth is None else {case.ledger.index_of[t] for t in truth if t in case.ledger.index_of}
    found = {name: np.zeros(shape) for name in (ACCOUNTS, CONTROLLED, HOURS)}
    found |= {name: np.zeros(shape) for name in (INNOCENTS, INNOCENT_HOURS) if known is not None}
    for number, (one, cents) in enumerate(zip(worlds, blocked, strict=True)):
        rich = [a for a, c in cents.items() if c >= least_cents]
        others = [a for a in one.control if a not in case.listed]
        _add(found, number, one, columns, {ACCOUNTS: rich, CONTROLLED: others}, {HOURS: others}, end_of(case))
        if known is not None:
            innocent = [a for a in others if a not in known]
            _add(found, number, one, columns, {INNOCENTS: innocent}, {INNOCENT_HOURS: innocent}, end_of(case))
    return found | {MONEY: _money(case, worlds, columns, followed)}


def _add(
    found: Mapping[str, np.ndarray],
    number: int,
    one: World,
    columns: Columns,
    counted: Mapping[str, Sequence[int]],
    lasting: Mapping[str, Sequence[int]],
    end_us: int,
) -> None:
    for name, accounts in {**counted, **lasting}.items():
        due = np.array([one.due_to[a] for a in accounts], dtype=np.int64)  # NO_CASE is the last row
        weight = np.array([(end_us - one.control[a]) / HOUR_US if name in lasting else 1.0 for a in accounts])
        marks = columns.of_account[np.array(accounts, dtype=np.int64)] | _typology_marks(columns)
        rows = marks & columns.of_case[due]
        np.add.at(found[name][:, number, :], due, rows * weight[:, None])


def _typology_marks(columns: Columns) -> np.ndarray:
    marks = np.zeros(len(columns.names), dtype=bool)
    marks[columns.by_case] = True
    return marks


def _money(case: Case, worlds: Sequence[World], columns: Columns, followed: Followed) -> np.ndarray:
    by_account = len(columns.names) - len(columns.by_case)
    controlled: dict[int, np.ndarray] = {}
    for number, one in enumerate(worlds):
        for account in one.control:
            controlled.setdefault(account, np.zeros(len(worlds)))[number] = 1.0

    def goal(account: int) -> np.ndarray | None:
        inside = controlled.get(account)
        return None if inside is None else inside[:, None] * columns.of_account[account, :by_account]

    each = by_injection(case.ledger, followed, case.injections, goal, by_account)
    found = np.zeros((len(case.listings) + 1, len(worlds), len(columns.names)))
    np.add.at(found, [i.case for i in case.injections], _with_typologies(each, columns))
    return found * columns.of_case[:, None, :]


def _with_typologies(each: np.ndarray, columns: Columns) -> np.ndarray:
    """A typology's column holds all of a case's money; `of_case` then keeps what is of it."""
    return np.concatenate([each, np.repeat(each[:, :, :1], len(columns.by_case), axis=2)], axis=2)


def came_in(case: Case, columns: Columns) -> np.ndarray:
    """Reported money that came in, in cents, by the typology of its case: float64 [columns]; all in the first."""
    by_case = np.zeros(len(case.listings) + 1)
    for i in case.injections:
        by_case[i.case] += i.cents
    return by_case @ columns.of_case
