"""Controls judged on evidence. Each metric of each applicable control gives one `ControlResult`; nothing is guessed.

The confidence bound decides, not the point. No evidence, stale evidence, too few cases: not measurable, never a pass.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from functools import partial

from cleanroom.contracts.governance import ControlResult
from cleanroom.governance.catalogue import figures
from cleanroom.governance.evidence import Evidence, EvidenceByMetric
from cleanroom.governance.moments import moment
from cleanroom.governance.policy import AiKind, Control, GateKind, Metric, Phase, Policy, Text
from cleanroom.vocabulary.terms import ControlOutcome, Tier

CLOCK_TOLERANCE = timedelta(minutes=5)  # evidence from a machine whose clock runs a little ahead


def evaluate(
    policy: Policy,
    *,
    tier: Tier,
    ai_kind: AiKind | str,
    evidence: EvidenceByMetric,
    now: datetime,
    evaluated_at: datetime | None = None,
) -> tuple[ControlResult, ...]:
    """Judge every metric of every control that applies to `tier` (R0 as R3) and `ai_kind` ("pred" or "gen").

    `evaluated_at`: when the evidence was collected, where that is not now; what is missing was missing then.

    `evidence` is keyed by metric name; a relative limit reads its reference (such as `baseline_brier`) there too.
    A control with two metrics gives two results. Results stand in the policy's order.
    """
    applicable = policy.applicable(tier, AiKind(ai_kind))
    judged = partial(_judge, policy, tier=tier, evidence=evidence, now=now, evaluated_at=evaluated_at or now)
    return tuple(judged(control=c, metric=m) for c in applicable for m in c.metrics)


def evidence_of(policy: Policy, results: Collection[ControlResult]) -> dict[str, Evidence]:
    """The evidence that results were judged on, so that they can be judged again by any policy at any time."""
    found: dict[str, Evidence] = {}
    for r in results:
        if r.metric is None or r.value is None or r.measured_at is None:
            continue
        found[r.metric] = Evidence(
            r.value, low=r.low, high=r.high, cases=r.cases, measured_at=r.measured_at, detail=r.detail
        )
        reference = _reference_metric(policy, r)
        if reference and r.reference is not None:
            found[reference] = Evidence(r.reference, measured_at=r.measured_at)
    return found


def with_waivers(
    policy: Policy, results: Collection[ControlResult], waived: Collection[str]
) -> tuple[ControlResult, ...]:
    """The results with WAIVED in place of what a valid waiver covers. A pass stays a pass."""
    return tuple(_waived(r) if r.control_id in waived and _stops(policy, r) else r for r in results)


def blocking(
    policy: Policy, results: Collection[ControlResult], *, after_release_due: bool
) -> tuple[ControlResult, ...]:
    """Results that keep the gate closed: a block control that fails or could not be measured and is not waived.

    What exists only in operation is held back until it falls due; a figure that is there and fails blocks at once.
    """
    return tuple(r for r in results if _stops(policy, r) and (after_release_due or not _not_yet_due(policy, r)))


def awaits_operation(policy: Policy, results: Collection[ControlResult]) -> bool:
    """Whether a block control still waits for evidence from operation, so that a first review has to come."""
    return any(_stops(policy, r) and _not_yet_due(policy, r) for r in results)


def _stops(policy: Policy, result: ControlResult) -> bool:
    unmet = result.outcome in (ControlOutcome.FAIL, ControlOutcome.NOT_MEASURABLE)
    return unmet and policy.control(result.control_id).gate is GateKind.BLOCK


def _not_yet_due(policy: Policy, result: ControlResult) -> bool:
    phase = policy.control(result.control_id).phase
    return phase is Phase.AFTER_RELEASE and result.outcome is ControlOutcome.NOT_MEASURABLE


def _waived(result: ControlResult) -> ControlResult:
    return result.model_copy(update={"outcome": ControlOutcome.WAIVED})


def _reference_metric(policy: Policy, result: ControlResult) -> str | None:
    control = next((c for c in policy.controls if c.id == result.control_id), None)
    metric = next((m for m in control.metrics if m.name == result.metric), None) if control else None
    return metric.reference.metric if metric and metric.reference else None


def _judge(
    policy: Policy,
    *,
    control: Control,
    metric: Metric,
    tier: Tier,
    evidence: EvidenceByMetric,
    now: datetime,
    evaluated_at: datetime,
) -> ControlResult:
    found = evidence.get(metric.name)
    reference = _reference(policy, metric, evidence)
    limit = _limit(metric, tier, reference)
    absent = found is None
    problem = _absent(control, metric, evaluated_at) if absent else _unusable(policy, metric, tier, found, now)
    if problem is None and limit is None and metric.operator != "recorded":
        problem = _nothing_to_compare(metric.reference.metric)
    outcome = ControlOutcome.NOT_MEASURABLE if problem else _outcome(control, metric, found, limit)
    how = problem or _how(metric, found)
    measured = _figures(found) if found and found.usable else {}
    return ControlResult(
        control_id=control.id,
        outcome=outcome,
        metric=metric.name,
        limit=written_limit(metric, tier),
        detail=how.en,
        detail_zh_hant=how.zh_hant,
        reference=reference,
        **measured,
    )


def _figures(e: Evidence) -> dict:
    return {"value": e.value, "low": e.low, "high": e.high, "cases": e.cases, "measured_at": e.measured_at}


def _outcome(control: Control, metric: Metric, found: Evidence, limit: float | None) -> ControlOutcome:
    if limit is None or _meets(metric, found, limit):
        return ControlOutcome.PASS
    return ControlOutcome.FAIL if control.gate is GateKind.BLOCK else ControlOutcome.WARN


def _meets(metric: Metric, found: Evidence, limit: float) -> bool:
    low = found.value if found.low is None else found.low
    high = found.value if found.high is None else found.high
    if metric.operator == ">=":
        return low >= limit
    return high <= limit if metric.operator == "<=" else low == high == limit


def _how(metric: Metric, found: Evidence | None) -> Text:
    """How it was measured: in the measurer's own words where there are any, and in the catalogue's Chinese."""
    known = figures().get(metric.name)
    zh_hant = known.text.zh_hant if known else metric.name
    return Text(en=found.detail if found and found.detail else known.text.en if known else metric.name, zh_hant=zh_hant)


def _absent(control: Control, metric: Metric, evaluated_at: datetime) -> Text:
    """Why there is no evidence. What only operation can give may be there since the evaluation, so the time is told."""
    known = figures().get(metric.name)
    why = known.absent if known else Text(en="no evidence was given", zh_hant="未提供證據")
    if control.phase is not Phase.AFTER_RELEASE:
        return why
    return Text(
        en=f"as of the evaluation ({moment(evaluated_at)}) {why.en}; it exists only in operation and falls due at the "
        "first review after the release",
        zh_hant=f"評估當時（{moment(evaluated_at)}）{why.zh_hant}；僅於上線後產生，於發布後首次覆核時到期",
    )


def _nothing_to_compare(reference: str) -> Text:
    return Text(en=f"nothing to compare with: {reference} is missing", zh_hant=f"缺少比較基準 {reference}")


def _unusable(policy: Policy, metric: Metric, tier: Tier, found: Evidence, now: datetime) -> Text | None:
    """Why evidence that is there cannot be judged, or None."""
    return next(_problems(policy, metric, tier, found, now), None)


def _problems(policy: Policy, metric: Metric, tier: Tier, found: Evidence, now: datetime) -> Iterator[Text]:
    if not found.usable:
        yield Text(
            en="the evidence is not a finite, ordered and dated figure", zh_hant="證據非有限、有序且載明時間之數值"
        )
    elif found.measured_at > now + CLOCK_TOLERANCE:
        yield Text(en="the evidence is dated in the future", zh_hant="證據日期晚於現在")
    elif now >= found.measured_at + freshness(policy, tier):
        day = f"{found.measured_at:%Y-%m-%d}"
        yield Text(en=f"the evidence is stale: measured {day}", zh_hant=f"證據已逾時效：衡量於 {day}")
    if metric.min_cases is not None and (cases := found.cases or 0) < metric.min_cases:
        yield Text(
            en=f"too few cases: {cases} of at least {metric.min_cases}",
            zh_hant=f"案例數不足：{cases}，至少須 {metric.min_cases}",
        )
    if metric.interval == "required" and _deciding_bound(metric, found) is None:
        yield Text(en="a sampled figure without its confidence bound", zh_hant="抽樣數值未附信賴界限")


def freshness(policy: Policy, tier: Tier) -> timedelta:
    """How long evidence counts; R0, which never passes, as R3."""
    return timedelta(days=policy.freshness_days[Tier.R3 if tier is Tier.R0 else tier])


def _deciding_bound(metric: Metric, found: Evidence) -> float | None:
    return found.high if metric.operator == "<=" else found.low


def _reference(policy: Policy, metric: Metric, evidence: EvidenceByMetric) -> float | None:
    if metric.reference is None:
        return None
    if metric.reference.setting:
        return policy.settings[metric.reference.setting]
    found = evidence.get(metric.reference.metric)
    return found.value if found and found.usable else None


def _limit(metric: Metric, tier: Tier, reference: float | None) -> float | None:
    if metric.reference is None:
        return metric.limit_for(tier)
    return None if reference is None else metric.reference.factor * reference


def written_limit(metric: Metric, tier: Tier) -> str:
    """The limit as a person reads it: `>= 0.8`, `>= 0.8 x validated_precision`, `>= 6 of 6`, `recorded`."""
    if metric.operator == "recorded":
        return "recorded"
    if metric.reference is None:
        limit = f"{metric.operator} {metric.limit_for(tier):g}"
        return f"{limit} of {metric.of}" if metric.of else limit
    name = metric.reference.metric or metric.reference.setting
    factor = "" if metric.reference.factor == 1 else f"{metric.reference.factor:g} x "
    return f"{metric.operator} {factor}{name}"
