"""The programme's question: how much money, and how many accounts, each scenario would have blocked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cleanroom.evaluation.blocking import follow
from cleanroom.evaluation.rules import HOUR_US, EvaluationRules, hours_us
from cleanroom.evaluation.scenarios import Case, Flags, control_times, end_of, flags_by_scenario
from cleanroom.vocabulary.terms import Scenario

INTERVAL = (2.5, 97.5)  # percent


@dataclass(frozen=True)
class Outcome:
    """`blocked`: account -> cents blocked on it. `control`: account -> time of control. `by_case`: cents blocked of
    each listing's reported money, in the order of the listings."""

    blocked: Mapping[int, int]
    control: Flags
    by_case: np.ndarray

    @property
    def cents(self) -> int:
        return sum(self.blocked.values())


@dataclass(frozen=True)
class Answer:
    """`curve`: scenario -> cents blocked at each of the rules' notice delays."""

    case: Case
    outcomes: Mapping[Scenario, Outcome]
    curve: Mapping[Scenario, Sequence[int]]


def answer(case: Case, rules: EvaluationRules) -> Answer:
    """All scenarios at the stated notice delay, and at every delay of the curve."""
    flags = flags_by_scenario(case, rules)
    delay = hours_us(rules.notice_delay_hours)
    outcomes = {s: _outcome(case, control_times(case, found, delay)) for s, found in flags.items()}
    return Answer(case, outcomes, _curve(case, flags, rules))


def sensitivity(case: Case, rules: EvaluationRules, *, truth: Collection[str] | None) -> list[dict]:
    """The real-time answer under other rules: how much of it rests on the choices made."""
    rows = []
    for text, other, list_stays in _variants(rules):
        flags = flags_by_scenario(case, other, list_stays=list_stays)[Scenario.SHARED_GRAPH_REALTIME]
        control = control_times(case, flags, hours_us(other.notice_delay_hours))
        outcome = _outcome(case, control)
        others = [a for a in outcome.control if a not in {x.account for x in case.listings}]
        figures = {"money_twd": outcome.cents / 100, "accounts": len(outcome.blocked), "others_controlled": len(others)}
        rows.append(text | figures | _innocents(case, outcome, others, truth))
    return rows


def _variants(rules: EvaluationRules) -> list[tuple[dict[str, str], EvaluationRules, bool]]:
    return [
        ({"en": "as stated", "zh_hant": "如前述假設"}, rules, True),
        ({"en": "graph in place of the list", "zh_hant": "以金流圖取代名單"}, rules, False),
        ({"en": "no least share", "zh_hant": "不設最低占比"}, replace(rules, least_share=0.0), True),
        ({"en": "a tenth of the least sum", "zh_hant": "最低金額之十分之一"}, _scaled(rules, 0.1), True),
        ({"en": "five times the least sum", "zh_hant": "最低金額之五倍"}, _scaled(rules, 5), True),
        ({"en": "two layers", "zh_hant": "僅二層"}, replace(rules, layers=2), True),
    ]


def _scaled(rules: EvaluationRules, factor: float) -> EvaluationRules:
    return replace(rules, least_taint_cents=round(rules.least_taint_cents * factor))


def _outcome(case: Case, control: Flags) -> Outcome:
    ledger, shares, end_us = case.ledger, case.view.shares, end_of(case)
    in_time = {a: us for a, us in control.items() if us <= end_us}
    [blocked] = follow(ledger, shares, case.injections, [in_time]).blocked([in_time], end_us=end_us)
    cases = range(len(case.listings))
    each = follow(ledger, shares, case.injections, [in_time] * len(cases), only_case=list(cases))
    by_case = [sum(b.values()) for b in each.blocked([in_time] * len(cases), end_us=end_us)]
    return Outcome(blocked, in_time, np.array(by_case, dtype=np.float64))


