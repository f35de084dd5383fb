"""The register of incidents: who reports and who closes, what suspends a release, what institutions read."""

from datetime import timedelta

import httpx
import pytest
from django.core.wsgi import get_wsgi_application
from django.db import IntegrityError, transaction
from django.utils import timezone

from cleanroom.contracts.governance import IncidentReport, IncidentStanding
from cleanroom.errors import GateClosed, NotAllowed, RequestInvalid
from cleanroom.stores.portal_http import HttpPortal
from cleanroom.vocabulary.terms import ReleaseState, Role
from portal.audit.models import Event
from portal.common.waiting import waiting_for
from portal.incidents.actions.report import report_incident
from portal.incidents.models import Incident
from portal.signoffs.actions.draft import draft_release
from portal.signoffs.actions.release import publish_release
from portal.signoffs.models import Release
from portal.signoffs.standing import standing_incidents
from tests.factories.portal import make_participant, make_person, token_for
from tests.factories.portal_flow import Api
from tests.factories.releases import make_draft

pytestmark = pytest.mark.django_db
TEXT = "Warnings were sent for accounts that nobody scored."


@pytest.fixture
def coordinator():
    return make_person(Role.COORDINATOR)


@pytest.fixture
def approver():
    return make_person(Role.GOVERNANCE_APPROVER)


@pytest.fixture
def out(room, approver) -> Release:
    """A release in force, put out by the database: the way there is tested elsewhere."""
    make_participant("808")
    make_person(Role.MODEL_DEVELOPER, username="dev")
    release = draft_release(make_draft(developer="dev"), by=room)
    release.state, release.released_at, release.released_by = ReleaseState.RELEASED, timezone.now(), approver
    release.certificate, release.certificate_digest = {}, "1" * 64
    release.save()
    return release


def report(**changes) -> dict:
    at = (timezone.now() - timedelta(minutes=5)).isoformat()
    return {"kind": "operation", "grade": 2, "detected_at": at, "summary": TEXT, "release_id": None, **changes}


def test_an_incident_from_its_report_to_its_end(room_api, coordinator):
    said = report()
    status, kept = room_api("POST", "/incidents", said)
    assert (status, kept["incident_id"]) == (200, f"INC-{Incident.objects.get().pk:04d}")
    assert room_api("POST", "/incidents", said) == (200, kept), "the same report again"
    api, path = Api(coordinator), f"/incidents/{kept['incident_id']}"
    closing = {"settled": "The cause was found and put right."}
    assert "taken the incident on" in api("POST", f"{path}/close", closing)[1]["detail"]
    taken = api("POST", f"{path}/acknowledge")
    assert taken == api("POST", f"{path}/acknowledge") and taken[1]["acknowledged_at"]
    told = api("POST", f"{path}/tell", {"text": "Some warnings were wrong; leave them."})
    assert told[0] == 200 and told[1]["told_at"]
    assert api("POST", f"{path}/tell", {"text": "Another text than before."})[0] == 403
    closed = api("POST", f"{path}/close", closing)
    assert closed == api("POST", f"{path}/close", closing) and closed[1]["closed_at"]
    transport = httpx.WSGITransport(app=get_wsgi_application(), raise_app_exceptions=True)
    own = HttpPortal("http://localhost", token_for(room_api.user), transport=transport)
    assert own.incidents() == [IncidentStanding.model_validate(closed[1])], "as the room's gate reads it"
    verbs = list(Event.objects.filter(subject__startswith="incident:").order_by("pk").values_list("verb", flat=True))
    assert verbs == ["incident.reported", "incident.acknowledged", "incident.told", "incident.closed"]
    assert TEXT not in str(list(Event.objects.values_list("detail", flat=True)))


def test_grade_1_suspends_the_release_that_it_names_until_it_is_closed(out, room, coordinator, approver):
    name = out.release_id
    api, boss = Api(coordinator), Api(approver)
    assert api("POST", "/incidents", report(release_id=name))[0] == 200
    out.refresh_from_db()
    assert out.state == ReleaseState.RELEASED, "grade 2 suspends nothing"
    status, kept = api("POST", "/incidents", report(release_id=name, grade=1))
    out.refresh_from_db()
    assert (status, out.state) == (200, ReleaseState.SUSPENDED)
    assert kept["incident_id"] in out.suspended_reason and "未結案" in out.suspended_reason
    assert Event.objects.filter(verb="release.suspended", actor=coordinator).exists()
    assert [r.code for r in standing_incidents(out, now=timezone.now())] == ["incident"]
    path = f"/incidents/{kept['incident_id']}"
    assert api("POST", f"{path}/acknowledge")[0] == 200
    closing = {"settled": "The cause was found and put right."}
    assert "another person" in api("POST", f"{path}/close", closing)[1]["detail"]
    assert boss("POST", f"{path}/close", closing)[0] == 200
    out.refresh_from_db()
    assert out.state == ReleaseState.SUSPENDED, "it comes back by a person's decision"
    assert standing_incidents(out, now=timezone.now()) == ()


def test_a_release_does_not_come_back_while_its_incident_is_open(out, coordinator, approver, monkeypatch):
    report_incident(IncidentReport(**report(release_id=out.release_id, grade=1)), by=coordinator)
    monkeypatch.setattr("portal.signoffs.actions.release.gate.check_may_release", lambda *_, **__: None)
    with pytest.raises(GateClosed, match="of grade 1 is open"):
        publish_release(out.release_id, by=approver)


