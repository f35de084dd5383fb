"""How one figure is judged: by its bound, its age, its cases, its tier; and what has no evidence."""

from datetime import datetime, timedelta

import pytest

from cleanroom.governance import controls
from cleanroom.governance.evidence import Estimate, Evidence
from cleanroom.governance.moments import moment
from cleanroom.governance.policy import AiKind
from cleanroom.vocabulary.terms import ControlOutcome, Tier
from tests.factories.records import NOW, evidence_for

PASS, FAIL, WARN, NOT = (
    ControlOutcome.PASS,
    ControlOutcome.FAIL,
    ControlOutcome.WARN,
    ControlOutcome.NOT_MEASURABLE,
)


def judge(policy, metric: str, evidence: dict, *, tier=Tier.R3, kind="pred", now=NOW):
    results = controls.evaluate(policy, tier=tier, ai_kind=kind, evidence=evidence, now=now)
    return next(r for r in results if r.metric == metric)


def one(policy, metric: str, value: float, *, tier=Tier.R3, kind="pred", **more):
    found = Evidence(value, **({"measured_at": NOW} | more))
    return judge(policy, metric, {metric: found}, tier=tier, kind=kind)


@pytest.mark.parametrize(
    "metric, figures, outcome",
    [
        ("fpr_ratio_lower_ci", {"value": 0.95, "low": 0.81, "high": 0.99}, PASS),
        ("fpr_ratio_lower_ci", {"value": 0.95, "low": 0.79, "high": 0.99}, FAIL),  # the point alone would pass
        ("mia_auc", {"value": 0.55, "low": 0.5, "high": 0.60}, PASS),
        ("mia_auc", {"value": 0.55, "low": 0.5, "high": 0.601}, FAIL),
        ("raw_id_hits", {"value": 0}, PASS),
        ("raw_id_hits", {"value": 0, "low": 0, "high": 1}, FAIL),  # "=" asks it of both bounds
        ("raw_id_hits", {"value": 1}, FAIL),
        ("proxy_auc_max", {"value": 0.9, "low": 0.85, "high": 0.95}, WARN),  # a warn control never fails
        ("pr_auc", {"value": 0.01, "low": 0.0, "high": 0.02}, PASS),  # recorded: being there is enough
    ],
)
def test_the_bound_decides_and_not_the_point(policy, metric, figures, outcome):
    value = figures.pop("value")
    assert one(policy, metric, value, cases=10_000, **figures).outcome is outcome


def test_limits_differ_by_tier(policy):
    ages = {tier: one(policy, "grading_age_days", 200, tier=tier).outcome for tier in (Tier.R1, Tier.R2, Tier.R3)}
    assert ages == {Tier.R1: PASS, Tier.R2: PASS, Tier.R3: FAIL}


@pytest.mark.parametrize("tier, days", [(Tier.R1, 365), (Tier.R2, 180), (Tier.R3, 90)])
def test_evidence_goes_stale_at_its_exact_time(policy, tier, days):
    end = NOW + timedelta(days=days)
    found = {"raw_id_hits": Evidence(0, measured_at=NOW, cases=10)}
    before = judge(policy, "raw_id_hits", found, tier=tier, now=end - timedelta(microseconds=1))
    after = judge(policy, "raw_id_hits", found, tier=tier, now=end)
    assert (before.outcome, after.outcome) == (PASS, NOT)
    assert "stale" in after.detail


@pytest.mark.parametrize(
    "broken, words",
    [
        ({"cases": 5}, "too few cases: 5 of at least 100"),
        ({"cases": None}, "too few cases: 0"),
        ({"high": None}, "without its confidence bound"),
        ({"measured_at": NOW + timedelta(minutes=6)}, "future"),
        ({"value": float("nan")}, "finite"),
        ({"low": 0.9}, "finite"),  # bounds out of order
        ({"high": float("inf")}, "finite"),
        ({"measured_at": datetime(2026, 3, 2, 4, 0)}, "finite"),  # no offset
    ],
)
def test_what_cannot_be_judged_is_never_a_pass(policy, broken, words):
    figures = {"value": 0.5, "low": 0.4, "high": 0.55, "cases": 500, "measured_at": NOW} | broken
    result = one(policy, "mia_auc", figures.pop("value"), **figures)
    assert result.outcome is NOT
    assert words in result.detail


def test_a_clock_that_runs_a_little_ahead_is_tolerated(policy):
    assert one(policy, "raw_id_hits", 0, cases=1, measured_at=NOW + timedelta(minutes=4)).outcome is PASS


def test_nothing_is_judged_without_evidence(policy):
    results = controls.evaluate(policy, tier=Tier.R3, ai_kind="pred", evidence={}, now=NOW)
    assert len(results) > 50, "this test would pass on nothing"
    assert {r.outcome for r in results} == {NOT}
    assert all(r.detail for r in results)


