"""The gate opens for one thing only, and says everything that keeps it closed."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cleanroom.contracts.governance import ReleaseRecord, SendingStop
from cleanroom.errors import GateClosed, NotAllowed
from cleanroom.governance import certificate, drafts, gate, waivers
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import AiKind, GateKind, Phase, load_policy
from cleanroom.vocabulary.terms import ControlOutcome, ReleaseState, Tier
from tests.factories.records import (
    ARTEFACT,
    CODES,
    COMMIT,
    DEVELOPER,
    NOW,
    a_draft,
    a_record,
    a_waiver,
    released,
    signed,
)

POLICY = load_policy()
DRAFT = a_draft(POLICY)
RECORD = released(POLICY, DRAFT)
LATER = NOW + timedelta(hours=3)
TICK = timedelta(microseconds=1)
BLOCKING = [
    m
    for c in POLICY.applicable(Tier.R3, AiKind.PREDICTIVE)
    if c.gate is GateKind.BLOCK and c.phase is Phase.BEFORE_RELEASE
    for m in c.metrics
    if m.operator != "recorded"
]


def check(record=RECORD, *, now=LATER, artefact=ARTEFACT, codes=CODES, commit=None, policy=POLICY):
    return gate.check(policy, record, now=now, artefact_digest=artefact, participants=codes, code_commit=commit)


def closed(record=RECORD, **more) -> str:
    with pytest.raises(GateClosed) as refused:
        check(record, **more)
    return refused.value.sentence


def test_a_complete_release_opens_the_gate():
    issued = check(commit=COMMIT)
    assert issued.participants == CODES
    assert issued.subject_digest == DRAFT.subject_digest
    assert issued.issued_at == RECORD.released_at
    assert len(issued.sign_offs) == 10


def test_no_release_no_gate():
    assert "has no release" in closed(None)


def test_every_reason_is_named_at_once():
    sentence = closed(
        RECORD.model_copy(update={"state": ReleaseState.SUSPENDED, "suspended_reason": "drift", "sign_offs": ()}),
        artefact="b" * 64,
        commit="0" * 40,
    )
    for words in ("suspended (drift)", "artefact is not the one", "code is not the commit", "sign-off as owner"):
        assert words in sentence


@pytest.mark.parametrize("state", [s for s in ReleaseState if s is not ReleaseState.RELEASED])
def test_only_a_released_release_opens_it(state):
    assert f"the release is {state}" in closed(RECORD.model_copy(update={"state": state}))


@pytest.mark.parametrize("at", [None, LATER + TICK, NOW - timedelta(days=1)])
def test_the_time_of_release_must_be_possible(at):
    assert "time of release" in closed(RECORD.model_copy(update={"released_at": at}))


def test_times_without_an_offset_close_it():
    naive = RECORD.model_copy(update={"released_at": RECORD.released_at.replace(tzinfo=None)})
    assert "no offset" in closed(naive)
    waiver = a_waiver(POLICY, "ROB-4-04", approved_at=NOW.replace(tzinfo=None))
    assert "no offset" in closed(RECORD.model_copy(update={"waivers": (waiver,)}))


def test_a_hold_takes_an_institution_out_and_no_other():
    assert check(RECORD.model_copy(update={"held_by": ("808",)})).participants == ("700", "822")
    assert "no institution is left" in closed(RECORD.model_copy(update={"held_by": CODES}))
    assert "no institution is left" in closed(codes=())


def test_an_institution_that_did_not_sign_receives_nothing():
    assert "institution_reviewer of institution 013" in closed(codes=(*CODES, "013"))


# --- whatever is changed ------------------------------------------------------------------------------------------


def digests(record: ReleaseRecord, **changes) -> ReleaseRecord:
    bound = record.draft.digests.model_copy(update=changes)
    return record.model_copy(update={"draft": record.draft.model_copy(update={"digests": bound})})


@given(st.sampled_from(["policy", "answers", "artefact", "data_snapshot", "evaluation"]), st.data())
def test_any_changed_digest_closes_it(name, data):
    old = getattr(DRAFT.digests, name)
    at = data.draw(st.integers(0, 63))
    new = data.draw(st.sampled_from([c for c in "0123456789abcdef" if c != old[at]]))
    assert closed(digests(RECORD, **{name: old[:at] + new + old[at + 1 :]}))


def test_a_changed_commit_closes_it():
    assert "sign-off as owner is missing" in closed(digests(RECORD, code_commit="e" * 40))


TAMPERED = {
    "controls": ("evaluation is not the one", lambda d: d.controls[:-1]),
    "developer": ("evaluation is not the one", lambda d: "other"),
    "evaluated_at": ("evaluation is not the one", lambda d: d.evaluated_at + TICK),
    "model": ("risk answers are not the ones", lambda d: "another-model"),
    "factors": ("risk answers are not the ones", lambda d: d.factors | {"F1": 0}),
    "declared": ("risk answers are not the ones", lambda d: d.declared | {"calls_tools": True}),
    "score": ("grade does not follow", lambda d: 10.0),
    "tier": ("grade does not follow", lambda d: Tier.R1),
    "model_card": ("risk answers cannot be judged", lambda d: {}),
    "policy_version": ("another policy", lambda d: "anti-fraud-1999.1"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_any_changed_field_of_the_draft_closes_it_even_when_bound_and_signed_again(name):
    """Whoever can write the record, digests and signatures included, still cannot make a draft say what it is not."""
    words, change = TAMPERED[name]
    changed = DRAFT.model_copy(update={name: change(DRAFT)})
    assert "evaluation is not the one" in closed(RECORD.model_copy(update={"draft": changed}))
    if words == "evaluation is not the one":
        return
    rebound = changed.digests.model_copy(update={"evaluation": drafts.evaluation_digest(changed)})
    forged = signed(POLICY, a_record(changed.model_copy(update={"digests": rebound})))
    forged = forged.model_copy(update={"state": ReleaseState.RELEASED, "released_at": RECORD.released_at})
    assert words in closed(forged)


def test_outcomes_written_into_the_draft_count_for_nothing():
    """A failing figure that is written down as a pass, bound and signed, is judged again from its figures."""
    draft = a_draft(POLICY, raw_id_hits=Evidence(3, measured_at=NOW, cases=10))
    painted = tuple(r.model_copy(update={"outcome": ControlOutcome.PASS}) for r in draft.controls)
    draft = draft.model_copy(update={"controls": painted})
    bound = draft.digests.model_copy(update={"evaluation": drafts.evaluation_digest(draft)})
    assert "PRI-2-02: raw_id_hits is 3" in closed(released(POLICY, draft.model_copy(update={"digests": bound})))


def test_dropped_results_are_missed():
    draft = DRAFT.model_copy(update={"controls": ()})
    bound = draft.digests.model_copy(update={"evaluation": drafts.evaluation_digest(draft)})
    sentence = closed(released(POLICY, draft.model_copy(update={"digests": bound})))
    assert "ROB-3-01" in sentence
    assert "PRI-2-02" in sentence


def test_another_policy_closes_it_until_the_release_is_evaluated_under_it():
    stricter = POLICY.model_copy(update={"version": "anti-fraud-2026.1"})
    stricter.__dict__.pop("digest", None)
    assert "another policy" in closed(policy=stricter)
    assert check(released(stricter, a_draft(stricter)), policy=stricter)


# --- controls -----------------------------------------------------------------------------------------------------


def _failing(metric) -> Evidence:
    limit = 0.5 if metric.reference else metric.limit_for(Tier.R3)
    worse = limit - 1 if metric.operator == ">=" else limit + 1
    return Evidence(worse, low=worse, high=worse, cases=10_000, measured_at=NOW)


def test_the_blocking_metrics_are_found():
    assert len(BLOCKING) > 25, "the tests below would pass on nothing"


@pytest.mark.parametrize("metric", BLOCKING, ids=lambda m: m.name)
@pytest.mark.parametrize("how", ["fails", "is not measured"])
def test_each_blocking_metric_alone_closes_it(metric, how):
    evidence = _failing(metric) if how == "fails" else None
    sentence = closed(released(POLICY, a_draft(POLICY, **{metric.name: evidence})))
    assert metric.name in sentence
    assert sentence.count(";") <= 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(BLOCKING), min_size=1, max_size=4), st.sampled_from(BLOCKING))
def test_one_more_failing_control_never_opens_it(failing, more):
    few = {m.name: _failing(m) for m in failing}
    before = gate.blockers(POLICY, released(POLICY, a_draft(POLICY, **few)), now=LATER, participants=CODES)
    many = few | {more.name: _failing(more)}
    after = gate.blockers(POLICY, released(POLICY, a_draft(POLICY, **many)), now=LATER, participants=CODES)
    assert before
    assert set(before) <= set(after)


def test_warn_controls_close_nothing():
    warned = {
        m.name: None
        for c in POLICY.applicable(Tier.R3, AiKind.PREDICTIVE)
        if c.gate is GateKind.WARN
        for m in c.metrics
    }
    assert len(warned) >= 8
    assert check(released(POLICY, a_draft(POLICY, **warned)))


def test_a_first_release_without_a_history_is_possible_with_waivers():
    """What the line cannot have before it ever ran: shadow days, a drill, a scanner's report, an evasion test."""
    lacking = dict.fromkeys(["shadow_days", "drill_age_days", "critical_vulns", "evasion_recall_drop"])
    draft = a_draft(POLICY, **lacking)
    controls = ("ROB-4-04", "ROB-4-03", "ROB-4-05", "ROB-3-03")
    given = tuple(a_waiver(POLICY, c) for c in controls)
    assert len(gate.blockers(POLICY, released(POLICY, draft), now=LATER, participants=CODES)) == 4
    issued = check(released(POLICY, draft, waivers=given))
    assert {w.control_id for w in issued.waivers} == set(controls)
    for i in range(4):
        fewer = released(POLICY, draft, waivers=given[:i] + given[i + 1 :])
        assert controls[i] in closed(fewer)


