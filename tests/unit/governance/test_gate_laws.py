"""Laws of the gate: whatever is changed shuts it, nobody signs twice, a higher tier never asks for less."""

import copy
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cleanroom.cli.advice import advice
from cleanroom.contracts.governance import ReleaseDraft, SignOff, SignOffRequest
from cleanroom.errors import GateClosed, NotAllowed
from cleanroom.governance import gate, releases, risk
from cleanroom.governance.certificate import Certificate
from cleanroom.governance.policy import Policy, load_policy
from cleanroom.vocabulary.terms import ReleaseState, SignOffRole, Tier
from tests.factories.records import ARTEFACT, CODES, COMMIT, DEVELOPER, NOW, a_draft, a_record, answers_for, released

POLICY = load_policy()
DRAFT = a_draft(POLICY)
RECORD = released(POLICY, DRAFT)
LATER = NOW + timedelta(hours=3)
FEW = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
TIERS = (Tier.R1, Tier.R2, Tier.R3)


def decide(record=RECORD, *, policy=POLICY, artefact=ARTEFACT, commit=COMMIT, presented=None):
    return gate.decide(
        policy,
        record,
        now=LATER,
        artefact_digest=artefact,
        participants=CODES,
        code_commit=commit,
        presented=presented,
    )


def leaves(value, path=()):
    """Paths of everything that is no mapping and no list."""
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in leaves(inner, (*path, key))]
    if isinstance(value, list):
        return [found for i, inner in enumerate(value) for found in leaves(inner, (*path, i))]
    return [path]


def changed(document: dict, path: tuple):
    """The document with one leaf changed: a letter more, one more, the other truth, something for nothing."""
    document = copy.deepcopy(document)
    here = document
    for step in path[:-1]:
        here = here[step]
    old = here[path[-1]]
    here[path[-1]] = _other(old)
    return document


def _other(old):
    if isinstance(old, bool):
        return not old
    if isinstance(old, (int, float)):
        return old + 1
    return "x" if old is None else f"{old}x" if len(old) not in (40, 64) else ("0" if old[0] != "0" else "1") + old[1:]


DRAFT_JSON, POLICY_JSON = DRAFT.model_dump(mode="json"), POLICY.model_dump(mode="json")
CERTIFICATE_JSON = decide().certificate.model_dump(mode="json")


def test_the_unchanged_is_open_and_there_is_something_to_change():
    assert decide().is_open
    assert len(leaves(DRAFT_JSON)) > 300 and len(leaves(POLICY_JSON)) > 500 and len(leaves(CERTIFICATE_JSON)) > 50


@FEW
@given(st.sampled_from(leaves(DRAFT_JSON)))
def test_any_changed_part_of_the_draft_shuts_it(path):
    """Answers, artefact, commit, data snapshot, results, card, grade: all of it stands in the draft."""
    try:
        draft = ReleaseDraft.model_validate(changed(DRAFT_JSON, path))
    except ValidationError:
        reject()  # it is not even a draft
    assert not decide(RECORD.model_copy(update={"draft": draft})).is_open, path


@FEW
@given(st.sampled_from(leaves(POLICY_JSON)))
def test_any_changed_part_of_the_policy_shuts_it(path):
    try:
        policy = Policy.model_validate(changed(POLICY_JSON, path))
    except ValidationError:
        reject()
    decision = decide(policy=policy)
    assert not decision.is_open and decision.reasons[0].code == "policy", path


@FEW
@given(st.integers(0, 63), st.sampled_from("0123456789abcdef"))
def test_any_other_artefact_or_commit_shuts_it(at, digit):
    def other(text):
        place = at % len(text)
        return text[:place] + digit + text[place + 1 :]

    for name, value in (("artefact", ARTEFACT), ("commit", COMMIT)):
        assert decide(**{name: other(value)}).is_open == (other(value) == value)


