"""Forms of the pages: one action each, and a sentence where something is wrong."""

import csv
import io
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from cleanroom.contracts.possession import fingerprint
from cleanroom.crypto.possession import answer_challenge
from cleanroom.pipeline.keys import init_room_keys
from cleanroom.vocabulary.terms import Role
from portal.audit.models import Event
from portal.common.waiting import waiting_for
from portal.participants.models import Mou, Participant, ParticipantKey, RoomKey, SpecificationVersion
from portal.programme.actions import adopt_plan
from portal.programme.models import Milestone
from portal.programme.plans import load_plan
from tests.factories.portal import make_participant, make_person

pytestmark = pytest.mark.django_db
MOU_FORM = {
    "version": "1", "valid_from": "2025-01-01", "expires_on": "2099-01-01", "purposes": "fraud\n\nlaundering ",
    "text": "text",
}  # fmt: skip


@pytest.fixture
def coordinator():
    return make_person(Role.COORDINATOR)


def post(client, name: str, body: dict, *args: str, expect: int = 302):
    response = client.post(reverse(name, args=args), body)
    assert response.status_code == expect, response.content.decode()
    return response


def said(response) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


INVITATION = {"code": "808", "name": "First Bank", "name_zh": "第一銀行", "sector": "bank"}


def test_invite(page_as, coordinator):
    response = post(page_as(coordinator), "participants-invite", INVITATION)
    assert response.url == reverse("participants-one", args=["808"]) and "invited" in said(response)
    assert Participant.objects.get().name_zh == "第一銀行"


@pytest.mark.parametrize(
    "change", [{"code": "80"}, {"code": "８０８"}, {"name": " "}, {"sector": "casino"}, {"name_zh": ""}]
)
def test_an_invitation_with_a_fault_is_refused_with_a_sentence(page_as, coordinator, change):
    response = post(page_as(coordinator), "participants-invite", {**INVITATION, **change}, expect=422)
    assert "This was not done" in response.content.decode() and not Participant.objects.exists()


def test_publish_and_sign_the_mou(page_as, coordinator):
    make_participant("808", state="invited")
    officer = make_person(Role.PARTICIPANT_OFFICER, institution="808")
    post(page_as(coordinator), "participants-mou-publish", MOU_FORM)
    assert Mou.objects.get().purposes == ["fraud", "laundering"]
    assert [task.title for task in waiting_for(officer) if task.urgent] == ["Sign the MoU, version 1"]
    post(page_as(officer), "participants-mou-sign", {}, "1")
    assert Participant.objects.get().state == "active"
    assert not [task for task in waiting_for(officer) if task.urgent]


def test_a_new_version_asks_for_a_new_signature_while_the_old_one_holds(page_as, coordinator):
    make_participant("808", state="invited")
    officer = make_person(Role.PARTICIPANT_OFFICER, institution="808")
    for version in ("1", "2"):
        post(page_as(coordinator), "participants-mou-publish", {**MOU_FORM, "version": version})
        if version == "1":
            post(page_as(officer), "participants-mou-sign", {}, "1")
    assert [task.title for task in waiting_for(officer) if task.urgent] == ["Sign the MoU, version 2"]
    from portal.participants.queries import mou_standing

    assert mou_standing(Participant.objects.get()).version == "1"


@pytest.mark.parametrize(
    "change", [{"valid_from": "soon"}, {"expires_on": "2024-01-01"}, {"purposes": " \n"}, {"text": ""}]
)
def test_a_mou_with_a_fault_is_refused(page_as, coordinator, change):
    post(page_as(coordinator), "participants-mou-publish", {**MOU_FORM, **change}, expect=422)
    assert not Mou.objects.exists()


