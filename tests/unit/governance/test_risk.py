"""The worked examples of the design, floors that only lift, and answers that are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.errors import PolicyInvalid
from cleanroom.governance import risk
from cleanroom.governance.policy import load_policy
from cleanroom.vocabulary.terms import Tier

POLICY = load_policy()
NO = dict.fromkeys(POLICY.questions, False)
LADDER = [Tier.R1, Tier.R2, Tier.R3]


def factors(*values: int) -> dict[str, int]:
    return dict(zip(POLICY.factors, values, strict=True))


WORKED = [
    ("data-quality detector on uploads", (0, 1, 1, 1, 1, 0), {}, 20.0, Tier.R1),
    (
        "generative draft of an alert for an analyst",
        (1, 2, 0, 3, 1, 0),
        {"generative": True, "reads_personal_data": True},
        33.3,
        Tier.R2,
    ),
    (
        "graph score -> warning list, an officer decides",
        (2, 2, 1, 2, 3, 1),
        {"used_by_several_institutions": True},
        60.0,
        Tier.R3,
    ),
    (
        "real-time API, control with no person first",
        (3, 2, 3, 2, 3, 2),
        {"adverse_action_without_person": True},
        86.7,
        Tier.R3,
    ),
    (
        "credit decision from the clean room's lists",
        (3, 3, 2, 2, 3, 2),
        {"outside_mou_purposes": True},
        85.0,
        Tier.R0,
    ),
]


@pytest.mark.parametrize("name, values, yes, score, tier", WORKED, ids=[w[0] for w in WORKED])
def test_worked_examples(name, values, yes, score, tier):
    graded = risk.grade(POLICY, factors(*values), NO | yes)
    assert (graded.score, graded.tier) == (score, tier)


def test_the_generative_draft_is_lifted_by_its_floor_alone():
    values = factors(1, 2, 0, 3, 1, 0)
    assert risk.grade(POLICY, values, NO).tier is Tier.R1
    lifted = risk.grade(POLICY, values, NO | {"generative": True, "reads_personal_data": True})
    assert [r.en for r in lifted.reasons] == ["generative AI reads personal data"]


@pytest.mark.parametrize(
    "yes, tier",
    [
        ({"adverse_action_without_person"}, Tier.R3),
        ({"used_by_several_institutions"}, Tier.R2),
        ({"generative", "calls_tools"}, Tier.R3),
        ({"calls_tools"}, Tier.R1),
        ({"generative"}, Tier.R1),
        ({"third_party_untestable"}, Tier.R2),
        ({"third_party_untestable", "used_by_several_institutions"}, Tier.R3),
    ],
)
def test_floors(yes, tier):
    assert risk.grade(POLICY, factors(0, 0, 0, 0, 0, 0), NO | dict.fromkeys(yes, True)).tier is tier


def test_a_tier_cannot_rise_over_the_highest():
    graded = risk.grade(POLICY, factors(3, 3, 3, 3, 3, 3), NO | {"third_party_untestable": True})
    assert (graded.score, graded.tier, graded.reasons) == (100.0, Tier.R3, ())


def test_each_prohibition_alone_makes_any_use_prohibited():
    assert len(POLICY.prohibitions) == 4
    for prohibition in POLICY.prohibitions:
        graded = risk.grade(POLICY, factors(0, 0, 0, 0, 0, 0), NO | {prohibition.when: True})
        assert graded.tier is Tier.R0
        assert graded.reasons == (prohibition.text,)


@pytest.mark.parametrize("score, tier", [(34.999, Tier.R1), (35.0, Tier.R2), (59.999, Tier.R2), (60.0, Tier.R3)])
def test_thresholds_belong_to_the_tier_above(score, tier):
    assert risk.tier_of(POLICY, score) is tier


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda f, d: f.pop("F3"), "factor F3 is not answered"),
        (lambda f, d: f.update(F7=1), "factor F7 is not one of the policy's"),
        (lambda f, d: f.update(F1=4), "factor F1 is 4"),
        (lambda f, d: f.update(F1=-1), "factor F1 is -1"),
        (lambda f, d: f.update(F1=True), "factor F1 is True"),
        (lambda f, d: d.pop("prohibited_practice"), "question prohibited_practice is not answered"),
        (lambda f, d: d.update(generative="no"), "question generative must be yes or no"),
    ],
)
def test_an_unanswered_question_is_refused_and_never_a_no(change, words):
    values, declared = factors(1, 1, 1, 1, 1, 1), dict(NO)
    change(values, declared)
    with pytest.raises(PolicyInvalid, match=words):
        risk.grade(POLICY, values, declared)


@given(
    st.lists(st.integers(0, 3), min_size=6, max_size=6),
    st.sets(st.sampled_from(sorted(POLICY.questions))),
    st.sampled_from(sorted(POLICY.questions)),
)
def test_one_more_yes_never_lowers_the_tier(values, yes, more):
    before = risk.grade(POLICY, factors(*values), NO | dict.fromkeys(yes, True)).tier
    after = risk.grade(POLICY, factors(*values), NO | dict.fromkeys(yes | {more}, True)).tier
    worse = [*LADDER, Tier.R0]  # prohibited is worse than any tier
    assert worse.index(after) >= worse.index(before)


@given(st.lists(st.integers(0, 3), min_size=6, max_size=6), st.integers(0, 5))
def test_a_worse_factor_never_lowers_score_or_tier(values, i):
    worse = [*values]
    worse[i] = min(3, worse[i] + 1)
    before, after = (risk.grade(POLICY, factors(*v), NO) for v in (values, worse))
    assert after.score >= before.score
    assert LADDER.index(after.tier) >= LADDER.index(before.tier)
