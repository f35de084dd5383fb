"""A refused attempt to change something is in the audit log; reading, and callers without a login, leave nothing."""

import pytest
from django.test import Client

from cleanroom.vocabulary.terms import Role
from portal.audit.models import Event
from tests.factories.portal import make_participant, make_person
from tests.factories.portal_flow import Api

pytestmark = pytest.mark.django_db


def refusals() -> list[Event]:
    return list(Event.objects.filter(verb="request.refused"))


def test_over_the_api_the_call_is_named_by_its_route_alone():
    make_participant("808")
    analyst = make_person(Role.ANALYST)
    status, _ = Api(analyst)("POST", "/participants/808/keys/no-such-kid/approve")
    assert status == 403
    [event] = refusals()
    assert (event.actor, event.detail["reason"]) == (analyst, "not_allowed")
    assert event.subject.startswith("call:") and "{kid}" in event.subject.replace("<kid>", "{kid}")
    assert "no-such-kid" not in str(event.body())


def test_on_a_page():
    make_participant("808")
    analyst, browser = make_person(Role.ANALYST), Client()
    browser.force_login(analyst)
    refused = browser.post("/participants/808/keys/no-such-kid/approve/")
    assert refused.status_code == 403
    assert [event.actor for event in refusals()] == [analyst]


def test_reading_and_strangers_leave_nothing():
    analyst, browser = make_person(Role.ANALYST), Client()
    browser.force_login(analyst)
    assert browser.get("/participants/909/").status_code >= 400
    assert Client().post("/api/v1/participants/808/keys", "{}", content_type="application/json").status_code == 401
    assert refusals() == []