def test_register_and_revoke_a_key(page_as, registration_of):
    make_participant("808")
    client = page_as(make_person(Role.PARTICIPANT_OFFICER, institution="808"))
    body = registration_of("808")
    post(client, "participants-key", body, "808")
    post(client, "participants-key", {**body, "purpose": "guessing"}, "808", expect=422)
    post(client, "participants-key", {**body, "proof": ""}, "808", expect=422)
    post(client, "participants-key-approve", {}, "808", "sign-1", expect=403)
    custodian = make_person(Role.KEY_CUSTODIAN)
    assert [t.title for t in waiting_for(custodian) if "sign-1" in t.title] == ["Approve key sign-1 of Institution 808"]
    post(page_as(custodian), "participants-key-approve", {}, "808", "sign-1")
    assert ParticipantKey.objects.get().state == "active"
    assert not [t for t in waiting_for(custodian) if "sign-1" in t.title]
    reason = {"reason": "its computer was replaced"}
    post(client, "participants-key-revoke", {"kid": "sign-1"}, "808", expect=422)
    post(client, "participants-key-revoke", {"kid": "sign-1", **reason}, "808")
    assert ParticipantKey.objects.get().revoked_at
    post(client, "participants-key-revoke", {"kid": "none", **reason}, "808", expect=404)


def test_a_waiting_key_shows_its_fingerprint_and_why_a_button_is_closed(page_as, registration_of):
    make_participant("808")
    officer, body = make_person(Role.PARTICIPANT_OFFICER, institution="808"), registration_of("808")
    post(page_as(officer), "participants-key", body, "808")
    page = reverse("participants-one", args=["808"])
    own = page_as(officer).get(page).content.decode()
    assert "You proposed this key; a second person approves it." in own and "disabled" in own
    assert fingerprint(body["public_key"]) in own
    approve = reverse("participants-key-approve", args=["808", "sign-1"])
    assert approve in page_as(make_person(Role.KEY_CUSTODIAN)).get(page).content.decode()


def test_the_rooms_keys_on_their_page(page_as, tmp_path):
    ring, address = init_room_keys(tmp_path, demo=True), reverse("participants-room-keys")
    custodian, coordinator = make_person(Role.KEY_CUSTODIAN), make_person(Role.COORDINATOR)
    pair = {
        "recipient_kid": ring.recipient_kid, "recipient": ring.recipient, "signing_kid": ring.signing_kid,
        "signing_key": ring.signing_public_key, "proof": ring.proof_of_possession(),
    }  # fmt: skip
    assert "No key is proposed yet." in page_as(custodian).get(address).content.decode()
    post(page_as(custodian), "participants-room-key", pair)
    assert "First its holder answers the challenge." in page_as(coordinator).get(address).content.decode()
    challenge = RoomKey.objects.get().challenge
    answer = {"answer": answer_challenge(ring, challenge)}
    post(page_as(custodian), "participants-room-key-prove", answer, ring.recipient_kid)
    assert "Approve the clean room's keys" in [t.title for t in waiting_for(coordinator)]
    post(page_as(coordinator), "participants-room-key-approve", {}, ring.recipient_kid)
    assert RoomKey.objects.get().state == "active"
    reason = {"reason": "the exercise of the year"}
    post(page_as(coordinator), "participants-room-key-revoke", reason, ring.recipient_kid)
    assert "nobody can upload" in page_as(custodian).get(address).content.decode()


def test_suspend_reinstate_and_leave(page_as, coordinator):
    make_participant("808")
    client, reason = page_as(coordinator), "asked for by its board"
    for state in ("suspended", "active", "left"):
        post(client, "participants-state", {"to": state, "reason": reason}, "808")
        assert Participant.objects.get().state == state
    post(client, "participants-state", {"to": "active", "reason": reason}, "808", expect=403)
    post(client, "participants-state", {"to": "gone", "reason": reason}, "808", expect=422)
    post(client, "participants-state", {"to": "left", "reason": "why"}, "808", expect=422)
    moves = Event.objects.filter(verb__startswith="participant.").order_by("sequence")
    assert [event.detail["before"] for event in moves] == ["active", "suspended", "active"]
    assert Event.objects.filter(verb="request.refused").count() == 3


def test_the_last_voice_missing_may_be_one_that_leaves(page_as, coordinator):
    make_participant("808"), make_participant("822")
    client = page_as(coordinator)
    post(client, "specification-publish", {})
    post(page_as(make_person(Role.DATA_STEWARD, institution="808")), "specification-ratify", {}, "1")
    assert SpecificationVersion.objects.get().in_force_from is None
    post(client, "participants-state", {"to": "suspended", "reason": "does not answer"}, "822")
    assert SpecificationVersion.objects.get().in_force_from