@FEW
@given(st.sampled_from(leaves(CERTIFICATE_JSON)))
def test_any_changed_part_of_a_presented_certificate_shuts_it(path):
    try:
        other = Certificate.model_validate(changed(CERTIFICATE_JSON, path))
    except ValidationError:
        reject()
    assert decide(presented=Certificate.model_validate(CERTIFICATE_JSON).digest).is_open
    assert [r.code for r in decide(presented=other.digest).reasons] == ["certificate"], path


@pytest.mark.parametrize("presented, why", [("abc", "no certificate's digest"), ("0" * 64, "not the one")])
def test_a_wrong_certificate_is_told_which_one_is_in_force(presented, why):
    digest = Certificate.model_validate(CERTIFICATE_JSON).digest
    with pytest.raises(GateClosed) as refused:
        decide(presented=presented).require()
    assert why in str(refused.value)
    assert digest in str(refused.value) and digest in refused.value.in_chinese
    assert "the gate is closed" not in str(refused.value)
    assert "portal" not in advice(refused.value)


PEOPLE = ("ann", "bob", "cid", "dan", "eve", DEVELOPER)
TRIES = st.tuples(
    st.sampled_from(PEOPLE), st.sampled_from(SignOffRole), st.sampled_from([None, *CODES]),
    st.sampled_from(["approve", "approve", "reject"]),
)  # fmt: skip


@FEW
@given(st.lists(TRIES, max_size=25))
def test_nobody_signs_twice_or_for_himself(tries):
    record = a_record(DRAFT, state=ReleaseState.SUBMITTED)
    for person, role, institution, decision in tries:
        asked = SignOffRequest(role=role, decision=decision, subject_digest=DRAFT.subject_digest)
        try:
            releases.check_may_sign(POLICY, record, asked, by=person, institution=institution, participants=CODES)
        except NotAllowed:
            continue
        given_one = SignOff(person=person, institution=institution, signed_at=LATER, **asked.model_dump())
        record = record.model_copy(update={"sign_offs": (*record.sign_offs, given_one)})
    people = [s.person for s in record.sign_offs]
    assert len(people) == len(set(people)) and DEVELOPER not in people
    assert releases.separation_violations(record) == 0
    assert releases.state_after_sign_off(POLICY, record, participants=CODES) is not ReleaseState.APPROVED


@FEW
@given(st.sets(st.sampled_from(range(len(RECORD.sign_offs)))))
def test_a_higher_tier_never_needs_fewer_signatures(kept):
    signed = RECORD.model_copy(update={"sign_offs": tuple(RECORD.sign_offs[i] for i in kept)})
    missing = [set(_missing(signed, tier)) for tier in TIERS]
    assert missing[0] <= missing[1] <= missing[2]


def _missing(record, tier):
    draft = record.draft.model_copy(update={"tier": tier})
    return releases.missing_sign_offs(POLICY, record.model_copy(update={"draft": draft}), participants=CODES)


@FEW
@given(*(st.sets(st.sampled_from(SignOffRole)) for _ in TIERS))
def test_a_policy_whose_higher_tier_asks_for_less_is_no_policy(r1, r2, r3):
    asks = {name: sorted(roles) for name, roles in zip(("R1", "R2", "R3"), (r1, r2, r3), strict=True)}
    grows = bool(r1) and r1 <= r2 <= r3
    if grows:
        Policy.model_validate(POLICY_JSON | {"quorum": asks})
        return
    with pytest.raises(ValidationError):
        Policy.model_validate(POLICY_JSON | {"quorum": asks})


@FEW
@given(st.fixed_dictionaries({f: st.integers(0, 2) for f in POLICY.factors}), st.sampled_from(sorted(POLICY.factors)))
def test_a_greater_risk_never_has_a_lower_tier(factors, greater):
    declared = answers_for(Tier.R1).declared_values
    before = risk.grade(POLICY, factors, declared)
    after = risk.grade(POLICY, factors | {greater: factors[greater] + 1}, declared)
    assert after.score > before.score and TIERS.index(after.tier) >= TIERS.index(before.tier)