def _curve(case: Case, flags: Mapping[Scenario, Flags], rules: EvaluationRules) -> dict[Scenario, list[int]]:
    worlds = [control_times(case, f, hours_us(hours)) for f in flags.values() for hours in rules.curve_hours]
    blocked = follow(case.ledger, case.view.shares, case.injections, worlds).blocked(worlds, end_us=end_of(case))
    sums = iter([sum(b.values()) for b in blocked])
    return {s: [next(sums) for _ in rules.curve_hours] for s in flags}


def blocked_body(found: Answer, rules: EvaluationRules, *, truth: Collection[str] | None) -> dict:
    """What is published: per scenario money (TWD), accounts, institutions, innocents, intervals; and the curve.

    `truth`: tokens of accounts known to be mules; None where the truth is not known, then innocents are not either.
    """
    case, alone = found.case, found.outcomes[Scenario.OWN_BANK]
    draws = _draws(len(case.listings), rules)
    reported = sum(x.reported_cents for x in case.listings)
    return {
        "scenarios": {str(s): _scenario(case, outcome, alone, draws, truth) for s, outcome in found.outcomes.items()},
        "curve": {
            "delay_hours": list(rules.curve_hours),
            "money_twd": {str(s): [cents / 100 for cents in row] for s, row in found.curve.items()},
        },
        "notice_delay_hours": rules.notice_delay_hours,
        "listings": len(case.listings),
        "reported_twd": reported / 100,
        "came_in_twd": sum(i.cents for i in case.injections) / 100,
    }


def _scenario(case: Case, outcome: Outcome, alone: Outcome, draws: np.ndarray, truth: Collection[str] | None) -> dict:
    listed = {x.account for x in case.listings}
    others = [a for a in outcome.control if a not in listed]
    return {
        "money_twd": outcome.cents / 100,
        "money_twd_interval": _interval(outcome.by_case, draws),
        "accounts": len(outcome.blocked),
        "extra_money_twd": (outcome.cents - alone.cents) / 100,
        "extra_money_twd_interval": _interval(outcome.by_case - alone.by_case, draws),
        "extra_accounts": len(outcome.blocked) - len(alone.blocked),
        "accounts_controlled": len(outcome.control),
        "accounts_controlled_not_listed": len(others),
        **_innocents(case, outcome, others, truth),
        "institutions": _institutions(case, outcome),
    }


def _innocents(case: Case, outcome: Outcome, others: Sequence[int], truth: Collection[str] | None) -> dict:
    """Controlled although never listed and in no known pattern, and for how long by the end of the data."""
    if truth is None:
        return {"innocent_accounts": None, "innocent_freeze_hours": None}
    known, tokens, end_us = set(truth), case.ledger.tokens, end_of(case)
    innocent = [a for a in others if tokens[a] not in known]
    hours = sum(end_us - outcome.control[a] for a in innocent) / HOUR_US
    return {"innocent_accounts": len(innocent), "innocent_freeze_hours": round(hours, 1)}


def _institutions(case: Case, outcome: Outcome) -> dict[str, dict]:
    at, found = case.ledger.institution_of, {}
    for institution in sorted(case.participants):
        own = {a: cents for a, cents in outcome.blocked.items() if at[a] == institution}
        controlled = sum(int(at[a]) == institution for a in outcome.control)
        found[case.ledger.institutions[institution]] = {
            "money_twd": sum(own.values()) / 100,
            "accounts": len(own),
            "accounts_controlled": controlled,
        }
    return found


def _draws(cases: int, rules: EvaluationRules) -> np.ndarray:
    """Bootstrap over cases: [resamples, cases], how often each case is drawn. Seeded: the same answer every time."""
    if not cases:
        return np.zeros((rules.resamples, 0))
    weights = np.random.default_rng(rules.seed).multinomial(cases, [1 / cases] * cases, size=rules.resamples)
    return weights.astype(np.float64)


def _interval(by_case: np.ndarray, draws: np.ndarray) -> list[float]:
    """95 % interval of the sum in TWD over the bootstrap's draws."""
    low, high = np.percentile(draws @ by_case, INTERVAL) / 100
    return [float(low), float(high)]