def test_templates_name_every_column(page_as, coordinator):
    from cleanroom.contracts.specification import load_specification

    client, looked_at = page_as(coordinator), 0
    for dataset, contract in load_specification().datasets.items():
        response = client.get(reverse("specification-template", args=[1, dataset]))
        header = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()[0]
        assert header.split(",") == contract.column_names
        looked_at += 1
    assert looked_at == 6
    assert client.get(reverse("specification-template", args=[1, "gossip"])).status_code == 404
    assert client.get(reverse("specification-template", args=[9, "transfers"])).status_code == 409


def test_milestones_close_by_hand_only_where_no_evidence_can_come(page_as, coordinator):
    from datetime import date

    assert adopt_plan(by=coordinator, phases=load_plan(), starts_on=date(2025, 3, 1)) == Milestone.objects.count() > 5
    assert adopt_plan(by=coordinator, phases=load_plan(), starts_on=date(2026, 3, 1)) == 0
    assert Milestone.objects.get(key="mou").due_on == date(2025, 4, 30)
    client = page_as(coordinator)
    assert "is late" in client.get("/").content.decode()
    post(client, "programme-close", {"milestone": "plan", "evidence": "minutes of 2025-04-02"})
    assert Milestone.objects.get(key="plan").done_by == coordinator
    post(client, "programme-close", {"milestone": "mou", "evidence": "it was said"}, expect=403)
    post(client, "programme-close", {"milestone": "nothing", "evidence": "it was said"}, expect=404)
    post(client, "programme-close", {"milestone": "results", "evidence": "x"}, expect=422)


def test_everyone_changes_their_own_password(client):
    person = make_person(Role.ANALYST)
    person.set_password("the first password")
    person.save()
    client.force_login(person, backend="portal.accounts.backends.PersonBackend")
    body = {"old": "the first password", "new": "another long word"}
    post(client, "password", {**body, "old": "not it"}, expect=403)
    post(client, "password", {**body, "new": "short"}, expect=422)
    post(client, "password", body)
    assert client.get("/").status_code == 200, "the session goes on"
    person.refresh_from_db()
    assert person.check_password("another long word")


def test_forms_without_their_token_do_nothing(coordinator):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(coordinator, backend="portal.accounts.backends.PersonBackend")
    response = client.post(reverse("participants-invite"), INVITATION)
    assert response.status_code == 403 and "expired" in response.content.decode()
    assert not Participant.objects.exists()


def test_the_switch_of_language_leads_nowhere_else(client):
    response = client.post(reverse("set-language"), {"language": "zh-hant", "next": "https://elsewhere.example/"})
    assert response.url == "/" and response.cookies["django_language"].value == "zh-hant"
    response = client.post(reverse("set-language"), {"language": "klingon", "next": "/programme/"})
    assert response.url == "/programme/" and "django_language" not in response.cookies


def exported(row):
    from portal.common.tables import as_csv

    text = b"".join(as_csv([row], name="x").streaming_content).decode("utf-8-sig")
    [cells] = csv.reader(io.StringIO(text, newline=""))
    return cells


RUNNABLE = ["=cmd()", "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "  =1", "　=1", "＝1", "＋1", "－1", "＠x", "-5"]


@pytest.mark.parametrize("value", RUNNABLE)
def test_cells_that_a_spreadsheet_would_run_are_harmless(value):
    assert exported(["before", value, "after"]) == ["before", f"'{value}", "after"]


def test_other_cells_stay_as_they_are_and_numbers_stay_numbers():
    row = ["中文", None, 5, -5, Decimal("-0.5"), True, "a=b", "1-2", "'x", 'quo"te, comma', "two\nlines"]
    assert exported(row) == ["中文", "", "5", "-5", "-0.5", "True", "a=b", "1-2", "'x", 'quo"te, comma', "two\nlines"]
