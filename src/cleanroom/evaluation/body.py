"""The answer as it is published: figures at the stated delay, the curve, the parts, and whether the measures nest."""

from collections.abc import Mapping

import numpy as np

from cleanroom.evaluation.detection import Truth
from cleanroom.evaluation.intervals import Draws
from cleanroom.evaluation.outcome import Answer, Nesting
from cleanroom.evaluation.rules import EvaluationRules
from cleanroom.evaluation.tally import (
    ACCOUNTS,
    CONTROLLED,
    HOURS,
    INNOCENT_HOURS,
    INNOCENTS,
    INSTITUTION,
    LAYER,
    MONEY,
    TYPOLOGY,
    Tally,
    came_in,
)
from cleanroom.vocabulary.terms import Scenario

# Published name -> figure of the tally, what one unit of it is worth, and its digits.
_EXTRA = {"money_twd": (MONEY, 0.01, 2), "accounts": (ACCOUNTS, 1, 0)}
_PRICE = {
    "accounts_controlled_not_listed": (CONTROLLED, 1, 0),
    "freeze_hours": (HOURS, 1, 1),
    "innocent_accounts": (INNOCENTS, 1, 0),
    "innocent_freeze_hours": (INNOCENT_HOURS, 1, 1),
}
_PARTS = (INSTITUTION, LAYER, TYPOLOGY)
_OTHERS = "accounts_controlled_not_listed"
_OF_PARTS = [f"{extra}{name}{end}" for name in _EXTRA for extra in ("", "extra_") for end in ("", "_interval")]
_OF_PARTS += [_OTHERS, "innocent_accounts"]
Series = dict[str, list]


def blocked_body(found: Answer, rules: EvaluationRules, *, truth: Truth | None) -> dict:
    """Money in TWD; every list of the curve and of the parts has one entry per delay. Intervals are [low, high].

    `scenarios` and `alone`: figures at the stated delay. `parts`: the scenarios' curves by institution that controls,
    by layer of the account, and by typology of the case where the truth is known.
    """
    at = found.delays.index(rules.notice_delay_hours)
    kinds = {"scenarios": _measures(found, found.scenarios), "alone": _measures(found, found.alone)}
    shown = {kind: {s: series[0] for s, series in rows.items()} for kind, rows in kinds.items()}
    return {
        **{kind: {s: _at(series, at) for s, series in rows.items()} for kind, rows in shown.items()},
        "curve": {"delay_hours": list(found.delays), **shown},
        "parts": {what: _parts(found, kinds["scenarios"], what) for what in _PARTS},
        "nesting": [_nesting(found, one, truth) for one in found.nesting],
        "notice_delay_hours": rules.notice_delay_hours,
        "listings": len(found.case.listings),
        "families": found.draws.weights.shape[1],
        "reported_twd": sum(x.reported_cents for x in found.case.listings) / 100,
        "came_in_twd": sum(i.cents for i in found.case.injections) / 100,
    }


def _at(series: Series, place: int) -> dict:
    return {name: None if values is None else values[place] for name, values in series.items()}


def _measures(found: Answer, tallies: Mapping[Scenario, Tally]) -> dict[str, list[Series]]:
    """Per measure its series, one per column."""
    alone = found.scenarios[Scenario.OWN_BANK]
    return {str(s): _series(found, one, alone) for s, one in tallies.items()}


def _series(found: Answer, one: Tally, alone: Tally) -> list[Series]:
    rows: list[Series] = [{} for _ in found.columns.names]
    for name, (figure, worth, digits) in _EXTRA.items():
        _put(rows, name, one[figure] * worth, found.draws, digits)
        _put(rows, f"extra_{name}", (one[figure] - alone[figure]) * worth, found.draws, digits)
    for name, (figure, worth, digits) in _PRICE.items():
        if figure in one:
            _put(rows, name, one[figure] * worth, found.draws, digits)
        else:
            for row in rows:
                row[name] = row[f"{name}_interval"] = None
    return rows


def _put(rows: list[Series], name: str, by_case: np.ndarray, draws: Draws, digits: int) -> None:
    """Into the series of each column the sums over the cases and their intervals, per world."""
    total, (low, high) = by_case.sum(axis=0), draws.interval(by_case)
    for column, row in enumerate(rows):
        row[name] = _rounded(total[:, column], digits)
        ends = zip(_rounded(low[:, column], digits), _rounded(high[:, column], digits), strict=True)
        row[f"{name}_interval"] = [list(pair) for pair in ends]


def _rounded(values: np.ndarray, digits: int) -> list:
    rounded = np.round(values, digits) + 0.0  # no minus zero
    return rounded.astype(np.int64).tolist() if digits == 0 else rounded.tolist()


def _parts(found: Answer, measures: Mapping[str, list[Series]], what: str) -> dict[str, dict]:
    """Which -> scenario -> its series. A part of which there is nothing in any scenario is left out, institutions
    never. A typology also says what of its reported money came in."""
    came = came_in(found.case, found.columns)
    parts = {}
    for which, column in found.columns.of(what).items():
        series = {s: {name: rows[column][name] for name in _OF_PARTS} for s, rows in measures.items()}
        if what == INSTITUTION or any(any(one["money_twd"] + one[_OTHERS]) for one in series.values()):
            parts[which] = {"scenarios": series}
            if what == TYPOLOGY:
                parts[which]["came_in_twd"] = round(float(came[column])) / 100
    return parts


def _nesting(found: Answer, one: Nesting, truth: Truth | None) -> dict:
    """How far the wider measure alone does what the narrower alone does."""
    tokens = found.case.ledger.tokens
    return {
        "narrower": str(one.narrower),
        "wider": str(one.wider),
        "accounts_missed": len(one.missed),
        "accounts_later": len(one.later),
        "innocents_missed": None if truth is None else sum(tokens[a] not in truth for a in one.missed),
    }