# --- time ---------------------------------------------------------------------------------------------------------


def test_the_first_review_ends_it_when_nothing_else_does():
    ends = RECORD.released_at + timedelta(days=POLICY.first_review_days[Tier.R3])
    assert check().expires_at == ends


def test_figures_from_operation_carry_it_to_the_end_of_its_evidence():
    operation = {
        m.name: Evidence(float(m.limit), low=m.limit, high=m.limit, cases=100, measured_at=NOW)
        for c in POLICY.applicable(Tier.R3, AiKind.PREDICTIVE)
        if c.phase is Phase.AFTER_RELEASE and c.gate is GateKind.BLOCK
        for m in c.metrics
    }
    assert operation
    record = released(POLICY, a_draft(POLICY, **operation))
    assert check(record).expires_at == NOW + timedelta(days=90)


def test_a_waiver_ends_it_at_taipei_midnight():
    waiver = a_waiver(POLICY, "ROB-4-04", ends_on=date(2026, 3, 9))
    record = released(POLICY, a_draft(POLICY, shadow_days=None), waivers=(waiver,))
    ends = waivers.ends_at(POLICY, date(2026, 3, 9))
    assert check(record).expires_at == ends
    assert check(record, now=ends - TICK)
    sentence = closed(record, now=ends)
    assert "GOV-4-02: expired_waivers is 1" in sentence
    assert "ROB-4-04" in sentence
    assert "certificate expired" in sentence


