"""A portal with people, institutions and a release that is out."""

import pytest
from django.test import Client
from django.utils import translation

from cleanroom.vocabulary.terms import ReleaseState, Role
from portal.alerts import webhook_key
from portal.signoffs.models import Release
from tests.factories.portal import make_person
from tests.factories.portal_flow import NOW, Api, Institution


@pytest.fixture(autouse=True)
def portal_home(settings, tmp_path):
    settings.HOME = tmp_path
    webhook_key.make(tmp_path / "keys")
    return tmp_path


@pytest.fixture(autouse=True)
def in_english():
    """A page in Chinese leaves its language behind in the thread."""
    with translation.override("en"):
        yield


@pytest.fixture
def room(db):
    return make_person(Role.ROOM_SERVICE)


@pytest.fixture
def room_api(room):
    return Api(room)


@pytest.fixture
def api_of():
    return Api


@pytest.fixture
def released(db):
    """A release in force, written as the rows that a real one leaves."""
    developer, approver = make_person(Role.MODEL_DEVELOPER), make_person(Role.GOVERNANCE_APPROVER)
    return Release.objects.create(
        release_id="score-1",
        model="score",
        use_case="mule",
        policy_version="1",
        tier="R3",
        score=60.0,
        state=ReleaseState.RELEASED,
        developer=developer,
        draft={},
        subject_digest="0" * 64,
        evaluated_at=NOW,
        drafted_by=developer,
        drafted_at=NOW,
        released_at=NOW,
        released_by=approver,
        certificate={},
        certificate_digest="1" * 64,
    )


@pytest.fixture
def bank(db):
    return Institution("808")


@pytest.fixture
def other_bank(db):
    return Institution("822")


@pytest.fixture
def page_of():
    """A signed-in window of one person, in one language."""

    def enter(person, language="en"):
        client = Client(headers={"Accept-Language": language})
        client.force_login(person, backend="portal.accounts.backends.PersonBackend")
        return client

    return enter


@pytest.fixture
def as_person(client):
    """The test's own window, of one person, in one language that the person chose."""

    def enter(person, language="en"):
        client.force_login(person, backend="portal.accounts.backends.PersonBackend")
        client.cookies["django_language"] = language
        return client

    return enter
