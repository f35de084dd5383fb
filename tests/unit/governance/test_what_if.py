"""A new policy version is replayed over past releases: what it changes is named, and nothing else."""

import json

import pytest

from cleanroom.governance import what_if
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import Policy
from cleanroom.governance.what_if import Verdict
from cleanroom.vocabulary.terms import SignOffRole, Tier
from tests.factories.records import CODES, NOW, a_draft, a_record, a_waiver, released, signed

R = SignOffRole


@pytest.fixture(scope="module")
def past(policy):
    """A release that is out, one that a failing control keeps shut, one out under a waiver, one that is unsigned."""
    failing = a_draft(policy, mia_auc=Evidence(0.7, low=0.66, high=0.74, cases=900, measured_at=NOW))
    unmeasured = a_draft(policy, shadow_days=None)
    waived = released(policy, unmeasured).model_copy(update={"waivers": (a_waiver(policy, "ROB-4-04"),)})
    records = [released(policy), signed(policy, a_record(failing)), waived, a_record()]
    return [
        r.model_copy(update={"draft": r.draft.model_copy(update={"release_id": f"past-{i}"})})
        for i, r in enumerate(records)
    ]


def changed(policy, **changes) -> Policy:
    return Policy.model_validate(policy.model_dump() | {"version": "next"} | changes)


def with_limit(policy, control_id: str, limit: float) -> Policy:
    content = policy.model_dump()
    control = next(c for c in content["controls"] if c["id"] == control_id)
    control["metrics"][0]["limit"] = limit
    return Policy.model_validate(content | {"version": "next"})


def replay(policy, after, past):
    # The content digest of a renamed draft is another one; it is bound anew, as the room would have bound it.
    records = [what_if._again(policy, policy, r) for r in past]
    return what_if.replay(policy, after, records, participants=CODES)


def test_the_same_content_under_another_name_changes_nothing(policy, past):
    found = replay(policy, changed(policy), past)
    assert [r.before.verdict for r in found.releases] == [Verdict.OPEN, Verdict.SHUT, Verdict.OPEN, Verdict.SHUT]
    assert [r.changes for r in found.releases] == [False] * 4
    assert not found.changes


def test_a_stricter_limit_shuts_what_was_open_and_names_the_control(policy, past):
    out, shut, *_ = replay(policy, with_limit(policy, "PRI-3-01", 0.55), past).releases
    assert (out.verdict_changes, out.after.verdict) == (True, Verdict.SHUT)
    [change] = out.controls
    assert (change.control_id, change.metric, change.value) == ("PRI-3-01", "mia_auc", 0.6)
    assert (change.before, change.after) == ("pass", "fail")
    assert change.high is not None
    [reason] = out.after.reasons
    for shown in (f"{change.value:g}", f"{change.low:g}", f"{change.high:g}", "<= 0.55"):
        assert shown in reason.en
        assert shown in reason.zh_hant
    assert (change.limit_before, change.limit_after) == ("<= 0.6", "<= 0.55")
    assert [r.control_id for r in out.after.reasons] == ["PRI-3-01"]
    assert (shut.verdict_changes, shut.changes) == (False, True)


def test_a_looser_limit_opens_what_was_shut(policy, past):
    shut = replay(policy, with_limit(policy, "PRI-3-01", 0.8), past).releases[1]
    assert (shut.before.verdict, shut.after.verdict) == (Verdict.SHUT, Verdict.OPEN)


def test_a_higher_tier_asks_for_signatures_that_are_not_there(policy):
    light = released(policy, a_draft(policy, tier=Tier.R2), state="evaluated")
    strict = changed(policy, thresholds={"R2_from": 10, "R3_from": 20})
    [one] = what_if.replay(policy, strict, [light], participants=CODES).releases
    assert (one.before.tier, one.after.tier) == (Tier.R2, Tier.R3)
    assert set(one.newly_missing) == {str(r) for r in (R.ACCOUNTABLE_EXECUTIVE, R.EXTERNAL_VALIDATOR, R.LEGAL)}
    assert one.after.verdict is Verdict.SHUT
    not_applied = [c for c in one.controls if c.before is None]
    assert {c.control_id for c in not_applied} >= {"FAI-3-02", "PRI-3-01", "ROB-3-03"}
    assert {c.after for c in not_applied if c.metric == "counterfactual_flip_rate"} == {"not_measurable"}


def test_a_waiver_that_is_older_than_the_failure_it_covers_is_marked(policy):
    out = released(policy).model_copy(update={"waivers": (a_waiver(policy, "PRI-3-01"),)})
    found = replay(policy, with_limit(policy, "PRI-3-01", 0.55), [out])
    [change] = found.releases[0].controls
    assert (change.before, change.after, change.waiver_is_older) == ("pass", "waived", True)
    assert what_if.as_dict(found)["releases"][0]["controls"][0]["waiver_is_older"] is True
    [other] = replay(policy, with_limit(policy, "PRI-3-01", 0.55), [released(policy)]).releases[0].controls
    assert (other.after, other.waiver_is_older) == ("fail", False)


def test_shorter_waivers_end_what_a_waiver_let_pass(policy, past):
    waivers = policy.waivers.model_dump() | {"max_days": {"R1": 1, "R2": 1, "R3": 1}}
    waived = replay(policy, changed(policy, waivers=waivers), past).releases[2]
    assert (waived.before.verdict, waived.after.verdict) == (Verdict.OPEN, Verdict.SHUT)


def test_a_question_that_was_never_asked_cannot_be_judged(policy, past):
    questions = policy.model_dump()["questions"] | {"sees_minors": {"en": "Minors?", "zh_hant": "未成年人？"}}
    one = replay(policy, changed(policy, questions=questions), past).releases[0]
    assert (one.after.verdict, one.after.tier, one.controls) == (Verdict.UNJUDGEABLE, None, ())
    assert "sees_minors" in one.after.reasons[0].en


def test_the_replay_is_plain_json(policy, past):
    found = replay(policy, with_limit(policy, "PRI-3-01", 0.55), past)
    told = json.loads(json.dumps(what_if.as_dict(found)))
    assert (told["releases_replayed"], told["verdicts_changed"]) == (4, 2)
    first = told["releases"][0]
    assert first["before"] | {"score": 60.0, "tier": "R3", "verdict": "open", "reasons": []} == first["before"]
    assert all(reason["zh_hant"] for reason in first["after"]["reasons"])


def test_receivers_are_those_who_reviewed_where_none_are_named(policy):
    [one] = what_if.replay(policy, changed(policy), [released(policy)]).releases
    assert (one.before.verdict, one.before.missing) == (Verdict.OPEN, ())
