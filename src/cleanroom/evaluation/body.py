"""The answer as it is published: figures at the stated delay, the curve, the parts, and whether the measures nest."""

from collections.abc import Mapping

from cleanroom.evaluation.detection import Truth
from cleanroom.evaluation.outcome import Answer, Nesting
from cleanroom.evaluation.rules import EvaluationRules
from cleanroom.evaluation.series import EXTRA, Series, at_world, shown_series
from cleanroom.evaluation.tally import INSTITUTION, LAYER, TYPOLOGY, came_in
from cleanroom.vocabulary.terms import Scenario

_PARTS = (INSTITUTION, LAYER, TYPOLOGY)
_OTHERS = "accounts_controlled_not_listed"
_OF_PARTS = [f"{extra}{name}{end}" for name in EXTRA for extra in ("", "extra_") for end in ("", "_interval")]
_OF_PARTS += [_OTHERS, "innocent_accounts"]


def blocked_body(found: Answer, rules: EvaluationRules, *, truth: Truth | None) -> dict:
    """Money in TWD; every list of the curve and of the parts has one entry per delay. Intervals are [low, high], None
    where `families` are fewer than `least_families` and where every redraw gives the same. Each bank alone has no
    extra.

    `scenarios` and `alone`: figures at the stated delay. `parts`: the scenarios' curves by institution that controls,
    by layer of the account, and by typology of the case where the truth is known.
    """
    at, own = found.delays.index(rules.notice_delay_hours), found.scenarios[Scenario.OWN_BANK]
    tallies = {"scenarios": found.scenarios, "alone": found.alone}
    kinds = {kind: shown_series(found.columns, found.draws, rows, own) for kind, rows in tallies.items()}
    curve = {kind: {s: series[0] for s, series in rows.items()} for kind, rows in kinds.items()}
    return {
        **{kind: {s: at_world(series, at) for s, series in rows.items()} for kind, rows in curve.items()},
        "curve": {"delay_hours": list(found.delays), **curve},
        "parts": {what: _parts(found, kinds["scenarios"], what) for what in _PARTS},
        "nesting": [_nesting(found, one, truth) for one in found.nesting],
        "notice_delay_hours": rules.notice_delay_hours,
        "listings": len(found.case.listings),
        "families": found.draws.weights.shape[1],
        "least_families": found.draws.least,
        "reported_twd": sum(x.reported_cents for x in found.case.listings) / 100,
        "came_in_twd": sum(i.cents for i in found.case.injections) / 100,
    }


def _parts(found: Answer, measures: Mapping[str, list[Series]], what: str) -> dict[str, dict]:
    """Which -> scenario -> its series. A part of which there is nothing in any scenario is left out, institutions
    never. A typology also says in how many families its cases are, and what of their reported money came in."""
    came, families = came_in(found.case, found.columns), found.draws.families(found.columns.of_case)
    parts = {}
    for which, column in found.columns.of(what).items():
        series = {s: {name: rows[column][name] for name in _OF_PARTS} for s, rows in measures.items()}
        if what == INSTITUTION or any(any(one["money_twd"] + one[_OTHERS]) for one in series.values()):
            parts[which] = {"scenarios": series}
            if what == TYPOLOGY:
                parts[which] |= {"families": int(families[column]), "came_in_twd": round(float(came[column])) / 100}
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
