"""Inbox, one warning, dispatch health, and what waits on Home."""

import re

import pytest

from cleanroom.vocabulary.terms import Role
from portal.alerts import webhook_key
from portal.alerts.actions.send import send_warnings
from portal.alerts.models import EmergencyStop, WarningAnswer, WarningRecord
from portal.alerts.states import Delivery
from portal.common.waiting import waiting_for
from tests.factories.portal import make_person
from tests.factories.portal_flow import warning

pytestmark = pytest.mark.django_db

ANSWER = {"answer": "controlled", "action": "hold", "held_twd": "12,500", "reason": "the sum stands on the account"}
PATH = f"/alerts/{warning(1).warning_id}/"


@pytest.fixture
def sent(room, bank, other_bank, released):
    send_warnings([warning(1), warning(2, severity="normal", kind="care"), warning(3, "822")], by=room)


def text_of(response) -> str:
    assert response.status_code == 200, response.content.decode()
    return response.content.decode()


def test_an_officer_sees_own_warnings_only(sent, bank, as_person):
    page = text_of(as_person(bank.officer).get("/alerts/"))
    assert "2 of 2 warnings wait" in page and "Institution 808" in page
    assert "Institution 822" not in page
    both = text_of(as_person(make_person(Role.COORDINATOR)).get("/alerts/"))
    assert "3 of 3 warnings wait" in both and "Institution 822" in both


def test_the_inbox_filters(sent, bank, as_person):
    client = as_person(bank.officer)
    assert "1 row" in text_of(client.get("/alerts/?severity=critical"))
    assert "1 row" in text_of(client.get("/alerts/?kind=care&delivery=queued"))
    assert "1 row" in text_of(client.get(f"/alerts/?q={warning(2).warning_id}"))


def test_the_inbox_begins_with_what_presses_most(room, bank, released, as_person):
    sums = {4: 100, 5: 900_000_000, 6: 500_000_000, 7: 800_000_000}
    normal = {7}
    send_warnings(
        [warning(n, amount_bound_cents=s, severity="normal" if n in normal else "critical") for n, s in sums.items()],
        by=room,
    )
    client = as_person(bank.officer)
    assert client.post(f"/alerts/{warning(5).warning_id}/answer", ANSWER).status_code == 302
    shown = re.findall(r'href="/alerts/0*(\d)/"', text_of(client.get("/alerts/")))
    assert shown == ["6", "4", "7", "5"], "unanswered, then critical, then by the sum"


def test_institutions_are_named_in_the_readers_language(sent, as_person):
    coordinator = make_person(Role.COORDINATOR)
    assert '<option value="808">808 Institution 808</option>' in text_of(as_person(coordinator).get("/alerts/"))
    assert '<option value="808">808 機構808</option>' in text_of(as_person(coordinator, "zh-hant").get("/alerts/"))


def test_a_search_without_hits_says_so_and_can_be_cleared(sent, bank, as_person):
    client = as_person(bank.officer)
    for asked in ("q=nothing-like-this", "delivery=dead"):
        shown = text_of(client.get(f"/alerts/?{asked}"))
        assert 'Nothing matches this search. <a href="/alerts/">Show all</a>' in shown
    WarningRecord.objects.all().delete()
    assert "Nothing here yet." in text_of(client.get("/alerts/?sort=kind"))


def test_the_answer_is_chosen_and_not_preselected(sent, bank, as_person):
    client = as_person(bank.officer)
    shown = text_of(client.get(PATH))
    assert len(re.findall(r'<select [^>]*required><option value="">Choose</option>', shown)) == 2
    for missing in ("answer", "action"):
        assert client.post(PATH + "answer", {**ANSWER, missing: ""}).status_code == 422
    assert not WarningAnswer.objects.exists()


@pytest.mark.parametrize("role", list(Role))
def test_who_reads_which_page(sent, as_person, role):
    central = as_person(make_person(role))
    assert (central.get("/alerts/").status_code == 200) == (
        role in (Role.COORDINATOR, Role.AUDITOR, Role.OUTPUT_CHECKER)
    )
    health_readers = (Role.COORDINATOR, Role.AUDITOR, Role.OUTPUT_CHECKER, Role.ROOM_SERVICE, Role.DISPATCHER_SERVICE)
    if role not in (Role.ROOM_SERVICE, Role.DISPATCHER_SERVICE, Role.UPLOAD_SERVICE):  # services do not sign in
        assert (central.get("/alerts/health/").status_code == 200) == (role in health_readers)


def test_anothers_warning_does_not_exist_for_me(sent, other_bank, as_person):
    assert as_person(other_bank.officer).get(PATH).status_code == 404
    assert as_person(other_bank.officer).post(PATH + "answer", ANSWER).status_code == 403


def test_an_officer_answers_on_the_page_and_the_portal_signs(sent, bank, as_person, portal_home):
    from cleanroom.contracts.canonical import ANSWER_DOMAIN, canonical_bytes

    client = as_person(bank.officer)
    shown = text_of(client.post(PATH + "answer", ANSWER, follow=True))
    assert "Your answer is kept" in shown and "12,500 TWD" in shown
    stored = WarningAnswer.objects.get()
    assert (stored.answered_by, stored.held_cents, stored.answer) == (bank.officer, 1_250_000, "controlled")
    said = {name: value for name, value in stored.message.items() if name != "signature"}
    key = webhook_key.read(portal_home / "keys")
    signed = ANSWER_DOMAIN + canonical_bytes(said)
    assert said["signing_kid"] == key.kid
    assert webhook_key.verify(key.public_key, stored.message["signature"], signed)