@given(st.integers(0, 29), st.integers(0, 80), st.sampled_from([Tier.R1, Tier.R2, Tier.R3]))
@settings(max_examples=25, deadline=None)
def test_expiry_closes_it_at_its_exact_time(waived_days, aged_days, tier):
    control = next(
        c for c in POLICY.applicable(tier, AiKind.PREDICTIVE) if not c.not_waivable and c.gate is GateKind.BLOCK
        and c.phase is Phase.BEFORE_RELEASE
    )  # fmt: skip
    old = Evidence(0.999, measured_at=NOW - timedelta(days=aged_days), cases=10_000)
    draft = a_draft(POLICY, tier=tier, repeat_match_rate=old)
    ends_on = (NOW + timedelta(days=waived_days)).date()
    record = released(POLICY, draft, waivers=(a_waiver(POLICY, control.id, tier=tier, ends_on=ends_on),))
    ends = certificate.expires_at(POLICY, record, now=LATER)
    assert check(record, now=ends - TICK).expires_at == ends
    assert any(words in closed(record, now=ends) for words in ("certificate expired", "evidence is stale"))


def test_a_use_case_in_use_owes_its_figures_from_operation_at_once():
    answers_say = DRAFT.model_card["answers"]["declared"]["already_in_use"]
    assert answers_say["answer"] is False
    with pytest.raises(NotAllowed, match="already_in_use with yes"):
        drafts.check_draft(POLICY, DRAFT, now=NOW, first_released_at=NOW - timedelta(days=30))
    drafts.check_draft(POLICY, DRAFT, now=NOW, first_released_at=NOW - timedelta(days=29))
    drafts.check_draft(POLICY, DRAFT, now=NOW)


