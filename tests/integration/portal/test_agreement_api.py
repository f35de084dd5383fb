"""From the invitation to a gate that is open, over the API, each step by the role that may take it."""

from datetime import date, timedelta

import pytest

from cleanroom.contracts.messages import ParticipantGate
from cleanroom.contracts.specification import load_specification
from cleanroom.pipeline.key_registration import propose_room_keys
from cleanroom.pipeline.keys import init_room_keys
from cleanroom.vocabulary.terms import Dataset, Role
from portal.audit.models import Event
from portal.participants.models import Participant
from tests.factories.portal import make_participant, make_person

pytestmark = pytest.mark.django_db
BANK = {"code": "808", "name": "First Bank", "name_zh": "第一銀行", "sector": "bank"}
MOU = {
    "version": "2025.1",
    "text": "# MoU\nWe share hashed data against fraud only.",
    "valid_from": date.today().isoformat(),
    "expires_on": (date.today() + timedelta(days=365)).isoformat(),
    "purposes": ["fraud_prevention"],
}


@pytest.fixture
def coordinator(api_as):
    return api_as(make_person(Role.COORDINATOR))


def officer(api_as, code):
    return api_as(make_person(Role.PARTICIPANT_OFFICER, institution=code))


def steward(api_as, code):
    return api_as(make_person(Role.DATA_STEWARD, institution=code))


def test_health_needs_no_token(api_as):
    assert api_as(None).get("/health") == {"status": "ok"}


def test_the_whole_way_to_an_open_gate(tmp_path, api_as, coordinator, registration_of):
    invited = coordinator.post("/participants", BANK)
    assert (invited["state"], invited["mou"], invited["specification"]) == ("invited", None, None)
    coordinator.post("/mou", MOU)
    officer(api_as, "808").post("/mou/2025.1/signatures")
    specification = load_specification()
    coordinator.post("/specifications", {"version": specification.version, "digest": specification.digest})
    done = steward(api_as, "808").post(f"/specifications/{specification.version}/ratifications")
    assert done["state"] == "in_force"
    room, custodian = api_as(make_person(Role.ROOM_SERVICE)), api_as(make_person(Role.KEY_CUSTODIAN))
    key = api_as(make_person(Role.UPLOAD_SERVICE, institution="808"))
    assert key.post("/participants/808/keys", registration_of("808"))["state"] == "proposed"
    officer(api_as, "808").post("/participants/808/keys/sign-1/approve")
    pair = propose_room_keys(init_room_keys(tmp_path, demo=True), post=room.post)
    custodian.post(f"/room-keys/{pair.kid}/approve")
    gate = ParticipantGate.model_validate(room.get("/participants/808/gate"))
    assert gate.state == "active"
    assert gate.mou.signed_at and gate.mou.purposes == ("fraud_prevention",)
    assert gate.specification.in_force_from and gate.specification.ratified_by == ("808",)
    assert [(key.kid, key.state) for key in gate.keys] == [("sign-1", "active")]
    assert {"808", "700"} <= set(gate.known_institutions)
    assert gate.next_sequence == dict.fromkeys(Dataset, 1)
    assert gate.room_recipient_kid == pair.kid and gate.room_signing_kid
    assert [g["participant"] for g in room.get("/participants")] == ["808"]


def test_the_same_steps_again_change_nothing(tmp_path, api_as, coordinator, registration_of):
    specification = load_specification()
    ring, registration = init_room_keys(tmp_path, demo=True), registration_of("808")
    service = api_as(make_person(Role.ROOM_SERVICE))
    bank_officer = bank_steward = custodian = None
    seen = []
    for _round in range(2):
        coordinator.post("/participants", BANK)
        coordinator.post("/mou", MOU)
        bank_officer = bank_officer or officer(api_as, "808")
        bank_officer.post("/mou/2025.1/signatures")
        coordinator.post("/specifications", {"version": 1, "digest": specification.digest})
        bank_steward = bank_steward or steward(api_as, "808")
        bank_steward.post("/specifications/1/ratifications")
        bank_officer.post("/participants/808/keys", registration)
        custodian = custodian or api_as(make_person(Role.KEY_CUSTODIAN))
        custodian.post("/participants/808/keys/sign-1/approve")
        custodian.post(f"/room-keys/{propose_room_keys(ring, post=service.post).kid}/approve")
        bank_officer.post("/participants/808/endpoint", {"url": "http://127.0.0.1:9/hook"})
        coordinator.post("/participants/808/endpoint/approve")
        seen.append(Event.objects.count())
    assert seen[0] == seen[1] > 8


def test_a_code_cannot_be_taken_by_another_institution(coordinator):
    coordinator.post("/participants", BANK)
    problem = coordinator.post("/participants", {**BANK, "name": "Other Bank"}, expect=403)
    assert problem["reason"] == "not_allowed" and "other particulars" in problem["detail"]


