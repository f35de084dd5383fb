"""Drafts of releases under the policy and the answers that ship: every measure met, unless a test changes one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache

from cleanroom.contracts.governance import ReleaseDraft
from cleanroom.governance import drafts, model_card, risk
from cleanroom.governance.answers import load_answers
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import Metric, Phase, Policy, load_policy


def make_draft(
    *, release_id: str = "score-2026-1", developer: str, changes: Mapping[str, Evidence | None] | None = None,
    snapshot: str = "3" * 64, use_case: str = "", at: datetime | None = None,
) -> ReleaseDraft:  # fmt: skip
    """`changes`: evidence by metric that stands in place of what would pass; None leaves the metric unmeasured.
    `use_case`: the shipped answers' if empty. `at`: when it was evaluated; now if absent."""
    policy, answers, now = _policy(), _answers(), at or datetime.now(UTC)
    answers = answers.model_copy(update={"use_case": use_case}) if use_case else answers
    graded = risk.grade(policy, answers.factor_values, answers.declared_values)
    evidence = passing_evidence(policy, now, graded.tier) | dict(changes or {})
    card = model_card.build(
        policy, answers, graded, developer=developer, model_type="gradient boosting", version="2026.1",
        training_data={"period": "2026-01 to 2026-06", "rows": 111_377, "institutions": 3},
        features={"layer": "distance from the nearest watch-listed account"},
        metrics={"precision_at_capacity": 0.62, "recall_at_capacity": 0.41, "pr_auc": 0.55},
        metrics_by_group={"kind": {"personal": {"fpr": 0.01}, "business": {"fpr": 0.012}}},
        limits=["Accounts of institutions that do not take part are not seen."], last_validation=now.date().isoformat(),
    )  # fmt: skip
    return drafts.compose(
        policy, release_id=release_id, answers=answers,
        evidence={name: value for name, value in evidence.items() if value is not None},
        model_card=card, artefact_digest="1" * 64, code_commit="2" * 40, data_snapshot=snapshot,
        developer=developer, evaluated_at=now,
    )  # fmt: skip


# Reading them takes longer than the tests that need them.
_policy, _answers = cache(load_policy), cache(load_answers)


def passing_evidence(policy: Policy, now: datetime, tier) -> dict[str, Evidence]:
    """A figure for every measure of every control that is due before the release, on its good side."""
    metrics = {m.name: m for c in policy.controls if c.phase is Phase.BEFORE_RELEASE for m in c.metrics}
    found = {name: _met(metric, tier, now, policy) for name, metric in metrics.items()}
    references = {m.reference.metric for m in metrics.values() if m.reference and m.reference.metric}
    return {name: Evidence(0.5, measured_at=now) for name in references} | found


def _met(metric: Metric, tier, now: datetime, policy: Policy) -> Evidence:
    value = _good_side(metric, tier, policy)
    return Evidence(value, low=value, high=value, cases=100_000, measured_at=now)


def _good_side(metric: Metric, tier, policy: Policy) -> float:
    if metric.operator == "recorded":
        return 1.0
    if metric.reference is None:
        return float(metric.limit_for(tier))
    base = policy.settings[metric.reference.setting] if metric.reference.setting else 0.5
    return base * metric.reference.factor
