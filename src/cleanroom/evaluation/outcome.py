"""The programme's question: how much money, and how many accounts, each scenario would have blocked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from cleanroom.evaluation.detection import Truth
from cleanroom.evaluation.intervals import Draws, draws_of
from cleanroom.evaluation.rules import EvaluationRules, hours_us
from cleanroom.evaluation.scenarios import (
    Case,
    Flags,
    World,
    families,
    flags_alone,
    flags_by_scenario,
    sightings,
    world,
)
from cleanroom.evaluation.tally import (
    ACCOUNTS,
    CONTROLLED,
    INNOCENT_HOURS,
    INNOCENTS,
    MONEY,
    Columns,
    Tally,
    columns_of,
    tally,
)
from cleanroom.vocabulary.terms import Scenario


@dataclass(frozen=True)
class Nesting:
    """What of one measure alone another alone does not do, at the stated delay: accounts that it does not control, and
    that it controls later."""

    narrower: Scenario
    wider: Scenario
    missed: frozenset[int]
    later: frozenset[int]


@dataclass(frozen=True)
class Answer:
    """`delays`: hours after the notice, one world of each tally for each. `scenarios`: each keeping the measures before
    it; `alone`: each measure by itself."""

    case: Case
    columns: Columns
    draws: Draws
    delays: tuple[float, ...]
    scenarios: Mapping[Scenario, Tally]
    alone: Mapping[Scenario, Tally]
    nesting: tuple[Nesting, ...]


def answer(case: Case, rules: EvaluationRules, *, truth: Truth | None) -> Answer:
    """All scenarios and all measures alone, at every delay of the curve and at the stated one.

    `truth`: account token -> its patterns; None where it is not known, then no typologies and no innocents.
    """
    seen = sightings(case, rules)
    columns, delays = columns_of(case, rules, truth), delays_of(rules)
    alone, kept = flags_alone(seen, rules), flags_by_scenario(seen, rules)

    def tallied(flags: Flags) -> Tally:
        return tally(case, worlds_of(case, flags, delays), columns, truth=truth, least_cents=rules.least_blocked_cents)

    scenarios = {s: tallied(flags) for s, flags in kept.items()}
    by_itself = {s: scenarios[s] if s is Scenario.OWN_BANK else tallied(flags) for s, flags in alone.items()}
    draws = draws_of(families(case, seen), rules)
    return Answer(case, columns, draws, delays, scenarios, by_itself, _nesting(case, alone, rules))


def delays_of(rules: EvaluationRules) -> tuple[float, ...]:
    return tuple(sorted({*rules.curve_hours, rules.notice_delay_hours}))


def worlds_of(case: Case, flags: Flags, delays: tuple[float, ...]) -> list[World]:
    return [world(case, flags, hours_us(hours)) for hours in delays]


def _nesting(case: Case, alone: Mapping[Scenario, Flags], rules: EvaluationRules) -> tuple[Nesting, ...]:
    delay = hours_us(rules.notice_delay_hours)
    control = {s: world(case, flags, delay).control for s, flags in alone.items()}
    return tuple(
        Nesting(
            narrower,
            wider,
            missed=frozenset(a for a in control[narrower] if a not in control[wider]),
            later=frozenset(a for a, us in control[narrower].items() if control[wider].get(a, us) > us),
        )
        for narrower, wider in combinations(Scenario, 2)
    )


def sensitivity(case: Case, rules: EvaluationRules, *, truth: Truth | None) -> list[dict]:
    """The real-time answer under other rules, at the stated delay: how much of it rests on the choices made."""
    rows = []
    for text, other in _variants(rules):
        flags = flags_by_scenario(sightings(case, other), other)[Scenario.SHARED_GRAPH_REALTIME]
        columns = columns_of(case, other, None)
        worlds = worlds_of(case, flags, (other.notice_delay_hours,))
        found = tally(case, worlds, columns, truth=truth, least_cents=other.least_blocked_cents)
        totals = {name: float(rows[:, 0, 0].sum()) for name, rows in found.items()}
        rows.append(text | _variant(totals))
    return rows


def _variant(totals: Mapping[str, float]) -> dict:
    return {
        "money_twd": round(totals[MONEY]) / 100,
        "accounts": round(totals[ACCOUNTS]),
        "accounts_controlled_not_listed": round(totals[CONTROLLED]),
        "innocent_accounts": round(totals[INNOCENTS]) if INNOCENTS in totals else None,
        "innocent_freeze_hours": round(totals[INNOCENT_HOURS], 1) if INNOCENT_HOURS in totals else None,
    }


def _variants(rules: EvaluationRules) -> list[tuple[dict[str, str], EvaluationRules]]:
    return [
        ({"en": "as stated", "zh_hant": "如前述假設"}, rules),
        ({"en": "no least share", "zh_hant": "不設最低占比"}, replace(rules, least_share=0.0)),
        ({"en": "a tenth of the least sum", "zh_hant": "最低金額之十分之一"}, _scaled(rules, 0.1)),
        ({"en": "five times the least sum", "zh_hant": "最低金額之五倍"}, _scaled(rules, 5)),
        ({"en": "two layers", "zh_hant": "僅二層"}, replace(rules, layers=2)),
    ]


def _scaled(rules: EvaluationRules, factor: float) -> EvaluationRules:
    return replace(rules, least_taint_cents=round(rules.least_taint_cents * factor))