def test_a_complaint_suspends_nothing_and_is_decided(out, coordinator):
    officer = make_person(Role.PARTICIPANT_OFFICER, institution="808")
    said = report(kind="complaint", grade=1, release_id=out.release_id)
    status, kept = Api(officer)("POST", "/incidents", said)
    out.refresh_from_db()
    assert (status, out.state) == (200, ReleaseState.RELEASED)
    api, path = Api(coordinator), f"/incidents/{kept['incident_id']}"
    api("POST", f"{path}/acknowledge")
    closing = {"settled": "The measure was lifted and the customer told."}
    assert api("POST", f"{path}/close", closing)[0] == 403
    assert api("POST", f"{path}/close", {**closing, "upheld": True})[1]["upheld"] is True


def test_an_institution_reports_no_incident_that_would_stop_the_others(out):
    officer = make_person(Role.PARTICIPANT_OFFICER, institution="808")
    status, problem = Api(officer)("POST", "/incidents", report(grade=1, release_id=out.release_id))
    assert status == 403 and "hold the release" in problem["detail"]
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"detected_at": (timezone.now() + timedelta(days=1)).isoformat()},
        {"summary": "The holder A123456789 was called twice."},
        {"grade": 4},
        {"detected_at": "2026-11-01T10:00:00"},
        {"summary": "short"},
    ],
)
def test_a_report_that_cannot_be_kept(coordinator, changes):
    status, problem = Api(coordinator)("POST", "/incidents", report(**changes))
    assert status == 422 and "A123456789" not in problem["detail"]
    assert not Incident.objects.exists()


def test_a_privacy_incident_is_told_before_it_is_closed(coordinator, approver):
    kept = report_incident(IncidentReport(**report(kind="privacy")), by=approver)
    api, path = Api(coordinator), f"/incidents/{kept.incident_id}"
    api("POST", f"{path}/acknowledge")
    assert (
        "Tell the participants" in api("POST", f"{path}/close", {"settled": "It was put right at once."})[1]["detail"]
    )


def test_the_database_keeps_the_two_people_apart(coordinator):
    kept = report_incident(IncidentReport(**report()), by=coordinator)
    now = timezone.now()
    done = {"acknowledged_at": now, "acknowledged_by": coordinator, "closed_at": now, "settled": "Settled by myself."}
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        Incident.objects.filter(pk=kept.pk).update(**done, closed_by=coordinator)


def test_an_institutions_people_read_what_was_told_and_no_more(room_api, coordinator, page_of):
    officer = make_person(Role.PARTICIPANT_OFFICER, institution="808")
    _status, kept = room_api("POST", "/incidents", report())
    address = f"/incidents/{kept['incident_id']}/"
    assert page_of(officer).get(address).status_code == 404
    Api(coordinator)("POST", f"/incidents/{kept['incident_id']}/tell", {"text": "Leave the warnings of today."})
    shown = page_of(officer).get(address).content.decode()
    assert "Leave the warnings of today." in shown and TEXT not in shown
    assert TEXT not in page_of(officer).get("/incidents/").content.decode()
    assert any(task.detail == "Leave the warnings of today." for task in waiting_for(officer))
    assert page_of(make_person(Role.ANALYST)).get("/incidents/").status_code == 403


def test_the_forms(coordinator, approver, out, page_of):
    page = page_of(coordinator)
    assert "No incident has been reported." in page.get("/incidents/").content.decode()
    form = {
        "kind": "operation", "grade": "1", "release_id": out.release_id, "summary": TEXT,
        "detected_at": timezone.localtime(timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
    }  # fmt: skip
    shown = page.get("/incidents/report").content.decode()
    assert out.release_id in shown and 'name="confirmed"' in shown and "style=" not in shown
    assert page.post("/incidents/report", form).status_code == 422 and not Incident.objects.exists()
    shown = page.post("/incidents/report", form | {"confirmed": "yes"}, follow=True).content.decode()
    kept = Incident.objects.get()
    assert f"kept as {kept.incident_id}" in shown and "You reported it" not in shown
    assert any("Take the incident" in str(task.title) and task.urgent for task in waiting_for(approver))
    address = f"/incidents/{kept.incident_id}/"
    assert "taken the incident on" in page.post(address + "acknowledge", follow=True).content.decode()
    assert "You reported it" in page.get(address).content.decode()
    closing = {"settled": "The cause was found and put right.", "confirmed": "yes"}
    assert page.post(address + "close", closing).status_code == 403
    told = {"text": "Leave the warnings of today.", "confirmed": "yes"}
    assert "people read it from now on" in page.post(address + "tell", told, follow=True).content.decode()
    assert "The incident is closed." in page_of(approver).post(address + "close", closing, follow=True).content.decode()
    assert kept.incident_id in page.get("/incidents/?state=closed&grade=1&kind=operation").content.decode()
    assert "Nothing matches this search." in page.get("/incidents/?state=reported").content.decode()
    assert TEXT in b"".join(page.get("/incidents/?export=csv").streaming_content).decode()


def test_reporting_asks_for_the_right(room, db):
    with pytest.raises(NotAllowed):
        report_incident(IncidentReport(**report()), by=make_person(Role.AUDITOR))
    with pytest.raises(RequestInvalid):
        report_incident(IncidentReport(**report(summary="Call 0912-345-678 about it.")), by=room)
