"""Sign-in with a code: set up by who confirms it, asked for after the password, locked after guesses."""

import time

import pytest
from django.test import Client
from django.urls import reverse

from cleanroom.errors import NotAllowed, NotFound
from cleanroom.vocabulary.terms import Role
from portal.accounts.actions.second_factor import (
    begin_second_factor,
    confirm_second_factor,
    remove_second_factor,
    use_second_factor,
)
from portal.accounts.models import SecondFactor
from portal.accounts.totp import code_at, step_at
from portal.audit.models import Event
from tests.factories.portal import founder, make_person

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def person():
    made = make_person(Role.ANALYST, username="ann")
    made.set_password(PASSWORD)
    made.save()
    return made


def code(secret: str, ahead: int = 0) -> str:
    return code_at(secret, step_at(time.time()) + ahead)


@pytest.fixture
def secret(person) -> str:
    """A factor in use, confirmed by the code before this one, so that the next ones still count."""
    made = begin_second_factor(by=person)
    confirm_second_factor(by=person, code=code(made, -1))
    return made


def password_step(client: Client):
    return client.post(reverse("login"), {"username": "ann", "password": PASSWORD})


def signed_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_the_secret_is_sealed_and_unconfirmed_factors_ask_for_nothing(person, client):
    made = begin_second_factor(by=person)
    assert made not in SecondFactor.objects.get().sealed_secret
    with pytest.raises(NotAllowed):
        confirm_second_factor(by=person, code="000000" if code(made) != "000000" else "000001")
    assert password_step(client).url == "/" and signed_in(client)


def test_password_alone_does_not_open_the_portal(person, secret, client):
    assert password_step(client).url == reverse("sign-in-code")
    assert not signed_in(client)
    assert client.post(reverse("sign-in-code"), {"code": code(secret)}).url == "/"
    assert signed_in(client)


def test_a_code_without_its_password_opens_nothing(person, secret, client):
    assert client.post(reverse("sign-in-code"), {"code": code(secret)}).url == reverse("login")
    assert not signed_in(client)


def test_a_right_password_waits_five_minutes_only(person, secret, client, monkeypatch):
    password_step(client)
    later = time.time() + 301
    monkeypatch.setattr("portal.accounts.sign_in.time.time", lambda: later)
    assert client.post(reverse("sign-in-code"), {"code": code(secret)}).url == reverse("login")
    assert not signed_in(client)


def test_a_code_opens_one_session(person, secret):
    first, second = Client(), Client()
    used = code(secret)
    password_step(first), password_step(second)
    assert first.post(reverse("sign-in-code"), {"code": used}).status_code == 302
    assert second.post(reverse("sign-in-code"), {"code": used}).status_code == 403
    assert signed_in(first) and not signed_in(second)


def test_guessing_locks_the_factor_and_every_guess_is_on_record(person, secret):
    for _guess in range(5):
        with pytest.raises(NotAllowed, match="not right"):
            use_second_factor(by=person, code="no")
    with pytest.raises(NotAllowed, match="15 minutes"):
        use_second_factor(by=person, code=code(secret))
    assert Event.objects.filter(verb="second_factor.refused").count() == 5


def test_a_factor_in_use_is_not_replaced_by_whoever_holds_the_session(person, secret):
    with pytest.raises(NotAllowed, match="in use"):
        begin_second_factor(by=person)
    use_second_factor(by=person, code=code(secret))


def test_an_administrator_removes_it_when_the_phone_is_lost(person, secret, client):
    with pytest.raises(NotAllowed):
        remove_second_factor(by=person, user=person)
    remove_second_factor(by=founder(), user=person)
    remove_second_factor(by=founder(), user=person)
    assert Event.objects.filter(verb="second_factor.removed").count() == 1
    assert password_step(client).url == "/" and signed_in(client)
    with pytest.raises(NotFound):
        use_second_factor(by=person, code=code(secret))


def test_the_pages_lead_through_the_set_up(person, page_as):
    client = page_as(person)
    assert "Set it up" in client.get(reverse("second-factor")).content.decode()
    client.post(reverse("second-factor-begin"))
    page = client.get(reverse("second-factor"))
    assert (
        "<svg" in page.content.decode()
        and page["Cache-Control"] == "no-store"
        and " style=" not in page.content.decode()
    )
    shown = page.context["secret"]
    assert client.post(reverse("second-factor-confirm"), {"code": "12"}).status_code == 403
    assert client.post(reverse("second-factor-confirm"), {"code": code(shown)}).status_code == 302
    page = client.get(reverse("second-factor")).content.decode()
    assert "In use since" in page and shown not in page


def test_where_it_is_required_nothing_else_opens(person, page_as, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    client = page_as(person)
    looked_at = 0
    for name in ("home", "programme", "rights"):
        assert client.get(reverse(name)).url == reverse("second-factor")
        looked_at += 1
    assert looked_at == 3 and client.get(reverse("second-factor")).status_code == 200
    made = begin_second_factor(by=person)
    confirm_second_factor(by=person, code=code(made))
    assert signed_in(client)


def test_a_changed_secret_of_the_portal_is_said(person, secret, settings):
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "another secret of the portal"
    with pytest.raises(NotAllowed, match="administrator"):
        use_second_factor(by=person, code=code(secret))
    settings.SECRET_KEY_FALLBACKS = [old]
    use_second_factor(by=person, code=code(secret))
