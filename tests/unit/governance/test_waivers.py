"""Waivers: two people, a reason, an end; and controls that nobody may waive."""

from datetime import UTC, date, datetime, timedelta

import pytest

from cleanroom.contracts.governance import WaiverRequest
from cleanroom.errors import NotAllowed, PolicyInvalid
from cleanroom.governance import waivers
from cleanroom.governance.policy import AiKind, load_policy
from cleanroom.vocabulary.terms import ReleaseState, Tier
from tests.factories.records import DEVELOPER, NOW, REASON, a_draft, a_record, a_waiver

POLICY = load_policy()
DRAFT = a_draft(POLICY)


def request(control_id="ROB-4-04", ends_on=date(2026, 4, 1)):
    return WaiverRequest(
        control_id=control_id,
        reason=REASON,
        compensating_control="an officer decides every case",
        owner="owner-centre",
        ends_on=ends_on,
    )


def ask(record=None, *, now=NOW, **more):
    waivers.check_may_request(POLICY, record or a_record(DRAFT), request(**more), by="asker", now=now)


def pending(**changes):
    return a_waiver(POLICY, "ROB-4-04", approved_by=None, approved_at=None, **changes)


@pytest.mark.parametrize("tier, days", [(Tier.R1, 90), (Tier.R2, 90), (Tier.R3, 30)])
def test_a_waiver_runs_no_longer_than_its_tier_allows(tier, days):
    record, last = a_record(a_draft(POLICY, tier=tier)), date(2026, 3, 2) + timedelta(days=days)
    control = next(c.id for c in POLICY.applicable(tier, AiKind.PREDICTIVE) if c.not_waivable is None)
    ask(record, control_id=control, ends_on=last)
    with pytest.raises(NotAllowed, match=f"may run to {last}"):
        ask(record, control_id=control, ends_on=last + timedelta(days=1))


def test_a_day_is_a_day_in_taipei():
    evening = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)  # 00:30 of 3 March in Taipei
    assert waivers.last_day(POLICY, Tier.R3, now=evening) == date(2026, 4, 2)
    assert waivers.ends_at(POLICY, date(2026, 4, 1)) == datetime(2026, 4, 1, 16, 0, tzinfo=UTC)


def test_a_waiver_that_is_over_before_it_begins_is_refused():
    ask(ends_on=date(2026, 3, 2))
    with pytest.raises(NotAllowed, match="end before it begins"):
        ask(ends_on=date(2026, 3, 1))


def test_what_may_not_be_waived_says_why():
    fixed = [c for c in POLICY.controls if c.not_waivable]
    assert len(fixed) >= 10, "this test would pass on nothing"
    for control in fixed:
        with pytest.raises(NotAllowed, match="cannot be waived") as refused:
            ask(control_id=control.id)
        assert control.not_waivable.en in refused.value.sentence


def test_an_unknown_control_and_a_second_waiver_are_refused():
    with pytest.raises(PolicyInvalid, match="no control ROB-9-99"):
        ask(control_id="ROB-9-99")
    with pytest.raises(NotAllowed, match="has a waiver already"):
        ask(a_record(DRAFT, waivers=(pending(),)))


@pytest.mark.parametrize("state", [s for s in ReleaseState if s not in waivers.OPEN_STATES])
def test_after_approval_nothing_is_waived(state):
    with pytest.raises(NotAllowed, match="takes no waivers"):
        ask(a_record(DRAFT, state=state))
    with pytest.raises(NotAllowed, match="takes no waivers"):
        waivers.check_may_approve(
            POLICY, a_record(DRAFT, state=state, waivers=(pending(),)), "ROB-4-04", by="approver", now=NOW
        )


def test_a_prohibited_use_is_not_waived():
    record = a_record(DRAFT.model_copy(update={"tier": Tier.R0}), waivers=(a_waiver(POLICY, "ROB-4-04"),))
    with pytest.raises(NotAllowed, match="prohibited"):
        ask(record, control_id="ROB-3-03")
    assert waivers.valid(POLICY, record, now=NOW) == {}


@pytest.mark.parametrize("by", ["asker", "owner-centre", DEVELOPER])
def test_the_approver_is_another_person(by):
    record = a_record(DRAFT, waivers=(pending(),))
    with pytest.raises(NotAllowed, match="someone who did not ask"):
        waivers.check_may_approve(POLICY, record, "ROB-4-04", by=by, now=NOW)
    waivers.check_may_approve(POLICY, record, "ROB-4-04", by="approver", now=NOW)


def test_what_was_not_asked_for_or_is_approved_is_not_approved():
    with pytest.raises(NotAllowed, match="no waiver of control"):
        waivers.check_may_approve(POLICY, a_record(DRAFT), "ROB-4-04", by="approver", now=NOW)
    done = a_record(DRAFT, waivers=(a_waiver(POLICY, "ROB-4-04"),))
    with pytest.raises(NotAllowed, match="approved already"):
        waivers.check_may_approve(POLICY, done, "ROB-4-04", by="approver", now=NOW)


def test_a_request_that_lay_too_long_is_asked_for_again():
    record = a_record(DRAFT, waivers=(pending(),))
    with pytest.raises(NotAllowed, match="ask for it again"):
        waivers.check_may_approve(POLICY, record, "ROB-4-04", by="approver", now=NOW + timedelta(days=40))


def test_a_waiver_counts_from_its_approval_to_its_exact_end():
    record = a_record(DRAFT, waivers=(a_waiver(POLICY, "ROB-4-04"),))
    end = waivers.ends_at(POLICY, record.waivers[0].ends_on)

    def counts(now):
        return "ROB-4-04" in waivers.valid(POLICY, record, now=now)

    tick = timedelta(microseconds=1)
    assert [counts(t) for t in (NOW - tick, NOW, end - tick, end)] == [False, True, True, False]
    assert [len(waivers.expired(POLICY, record, now=t)) for t in (end - tick, end)] == [0, 1]


@pytest.mark.parametrize(
    "forged",
    [
        {"approved_by": None},
        {"approved_at": None},
        {"approved_by": "asker"},
        {"approved_by": "owner-centre"},
        {"approved_by": DEVELOPER},
        {"ends_on": date(2026, 4, 2)},
        {"control_id": "PRI-2-02"},
        {"control_id": "ROB-9-99"},
    ],
)
def test_a_forged_waiver_in_the_record_does_not_count(forged):
    waiver = a_waiver(POLICY, "ROB-4-04").model_copy(update=forged)
    assert waivers.valid(POLICY, a_record(DRAFT, waivers=(waiver,)), now=NOW) == {}