def test_a_new_participant_is_gated_until_it_ratifies_itself(api_as, coordinator):
    for code in ("808", "822"):
        make_participant(code)
    digest = load_specification().digest
    coordinator.post("/specifications", {"version": 1, "digest": digest})
    assert steward(api_as, "808").post("/specifications/1/ratifications")["state"] == "ratified"
    assert steward(api_as, "822").post("/specifications/1/ratifications")["state"] == "in_force"
    make_participant("901")
    room = api_as(make_person(Role.ROOM_SERVICE))
    standing = {g["participant"]: g["specification"]["in_force_from"] for g in room.get("/participants")}
    assert standing["808"] and standing["822"] and standing["901"] is None


def test_a_specification_with_another_digest_is_refused(coordinator):
    problem = coordinator.post("/specifications", {"version": 1, "digest": "0" * 64}, expect=409)
    assert problem["reason"] == "specification_not_in_force"
    assert coordinator.post("/specifications", {"version": 99, "digest": "0" * 64}, expect=409)


def test_only_an_active_participant_ratifies(api_as, coordinator):
    make_participant("808", state="invited")
    coordinator.post("/specifications", {"version": 1, "digest": load_specification().digest})
    assert "signing the MoU" in steward(api_as, "808").post("/specifications/1/ratifications", expect=403)["detail"]


def test_an_expired_mou_cannot_be_signed(api_as, coordinator):
    make_participant("808", state="invited")
    old = {**MOU, "version": "old", "valid_from": "2020-01-01", "expires_on": "2021-01-01"}
    coordinator.post("/mou", old)
    assert officer(api_as, "808").post("/mou/old/signatures", expect=409)["reason"] == "mou_not_in_force"
    assert Participant.objects.get(code="808").state == "invited"


def test_a_published_mou_keeps_its_content(coordinator):
    coordinator.post("/mou", MOU)
    assert coordinator.post("/mou", {**MOU, "text": "something else"}, expect=403)
    assert coordinator.post("/mou", {**MOU, "version": "x", "purposes": []}, expect=422)


def test_an_endpoint_takes_two_people(api_as, coordinator):
    make_participant("808")
    first = {"url": "http://127.0.0.1:9000/hook"}
    assert coordinator.post("/participants/808/endpoint/approve", expect=404)
    assert officer(api_as, "808").post("/participants/808/endpoint", first)["state"] == "proposed"
    assert coordinator.post("/participants/808/endpoint", first, expect=403)
    assert officer(api_as, "808").post("/participants/808/endpoint/approve", expect=403)
    coordinator.post("/participants/808/endpoint/approve")
    officer(api_as, "808").post("/participants/808/endpoint", {"url": "http://127.0.0.1:9000/new"})
    coordinator.post("/participants/808/endpoint/approve")
    live = Participant.objects.get(code="808").endpoints.filter(approved_at__isnull=False, disabled_at=None)
    assert [endpoint.url for endpoint in live] == ["http://127.0.0.1:9000/new"]


def test_an_approval_means_the_newest_proposal_only(api_as, coordinator):
    make_participant("808")
    own = officer(api_as, "808")
    for path in ("old", "newer", "old"):
        own.post("/participants/808/endpoint", {"url": f"http://127.0.0.1:9000/{path}"})
    coordinator.post("/participants/808/endpoint/approve")
    coordinator.post("/participants/808/endpoint/approve")
    endpoints = Participant.objects.get(code="808").endpoints
    assert endpoints.get(disabled_at=None).url.endswith("/old")
    assert endpoints.filter(approved_at__isnull=False).count() == 1
    own.post("/participants/808/endpoint", {"url": "http://127.0.0.1:9000/newer"})
    assert own.post("/participants/808/endpoint", {"url": "http://127.0.0.1:9000/old"})["state"] == "approved"
    assert coordinator.post("/participants/808/endpoint/approve")["state"] == "approved"
    assert endpoints.get(disabled_at=None).url.endswith("/old"), "the withdrawn proposal was approved"


def test_institutions_see_themselves_only(api_as):
    make_participant("808"), make_participant("822")
    own = officer(api_as, "808")
    assert [gate["participant"] for gate in own.get("/participants")] == ["808"]
    assert own.get("/participants/808/gate")["participant"] == "808"
    assert "own institution" in own.get("/participants/822/gate", expect=403)["detail"]
    assert (
        api_as(make_person(Role.AUDITOR)).get("/participants/999/gate", expect=404)["reason"] == "unknown_institution"
    )


@pytest.mark.parametrize("token", [None, "", "fcr_wrong", "x" * 5000])
def test_without_a_live_token_nothing_is_answered(api_as, token):
    api = api_as(None)
    api.token = token
    assert api.get("/participants", expect=401)["reason"] == "not_allowed"


def test_a_malformed_body_is_named_by_field_and_not_echoed(coordinator):
    problem = coordinator.post("/participants", {**BANK, "code": "secret-value"}, expect=422)
    assert problem["reason"] == "request_invalid" and "code" in problem["detail"]
    assert "secret-value" not in problem["detail"]
