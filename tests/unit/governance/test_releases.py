"""The table of moves, and who may sign: nobody twice, nobody for himself, each receiving institution for itself."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.contracts.governance import SignOffRequest
from cleanroom.errors import NotAllowed
from cleanroom.governance import releases
from cleanroom.governance.policy import load_policy
from cleanroom.governance.releases import NEXT, MissingSignOff
from cleanroom.vocabulary.terms import ReleaseState, SignOffRole, Tier
from tests.factories.records import CODES, DEVELOPER, NOW, a_draft, a_record, sign, signed

POLICY = load_policy()
DRAFT = a_draft(POLICY)
R = SignOffRole


def submitted(*sign_offs, draft=DRAFT):
    return a_record(draft, state=ReleaseState.SUBMITTED, sign_offs=sign_offs)


def may_sign(record, role, *, by="somebody", institution=None, digest=None):
    request = SignOffRequest(role=role, decision="approve", subject_digest=digest or record.draft.subject_digest)
    releases.check_may_sign(POLICY, record, request, by=by, institution=institution, participants=CODES)


def test_the_table_names_every_state_and_reaches_every_state():
    assert set(NEXT) == set(ReleaseState)
    assert set().union(*NEXT.values()) == set(ReleaseState)
    assert NEXT[ReleaseState.RETIRED] == frozenset()


@pytest.mark.parametrize("state", list(ReleaseState))
def test_only_moves_of_the_table_are_allowed(state):
    record = signed(POLICY, a_record(DRAFT)).model_copy(update={"state": state})
    for to in NEXT[state]:
        releases.check_may_move(POLICY, record, to, by="approver", participants=CODES)
    for to in set(ReleaseState) - NEXT[state]:
        with pytest.raises(NotAllowed, match="cannot go from"):
            releases.check_may_move(POLICY, record, to, by="approver", participants=CODES)


def test_only_an_approved_or_suspended_release_can_be_released():
    assert {s for s, nexts in NEXT.items() if ReleaseState.RELEASED in nexts} == {
        ReleaseState.APPROVED,
        ReleaseState.SUSPENDED,
    }


def test_the_developer_lets_nothing_out():
    record = signed(POLICY, a_record(DRAFT))
    with pytest.raises(NotAllowed, match="a second person"):
        releases.check_may_move(POLICY, record, ReleaseState.APPROVED, by=DEVELOPER, participants=CODES)


def test_a_prohibited_use_goes_nowhere():
    record = a_record(DRAFT.model_copy(update={"tier": Tier.R0}))
    with pytest.raises(NotAllowed, match="prohibited"):
        releases.check_may_move(POLICY, record, ReleaseState.SUBMITTED, by="x", participants=CODES)


@pytest.mark.parametrize("tier, seats", [(Tier.R1, 2), (Tier.R2, 4 + len(CODES)), (Tier.R3, 7 + len(CODES))])
def test_the_quorum_grows_with_the_tier(tier, seats):
    record = submitted(draft=a_draft(POLICY, tier=tier))
    assert record.draft.tier is tier
    missing = releases.missing_sign_offs(POLICY, record, participants=CODES)
    assert len(missing) == seats
    reviewers = {m.institution for m in missing if m.role is R.INSTITUTION_REVIEWER}
    assert reviewers == (set() if tier is Tier.R1 else set(CODES))


def test_a_complete_quorum_approves():
    record = signed(POLICY, a_record(DRAFT))
    assert releases.missing_sign_offs(POLICY, record, participants=CODES) == ()
    assert releases.state_after_sign_off(POLICY, record, participants=CODES) is ReleaseState.APPROVED


def test_any_sign_off_less_keeps_it_submitted():
    record = signed(POLICY, a_record(DRAFT))
    assert len(record.sign_offs) == 10
    for i in range(len(record.sign_offs)):
        less = record.model_copy(update={"sign_offs": record.sign_offs[:i] + record.sign_offs[i + 1 :]})
        assert releases.state_after_sign_off(POLICY, less, participants=CODES) is ReleaseState.SUBMITTED
        with pytest.raises(NotAllowed, match="is missing"):
            releases.check_may_move(POLICY, less, ReleaseState.APPROVED, by="approver", participants=CODES)


def test_without_receiving_institutions_nothing_is_approved():
    record = signed(POLICY, a_record(DRAFT))
    assert releases.state_after_sign_off(POLICY, record, participants=()) is ReleaseState.SUBMITTED
    with pytest.raises(NotAllowed, match="name the institutions"):
        releases.check_may_move(POLICY, record, ReleaseState.APPROVED, by="approver", participants=())


def test_a_new_participant_has_a_say_of_its_own():
    record = signed(POLICY, a_record(DRAFT))
    assert releases.missing_sign_offs(POLICY, record, participants=(*CODES, "013")) == (
        MissingSignOff(R.INSTITUTION_REVIEWER, "013"),
    )


def test_a_rejection_returns_the_release():
    record = signed(POLICY, a_record(DRAFT))
    refused = record.sign_offs[0].model_copy(update={"decision": "reject"})
    record = record.model_copy(update={"sign_offs": (refused, *record.sign_offs[1:])})
    assert releases.state_after_sign_off(POLICY, record, participants=CODES) is ReleaseState.DRAFT


def test_a_state_other_than_submitted_does_not_change():
    record = signed(POLICY, a_record(DRAFT)).model_copy(update={"state": ReleaseState.SUSPENDED})
    assert releases.state_after_sign_off(POLICY, record, participants=CODES) is ReleaseState.SUSPENDED


@pytest.mark.parametrize(
    "role, person, words",
    [
        (R.OWNER, {"by": DEVELOPER}, "developer of a model does not sign"),
        (R.OWNER, {"by": "legal-centre"}, "signed this release already"),
        (R.INSTITUTION_REVIEWER, {}, "receives the output"),
        (R.INSTITUTION_REVIEWER, {"institution": "999"}, "receives the output"),
        (R.EXTERNAL_VALIDATOR, {}, "no part in this model"),
        (R.EXTERNAL_VALIDATOR, {"institution": "700"}, "no part in this model"),
        (R.OWNER, {"digest": "0" * 64}, "read it again"),
    ],
)
def test_who_may_not_sign(role, person, words):
    done = [
        sign(submitted(), MissingSignOff(R.LEGAL)),
        sign(submitted(), MissingSignOff(R.VALIDATOR), institution="700"),
    ]
    with pytest.raises(NotAllowed, match=words):
        may_sign(submitted(*done), role, **person)


def test_who_may_sign():
    record = submitted(sign(submitted(), MissingSignOff(R.LEGAL)))
    may_sign(record, R.OWNER)
    may_sign(record, R.INSTITUTION_REVIEWER, institution="808")
    may_sign(record, R.EXTERNAL_VALIDATOR, institution="822")


def test_the_order_in_which_validators_sign_makes_no_difference():
    record = submitted(sign(submitted(), MissingSignOff(R.EXTERNAL_VALIDATOR)))
    with pytest.raises(NotAllowed, match="external validator"):
        may_sign(record, R.VALIDATOR, institution="822")
    late = sign(record, MissingSignOff(R.VALIDATOR), institution="822")
    both = submitted(*record.sign_offs, late)
    assert MissingSignOff(R.EXTERNAL_VALIDATOR) in releases.missing_sign_offs(POLICY, both, participants=CODES)


@pytest.mark.parametrize("state", [s for s in ReleaseState if s is not ReleaseState.SUBMITTED])
def test_only_a_submitted_release_is_signed(state):
    with pytest.raises(NotAllowed, match="must be submitted"):
        may_sign(a_record(DRAFT, state=state), R.OWNER)


def test_a_tier_takes_no_sign_off_that_it_does_not_ask_for():
    with pytest.raises(NotAllowed, match="has no sign-off as legal"):
        may_sign(submitted(draft=a_draft(POLICY, tier=Tier.R1)), R.LEGAL)


def test_sign_offs_over_other_content_are_void():
    record = signed(POLICY, a_record(DRAFT))
    changed = DRAFT.model_copy(update={"digests": DRAFT.digests.model_copy(update={"artefact": "b" * 64})})
    record = record.model_copy(update={"draft": changed})
    assert releases.binding(record) == ()
    assert len(releases.missing_sign_offs(POLICY, record, participants=CODES)) == 10


SEATS = releases.missing_sign_offs(POLICY, submitted(), participants=CODES)


@given(st.data())
def test_nobody_signs_twice_or_for_himself(data):
    """Whatever forged list of signatures a record holds: two by one person, or one by the developer, never count."""
    people = st.sampled_from([DEVELOPER, "ann", "bo", "chen", *(f"p{i}" for i in range(8))])
    names = data.draw(st.lists(people, min_size=len(SEATS), max_size=len(SEATS)))
    record = submitted()
    forged = tuple(sign(record, seat, by=name) for seat, name in zip(SEATS, names, strict=True))
    record = submitted(*forged)
    clean = len(set(names)) == len(names) and DEVELOPER not in names
    state = releases.state_after_sign_off(POLICY, record, participants=CODES)
    assert (state is ReleaseState.APPROVED) == clean
    assert (releases.separation_violations(record) == 0) == clean


def test_times_in_the_factory_are_aware():
    assert NOW.tzinfo is UTC
