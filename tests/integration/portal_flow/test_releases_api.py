"""A release from its draft to its certificate over the API: four eyes, quorum, waivers, holds."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.governance import gate
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import load_policy
from cleanroom.vocabulary.terms import Role, SignOffRole
from portal.audit.models import Event
from portal.signoffs.actions.hold import hold_release, lift_hold
from portal.signoffs.models import Release, ReleaseHold, SignOffRecord, WaiverRecord
from tests.factories.portal import make_participant, make_person
from tests.factories.portal_flow import Api
from tests.factories.releases import make_draft

pytestmark = pytest.mark.django_db

R = SignOffRole
CODES = ("700", "808")


class Desk:
    """The people of a release, each with the API in hand."""

    def __init__(self):
        for code in CODES:
            make_participant(code)
        self.room = Api(make_person(Role.ROOM_SERVICE))
        self.developer = make_person(Role.MODEL_DEVELOPER, username="dev")
        self.coordinator = Api(make_person(Role.COORDINATOR, capacities=(R.OWNER,)))
        self.approver = Api(make_person(Role.GOVERNANCE_APPROVER, capacities=(R.ACCOUNTABLE_EXECUTIVE,)))
        self.signers = [
            (R.OWNER, self.coordinator),
            (R.SECOND_LINE, self._reviewer(R.SECOND_LINE)),
            (R.DATA_STEWARD, Api(make_person(Role.DATA_STEWARD, capacities=(R.DATA_STEWARD,)))),
            (R.VALIDATOR, self._reviewer(R.VALIDATOR)),
            (R.ACCOUNTABLE_EXECUTIVE, self.approver),
            (R.EXTERNAL_VALIDATOR, self._reviewer(R.EXTERNAL_VALIDATOR, institution="808")),
            (R.LEGAL, self._reviewer(R.LEGAL)),
            *((R.INSTITUTION_REVIEWER, self._reviewer(R.INSTITUTION_REVIEWER, institution=code)) for code in CODES),
        ]

    def _reviewer(self, capacity: SignOffRole, institution: str | None = None) -> Api:
        return Api(make_person(Role.GOVERNANCE_REVIEWER, institution=institution, capacities=(capacity,)))

    def draft(self, **changes):
        draft = make_draft(developer="dev", **changes)
        assert self.room("POST", "/releases", draft.model_dump(mode="json"))[0] == 200
        return draft

    def submit(self, draft):
        assert self.room("POST", f"/releases/{draft.release_id}/submit")[0] == 200

    def sign(self, draft, role, api, decision="approve", **changes):
        body = {"role": role, "decision": decision, "subject_digest": draft.subject_digest, "comment": "", **changes}
        return api("POST", f"/releases/{draft.release_id}/sign-offs", body)

    def sign_all(self, draft) -> str:
        for role, api in self.signers:
            status, record = self.sign(draft, role, api)
            assert status == 200, record
        return record["state"]

    def publish(self, draft, api=None):
        return (api or self.approver)("POST", f"/releases/{draft.release_id}/release")


@pytest.fixture
def desk(db):
    return Desk()


def state_of(draft) -> str:
    return Release.objects.get(release_id=draft.release_id).state


def test_the_whole_way_to_a_certificate_that_opens_the_gate(desk):
    draft = desk.draft()
    assert draft.tier == "R3"
    desk.submit(draft)
    assert desk.sign_all(draft) == "approved"
    status, body = desk.publish(draft)
    assert (status, body["state"]) == (200, "released")
    record = ReleaseRecord.model_validate(desk.room("GET", "/releases/current?use_case=" + draft.use_case)[1])
    certificate = gate.check(
        load_policy(), record, now=timezone.now(), artefact_digest=draft.digests.artefact, participants=CODES
    )
    release = Release.objects.get()
    assert desk.room("GET", "/releases")[1] == [record.model_dump(mode="json")]
    assert release.certificate_digest == certificate.digest
    assert [m.to_state for m in release.moves.all()] == ["evaluated", "submitted", "approved", "released"]
    verbs = set(Event.objects.filter(subject=f"release:{draft.release_id}").values_list("verb", flat=True))
    assert verbs >= {"release.drafted", "release.evaluated", "release.signed", "release.approved", "release.released"}


def test_everything_twice_changes_nothing(desk):
    draft = desk.draft()
    desk.draft_again = desk.room("POST", "/releases", draft.model_dump(mode="json"))
    for _ in range(2):
        desk.submit(draft)
    role, api = desk.signers[0]
    assert desk.sign(draft, role, api)[0] == desk.sign(draft, role, api)[0] == 200
    assert SignOffRecord.objects.count() == 1 and Release.objects.get().moves.count() == 2


def test_an_unknown_release_is_a_problem(desk):
    assert desk.room("GET", "/releases/none")[0] == 404
    status, problem = desk.room("GET", "/releases/current?use_case=none")
    assert (status, problem["reason"]) == (404, "not_found")


def test_a_draft_whose_developer_is_nobody_here_is_refused(desk):
    draft = make_draft(developer="somebody")
    assert desk.room("POST", "/releases", draft.model_dump(mode="json"))[0] == 403
    assert not Release.objects.exists()


def test_a_draft_that_is_not_what_it_says_is_refused(desk):
    forged = make_draft(developer="dev").model_copy(update={"tier": "R1"})
    status, problem = desk.room("POST", "/releases", forged.model_dump(mode="json"))
    assert status == 403 and "evaluation" in problem["detail"]


def test_the_developer_signs_nothing_not_even_by_the_database(desk):
    draft = desk.draft()
    desk.submit(draft)
    role, api = desk.signers[0]
    desk.sign(draft, role, api)
    row = SignOffRecord.objects.get()
    row.pk, row.person, row.role = None, desk.developer, R.LEGAL
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
    assert desk.sign(draft, R.OWNER, Api(desk.developer))[0] == 403


def test_nobody_signs_twice_not_even_by_the_database(desk):
    draft = desk.draft()
    desk.submit(draft)
    both = Api(make_person(Role.GOVERNANCE_REVIEWER, capacities=(R.LEGAL, R.VALIDATOR)))
    assert desk.sign(draft, R.LEGAL, both)[0] == 200
    assert desk.sign(draft, R.VALIDATOR, both)[0] == 403
    row = SignOffRecord.objects.get()
    row.pk, row.role = None, R.VALIDATOR
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_signature_is_written_once(desk):
    draft = desk.draft()
    desk.submit(draft)
    desk.sign(draft, *desk.signers[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        SignOffRecord.objects.update(comment="changed")


def test_a_capacity_that_was_not_granted_is_refused(desk):
    draft = desk.draft()
    desk.submit(draft)
    status, problem = desk.sign(draft, R.OWNER, Api(make_person(Role.GOVERNANCE_REVIEWER, capacities=(R.LEGAL,))))
    assert status == 403 and "sign as" in problem["detail"]


def test_signing_a_content_that_changed_is_refused(desk):
    draft = desk.draft()
    desk.submit(draft)
    assert desk.sign(draft, *desk.signers[0], subject_digest="f" * 64)[0] == 403


def test_a_rejection_returns_it_to_draft_and_a_new_content_starts_anew(desk):
    draft = desk.draft()
    desk.submit(draft)
    desk.sign(draft, *desk.signers[0])
    assert desk.sign(draft, *desk.signers[1], decision="reject", comment="the split leaks")[1]["state"] == "draft"
    again = desk.draft(snapshot="4" * 64)
    assert state_of(again) == "evaluated" and again.subject_digest != draft.subject_digest
    desk.submit(again)
    assert desk.sign_all(again) == "approved"


def test_a_submitted_content_cannot_be_replaced(desk):
    draft = desk.draft()
    desk.submit(draft)
    other = make_draft(developer="dev", snapshot="5" * 64)
    assert desk.room("POST", "/releases", other.model_dump(mode="json"))[0] == 403


def test_an_incomplete_quorum_is_not_released(desk):
    draft = desk.draft()
    desk.submit(draft)
    for role, api in desk.signers[:-1]:
        desk.sign(draft, role, api)
    assert state_of(draft) == "submitted"
    assert desk.publish(draft)[0] == 403


# --- waivers ------------------------------------------------------------------------------------------------------


def waivable_control(policy) -> tuple[str, str]:
    """(control, metric) of a block control that may be waived and is due before the release."""
    for control in policy.controls:
        open_to_it = control.gate == "block" and not control.not_waivable and control.phase == "before_release"
        if open_to_it and control.ai_kind != "gen" and control.evidence == "metric":
            return control.id, control.metrics[0].name
    raise AssertionError("the policy lets nothing be waived")


def ask_waiver(api, draft, control_id, **changes):
    body = {
        "control_id": control_id,
        "reason": "not measured before the first release",
        "compensating_control": "an officer decides every case",
        "owner": "owner",
        "ends_on": str((timezone.now() + timedelta(days=20)).date()),
        **changes,
    }
    return api("POST", f"/releases/{draft.release_id}/waivers", body)


def test_an_open_control_closes_the_gate_until_two_people_waive_it(desk):
    control, metric = waivable_control(load_policy())
    draft = desk.draft(changes={metric: None})
    desk.submit(draft)
    assert ask_waiver(desk.coordinator, draft, control)[0] == 200
    assert ask_waiver(desk.coordinator, draft, control)[0] == 200, "the same request again changes nothing"
    assert WaiverRecord.objects.count() == 1
    desk.sign_all(draft)
    status, problem = desk.publish(draft)
    assert (status, problem["reason"]) == (409, "gate_closed") and control in problem["detail"]


def test_a_waiver_takes_a_second_person(desk):
    control, metric = waivable_control(load_policy())
    draft = desk.draft(changes={metric: None})
    both = Api(make_person(Role.GOVERNANCE_APPROVER, Role.COORDINATOR))
    assert ask_waiver(both, draft, control)[0] == 200
    path = f"/releases/{draft.release_id}/waivers/{control}/approve"
    assert both("POST", path)[0] == 403
    waiver = WaiverRecord.objects.get()
    waiver.approved_by, waiver.approved_at = both.user, timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        waiver.save()
    assert desk.coordinator("POST", path)[0] == 403, "not everybody approves"
    assert desk.approver("POST", path)[0] == desk.approver("POST", path)[0] == 200
    desk.submit(draft)
    desk.sign_all(draft)
    assert desk.publish(draft)[0] == 200


def test_a_waiver_that_runs_too_long_is_refused(desk):
    control, metric = waivable_control(load_policy())
    draft = desk.draft(changes={metric: None})
    assert ask_waiver(desk.coordinator, draft, control, ends_on="2099-01-01")[0] == 403
    assert ask_waiver(desk.coordinator, draft, control, reason="short")[0] == 422


def test_a_failing_figure_keeps_the_gate_closed(desk):
    _control, metric = waivable_control(load_policy())
    bad = Evidence(-1e6, low=-1e6, high=1e6, cases=100_000, measured_at=timezone.now())
    draft = desk.draft(changes={metric: bad})
    desk.submit(draft)
    desk.sign_all(draft)
    assert desk.publish(draft)[1]["reason"] == "gate_closed"


# --- after the release --------------------------------------------------------------------------------------------


@pytest.fixture
def released(desk):
    draft = desk.draft()
    desk.submit(draft)
    desk.sign_all(draft)
    assert desk.publish(draft)[0] == 200
    return draft


def test_suspended_with_a_reason_and_released_again_with_the_first_date(desk, released):
    first = Release.objects.get().released_at
    status, body = desk.room("POST", f"/releases/{released.release_id}/suspend", {"reason": "drift"})
    assert (status, body["state"], body["suspended_reason"]) == (200, "suspended", "drift")
    assert desk.room("GET", "/releases/current?use_case=" + released.use_case)[1]["state"] == "suspended"
    assert desk.publish(released)[1]["state"] == "released"
    assert Release.objects.get().released_at == first


def test_a_new_release_retires_the_old_one(desk, released):
    newer = desk.draft(release_id="score-2026-2")
    desk.submit(newer)
    desk.sign_all(newer)
    assert desk.publish(newer)[0] == 200
    assert (state_of(released), state_of(newer)) == ("retired", "released")
    current = desk.room("GET", "/releases/current?use_case=" + newer.use_case)[1]
    assert current["draft"]["release_id"] == newer.release_id


def test_a_hold_concerns_one_institution_and_stands_in_the_record(desk, released):
    reviewer = make_person(Role.GOVERNANCE_REVIEWER, institution="808")
    hold_release(released.release_id, reason="own review", by=reviewer)
    hold_release(released.release_id, reason="own review", by=reviewer)
    assert ReleaseHold.objects.count() == 1
    assert desk.room("GET", f"/releases/{released.release_id}")[1]["held_by"] == ["808"]
    lift_hold(released.release_id, by=reviewer)
    assert desk.room("GET", f"/releases/{released.release_id}")[1]["held_by"] == []


@pytest.mark.parametrize("role", list(Role))
def test_who_may_let_a_model_out(desk, role):
    draft = desk.draft()
    desk.submit(draft)
    desk.sign_all(draft)
    status, _ = desk.publish(draft, Api(make_person(role, institution="808")))
    assert (status == 200) == (role is Role.GOVERNANCE_APPROVER)