# --- the portal's moves -------------------------------------------------------------------------------------------


def test_the_portal_releases_what_the_gate_will_open_for():
    approved = RECORD.model_copy(update={"state": ReleaseState.APPROVED, "released_at": None})
    at = RECORD.released_at
    issued = gate.check_may_release(POLICY, approved, by="approver", now=at, participants=CODES)
    assert issued == check()
    assert issued.digest == check().digest


def test_the_portal_releases_nothing_else():
    approved = RECORD.model_copy(update={"state": ReleaseState.APPROVED, "released_at": None, "sign_offs": ()})
    with pytest.raises(GateClosed, match="sign-off as owner is missing"):
        gate.check_may_release(POLICY, approved, by="approver", now=LATER, participants=CODES)
    with pytest.raises(NotAllowed, match="second person"):
        gate.check_may_release(POLICY, approved, by=DEVELOPER, now=LATER, participants=CODES)
    with pytest.raises(NotAllowed, match="cannot go from draft"):
        gate.check_may_release(POLICY, a_record(DRAFT, state="draft"), by="x", now=LATER, participants=CODES)


def test_the_certificate_survives_the_wire_with_its_digest():
    issued = check()
    again = certificate.Certificate.model_validate_json(issued.model_dump_json())
    assert again.digest == issued.digest
    record = ReleaseRecord.model_validate_json(RECORD.model_dump_json())
    assert check(record).digest == issued.digest


@pytest.mark.parametrize("change", [{"score": 59.9}, {"participants": ("700",)}, {"expires_at": LATER}])
def test_every_part_of_a_certificate_is_in_its_digest(change):
    issued = check()
    assert issued.model_copy(update=change).digest != issued.digest


def decide(record, **more):
    asked = {"now": LATER, "artefact_digest": ARTEFACT, "participants": CODES} | more
    return gate.decide(POLICY, record, **asked)


def test_a_decision_is_open_with_a_certificate_or_shut_with_reasons():
    good, bad = decide(RECORD), decide(None)
    assert good.as_dict() == {
        "allowed": True,
        "release_id": RECORD.draft.release_id,
        "reasons": [],
        "certificate": check().digest,
        "expires_at": check().expires_at.isoformat(),
        "participants": list(CODES),
    }
    assert (bad.is_open, bad.as_dict()["reasons"][0]["code"]) == (False, "no_release")


def test_an_emergency_stop_closes_it_and_is_named_first():
    stop = SendingStop(reason="drill", stopped_at=NOW)
    for record in (RECORD, None):
        shut = decide(record, stop=stop)
        assert (shut.is_open, shut.reasons[0].code) == (False, "stopped")
        assert "drill" in shut.reasons[0].en and "drill" in shut.reasons[0].zh_hant
    assert decide(RECORD).is_open


def test_reasons_stand_in_both_languages():
    draft = a_draft(POLICY, raw_id_hits=Evidence(3, measured_at=NOW, cases=10), shadow_days=None)
    reasons = gate.blockers(POLICY, a_record(draft), now=LATER, participants=CODES)
    assert len(reasons) > 10
    assert all(any("\u4e00" <= ch <= "\u9fff" for ch in r.zh_hant) for r in reasons)


@pytest.mark.parametrize("state", [s for s in ReleaseState if s is not ReleaseState.RELEASED])
def test_a_state_that_shuts_the_gate_is_told_in_chinese(state):
    found = gate.decide(POLICY, RECORD.model_copy(update={"state": state}), now=LATER, artefact_digest=ARTEFACT,
                        participants=CODES)  # fmt: skip
    [reason] = [r for r in found.reasons if r.code == "not_released"]
    assert reason.zh_hant.isascii() is False
    assert str(state) not in reason.zh_hant
