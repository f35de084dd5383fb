"""The risk grade: a score, a tier, and the reasons why the tier is not the score's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cleanroom.errors import PolicyInvalid, Where
from cleanroom.governance.policy import AiKind, Floor, Policy, Text
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import Tier

GREATEST_VALUE = 3  # every factor is answered by one of the anchors 0..3
_LADDER = (Tier.R1, Tier.R2, Tier.R3)


@dataclass(frozen=True)
class Grade:
    """`score`: 0-100, one decimal. `reasons`: floors and prohibitions that decided the tier where the score did not."""

    score: float
    tier: Tier
    reasons: tuple[Text, ...] = ()


def grade(policy: Policy, factors: Mapping[str, int], declared: Mapping[str, bool]) -> Grade:
    """Score the factors and apply floors and prohibitions. Every factor and question must be answered, none other.

    Raises PolicyInvalid naming the factor or question: an unanswered question must not count as "no".
    """
    check_answered(policy, factors, declared)
    # Thresholds judge the unrounded sum: rounding must not carry a score over or under one.
    score = sum(policy.factors[name].weight * value for name, value in factors.items()) / GREATEST_VALUE
    prohibited = tuple(p.text for p in policy.prohibitions if declared[p.when])
    if prohibited:
        return Grade(round(score, 1), Tier.R0, prohibited)
    by_score = tier_of(policy, score)
    tier = _lifted(policy.floors, by_score, declared)
    reasons = tuple(f.text for f in _met(policy.floors, declared)) if tier != by_score else ()
    return Grade(round(score, 1), tier, reasons)


def tier_of(policy: Policy, score: float) -> Tier:
    """The tier by score alone."""
    margin = 1e-9  # 60.0 as a sum of thirds is 59.99999999999999 in floating point
    if score < policy.thresholds.R2_from - margin:
        return Tier.R1
    return Tier.R2 if score < policy.thresholds.R3_from - margin else Tier.R3


def ai_kind(policy: Policy, declared: Mapping[str, bool]) -> AiKind:
    """Which kind of control list applies to this release."""
    return AiKind.GENERATIVE if declared[policy.generative_question] else AiKind.PREDICTIVE


def check_answered(policy: Policy, factors: Mapping[str, int], declared: Mapping[str, bool]) -> None:
    """Raise PolicyInvalid unless exactly the policy's factors and questions are answered, with values in range."""
    problems = [
        *_name_problems(_FACTOR, policy.factors, factors),
        *_name_problems(_QUESTION, policy.questions, declared),
    ]
    problems += [
        Both(
            f"factor {name} is {value!r}; answer with 0 to {GREATEST_VALUE} by its written anchors",
            f"因子 {name} 為 {value!r}；請依其所載尺度以 0 至 {GREATEST_VALUE} 回答",
        )
        for name, value in factors.items()
        if type(value) is not int or not 0 <= value <= GREATEST_VALUE
    ]
    problems += [
        Both(f"question {name} must be yes or no", f"問題 {name} 須答「是」或「否」")
        for name, value in declared.items()
        if type(value) is not bool
    ]
    if problems:
        raise PolicyInvalid(
            "; ".join(p.en for p in problems),
            zh="；".join(p.zh_hant for p in problems),
            where=Where(file="the risk answers"),
            rule="answers",
        )


_FACTOR, _QUESTION = Both("factor", "因子"), Both("question", "問題")


def _name_problems(kind: Both, wanted: Mapping, given: Mapping) -> Iterator[Both]:
    for name in (n for n in wanted if n not in given):
        yield Both(f"{kind.en} {name} is not answered", f"{kind.zh_hant} {name} 未回答")
    for name in (n for n in given if n not in wanted):
        yield Both(f"{kind.en} {name} is not one of the policy's", f"{kind.zh_hant} {name} 非政策所列")


def _met(floors: tuple[Floor, ...], declared: Mapping[str, bool]) -> tuple[Floor, ...]:
    return tuple(f for f in floors if all(declared[name] for name in f.when))


def _lifted(floors: tuple[Floor, ...], tier: Tier, declared: Mapping[str, bool]) -> Tier:
    """Absolute floors first, then the steps: a step up counts from the tier that the floors have reached."""
    met = _met(floors, declared)
    rung = max([_LADDER.index(tier), *(_LADDER.index(f.lift_to) for f in met if f.lift_to)])
    return _LADDER[min(rung + sum(f.lift_one for f in met), len(_LADDER) - 1)]