@pytest.mark.parametrize(
    "changes", [{"answer": "nothing"}, {"action": "arrest"}, {"reason": " "}, {"held_twd": "-5"}, {"held_twd": "1e9"}]
)
def test_a_form_that_makes_no_sense_is_refused(sent, bank, as_person, changes):
    assert as_person(bank.officer).post(PATH + "answer", ANSWER | changes).status_code == 422
    assert not WarningAnswer.objects.exists()


def test_who_may_not_answer_sees_why(sent, as_person):
    coordinator = make_person(Role.COORDINATOR)
    shown = text_of(as_person(coordinator).get(PATH))
    assert "<textarea" not in shown and "takes one of these roles" in shown
    assert as_person(coordinator).post(PATH + "answer", ANSWER).status_code == 403


def test_a_dead_letter_is_listed_and_sent_again(sent, as_person):
    WarningRecord.objects.filter(warning_id=warning(1).warning_id).update(delivery=Delivery.DEAD)
    coordinator = make_person(Role.COORDINATOR)
    assert any("could not be delivered" in str(task.title) for task in waiting_for(coordinator))
    client = as_person(coordinator)
    assert PATH in text_of(client.get("/alerts/health/"))
    assert "Send again" in text_of(client.get(PATH))
    assert "on its way again" in text_of(client.post(PATH + "replay", follow=True))
    assert WarningRecord.objects.get(warning_id=warning(1).warning_id).delivery == Delivery.QUEUED


def test_stop_and_lift_on_the_page(sent, as_person):
    first, second = make_person(Role.COORDINATOR), make_person(Role.COORDINATOR)
    form, banner = {"reason": "false alarm", "back": "signoffs"}, "nothing is scored for sending"
    assert as_person(first).post("/alerts/health/stop", form).status_code == 422, "the box is not ticked"
    assert banner not in text_of(as_person(first).get("/"))
    form["confirmed"] = "yes"
    answer = as_person(first).post("/alerts/health/stop", form, follow=True)
    assert answer.redirect_chain[-1][0] == "/signoffs/"
    shown = text_of(answer)
    assert "stopped all sending" in shown and "another person must lift" in shown
    assert banner in text_of(as_person(make_person(Role.ANALYST)).get("/"))
    assert as_person(first).post("/alerts/health/lift", form).status_code == 403
    assert any("emergency stop" in str(task.title).lower() for task in waiting_for(second))
    assert as_person(second).post("/alerts/health/lift").status_code == 422
    assert as_person(second).post("/alerts/health/lift", {**form, "back": "https://x.test"}).status_code == 422
    assert EmergencyStop.objects.filter(in_force=True).exists()
    shown = text_of(as_person(second).post("/alerts/health/lift", {"confirmed": "yes"}, follow=True))
    assert "Warnings are sent again" in shown and "Dispatch health" in shown and banner not in shown
    assert not EmergencyStop.objects.filter(in_force=True).exists()


def test_the_daily_cap_on_the_page(room, bank, released, as_person, settings):
    settings.WARNINGS_DAILY_CAP = 1
    send_warnings([warning(1), warning(2)], by=room)
    for person in (make_person(Role.COORDINATOR), make_person(Role.COORDINATOR)):
        client = as_person(person)
        shown = text_of(client.get("/alerts/health/"))
        [address] = re.findall(r'action="(/alerts/health/cap/[^"]+)"', shown)
        text_of(client.post(address, {"reason": "checked"}, follow=True))
    assert not WarningRecord.objects.filter(delivery=Delivery.CAPPED).exists()


def test_unanswered_warnings_wait_for_the_officer_urgent_first(sent, bank):
    tasks = waiting_for(bank.officer)
    assert [task.urgent for task in tasks if "Answer the warning" in str(task.title)] == [True, False]
    assert not waiting_for(make_person(Role.ANALYST, institution="808"))


def test_more_than_a_handful_is_one_line(room, bank, released):
    send_warnings([warning(i) for i in range(1, 12)], by=room)
    titles = [str(task.title) for task in waiting_for(bank.officer) if "arning" in str(task.title)]
    titles = [title for title in titles if "address" not in title]
    assert len(titles) == 6 and "6 more warnings wait for an answer" in titles


@pytest.mark.parametrize("path", ["/alerts/", PATH, "/alerts/health/"])
def test_the_pages_are_chinese_for_who_wants_it(sent, as_person, path):
    page = text_of(as_person(make_person(Role.COORDINATOR), "zh-hant").get(path))
    assert 'lang="zh-hant"' in page and "預警" in page
    for english in ("Delivery", "Institution<", "Dispatch health", "Severity", "Reason codes"):
        assert english not in page


def test_the_start_page_tells_where_things_stand(sent, bank, released):
    from portal.common.facts import facts_for

    facts = {str(fact.label): fact.value for fact in facts_for(bank.officer)}
    assert facts["Warnings without an answer"] == "2" and facts["Model in force"] == "score-1"