def test_a_relative_limit_needs_what_it_is_relative_to(policy):
    model = Evidence(0.62, low=0.5, high=0.7, cases=100, measured_at=NOW)
    alone = judge(policy, "precision_at_capacity", {"precision_at_capacity": model})
    assert (alone.outcome, alone.reference) == (NOT, None)
    assert "baseline_precision_at_capacity is missing" in alone.detail
    for baseline, outcome in [(0.5, PASS), (0.51, FAIL)]:
        rule = {"baseline_precision_at_capacity": Evidence(baseline, measured_at=NOW)}
        both = judge(policy, "precision_at_capacity", {"precision_at_capacity": model} | rule)
        assert (both.outcome, both.reference) == (outcome, baseline)


def test_a_relative_limit_has_its_factor_and_settings(policy):
    live = {"live_precision": Evidence(0.5, low=0.41, high=0.6, cases=50, measured_at=NOW)}
    validated = {"validated_precision": Evidence(0.5, measured_at=NOW)}
    assert judge(policy, "live_precision", live | validated).outcome is PASS
    assert judge(policy, "live_precision", live | validated).limit == ">= 0.8 x validated_precision"
    cost = one(policy, "cost_per_1k_alerts", 5001)
    assert (cost.outcome, cost.limit, cost.reference) == (WARN, "<= cost_budget_twd_per_1k_alerts", 5000)


@pytest.mark.parametrize("metric, limit", [("third_party_items_done", ">= 6 of 6"), ("train_kwh", "recorded")])
def test_limits_are_written_as_a_person_reads_them(policy, metric, limit):
    assert one(policy, metric, 6).limit == limit


def test_tiers_and_kinds_choose_the_controls(policy):
    ids = {
        (t, k): {c.id for c in policy.applicable(t, k)}
        for t in (Tier.R0, Tier.R1, Tier.R2, Tier.R3)
        for k in (AiKind.PREDICTIVE, AiKind.GENERATIVE)
    }
    for kind in (AiKind.PREDICTIVE, AiKind.GENERATIVE):
        assert ids[Tier.R1, kind] < ids[Tier.R2, kind] < ids[Tier.R3, kind] == ids[Tier.R0, kind]
    assert "ROB-3-04" in ids[Tier.R3, AiKind.GENERATIVE] - ids[Tier.R3, AiKind.PREDICTIVE]
    assert "FAI-3-01" in ids[Tier.R3, AiKind.PREDICTIVE] - ids[Tier.R3, AiKind.GENERATIVE]
    assert ids[Tier.R3, AiKind.PREDICTIVE] | ids[Tier.R3, AiKind.GENERATIVE] == {c.id for c in policy.controls}


def test_results_can_be_judged_again_from_themselves(policy):
    evidence = evidence_for(policy) | {"mia_auc": Evidence(0.7, low=0.65, high=0.75, cases=500, measured_at=NOW)}
    first = controls.evaluate(policy, tier=Tier.R3, ai_kind="pred", evidence=evidence, now=NOW)
    kept = controls.evidence_of(policy, first)
    again = controls.evaluate(policy, tier=Tier.R3, ai_kind="pred", evidence=kept, now=NOW)
    assert [(r.metric, r.outcome, r.value, r.reference) for r in again] == [
        (r.metric, r.outcome, r.value, r.reference) for r in first
    ]
    assert FAIL in {r.outcome for r in again}


def test_a_waiver_covers_what_stops_and_leaves_a_pass(policy):
    evidence = evidence_for(policy)
    del evidence["shadow_days"]
    judged = controls.evaluate(policy, tier=Tier.R3, ai_kind="pred", evidence=evidence, now=NOW)
    waived = controls.with_waivers(policy, judged, {"ROB-4-04", "ROB-3-01", "FAI-2-02"})
    by_metric = {r.metric: r.outcome for r in waived}
    assert by_metric["shadow_days"] is ControlOutcome.WAIVED
    assert by_metric["precision_at_capacity"] is PASS


def test_what_exists_only_in_operation_blocks_when_it_falls_due_or_fails(policy):
    def blocked(evidence, due):
        judged = controls.evaluate(policy, tier=Tier.R3, ai_kind="pred", evidence=evidence, now=NOW)
        return {r.metric for r in controls.blocking(policy, judged, after_release_due=due)}

    metric, evidence = "human_review_rate_adverse", evidence_for(policy)
    assert metric not in blocked(evidence, due=False)
    assert metric in blocked(evidence, due=True)
    bad = evidence | {metric: Evidence(0.98, cases=50, measured_at=NOW)}
    assert metric in blocked(bad, due=False)


def test_an_estimate_becomes_evidence_with_its_bounds():
    found = Estimate(0.5, 0.4, 0.6, 20).at(NOW, "a sentence")
    assert found == Evidence(0.5, low=0.4, high=0.6, cases=20, measured_at=NOW, detail="a sentence")


def test_what_operation_has_not_given_is_missing_as_of_the_evaluation(policy):
    """Judged again later, as in a pack: warnings may have been sent since."""
    later = NOW + timedelta(days=3)
    results = controls.evaluate(policy, tier=Tier.R3, ai_kind="pred", evidence={}, now=later, evaluated_at=NOW)
    told = next(r for r in results if r.metric == "misrouted_alerts")
    assert told.outcome is NOT
    for text in (told.detail, told.detail_zh_hant):
        assert moment(NOW) in text
        assert moment(later) not in text
