"""Accounts: founding, roles that exclude each other, tokens, sign-in."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cleanroom.errors import NotAllowed, RequestInvalid
from cleanroom.vocabulary.terms import Role, SignOffRole
from portal.accounts.actions import people
from portal.accounts.migrations import __name__ as migrations_name
from portal.accounts.models import ApiToken, RoleGrant, User
from portal.accounts.names import INCOMPATIBLE
from portal.accounts.tokens import holder_of
from portal.audit.models import Event
from tests.factories.portal import founder, make_participant, make_person

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def admin():
    return founder()


def test_the_first_administrator_is_founded_once():
    user = people.found_portal(username="ann", full_name="Ann", password=PASSWORD)
    assert user.roles == {Role.PLATFORM_ADMINISTRATOR}
    with pytest.raises(NotAllowed, match="has its first administrator"):
        people.found_portal(username="bob", full_name="Bob", password=PASSWORD)
    assert Event.objects.get().verb == "portal.founded"


@pytest.mark.parametrize("password", ["short", "password1234", "ann-lee-2025x"])
def test_weak_passwords_are_refused(password):
    with pytest.raises(RequestInvalid):
        people.found_portal(username="ann-lee-2025", full_name="Ann", password=password)
    assert not User.objects.exists()


def test_a_person_has_a_password_and_a_service_none(admin):
    person = people.add_person(by=admin, username="ann", full_name="Ann", password=PASSWORD)
    service = people.add_person(by=admin, username="room", full_name="Room", is_service=True)
    assert person.check_password(PASSWORD) and not service.has_usable_password()
    with pytest.raises(RequestInvalid):
        people.add_person(by=admin, username="x", full_name="X")
    with pytest.raises(NotAllowed, match="taken"):
        people.add_person(by=admin, username="ann", full_name="Ann", password=PASSWORD)


def test_roles_that_exclude_each_other_are_two_people(admin):
    person = make_person(Role.MODEL_DEVELOPER)
    with pytest.raises(NotAllowed, match="two people"):
        people.grant_role(by=admin, user=person, role=Role.GOVERNANCE_APPROVER)
    people.withdraw_role(by=admin, user=person, role=Role.MODEL_DEVELOPER)
    people.grant_role(by=admin, user=person, role=Role.GOVERNANCE_APPROVER)
    assert User.objects.get(pk=person.pk).roles == {Role.GOVERNANCE_APPROVER}


def test_the_database_itself_refuses_excluded_roles(admin):
    pairs = sorted(tuple(sorted(pair)) for pair in INCOMPATIBLE)
    assert len(pairs) > 50
    for first, second in [*pairs, *(pair[::-1] for pair in pairs)]:
        user = User.objects.create(username=f"{first}-then-{second}", full_name="X")
        RoleGrant.objects.create(user=user, role=first, granted_by=admin)
        with pytest.raises(DatabaseError, match="excludes"), transaction.atomic():
            RoleGrant.objects.create(user=user, role=second, granted_by=admin)


def test_the_database_admits_every_other_pair(admin):
    looked_at = 0
    for first in Role:
        for second in Role:
            if first < second and frozenset({first, second}) not in INCOMPATIBLE:
                user = User.objects.create(username=f"{first}-and-{second}", full_name="X")
                RoleGrant.objects.create(user=user, role=first, granted_by=admin)
                RoleGrant.objects.create(user=user, role=second, granted_by=admin)
                looked_at += 1
    assert looked_at > 10, "this test would pass on nothing"


def test_the_trigger_was_written_from_the_table_in_force():
    from importlib import import_module

    frozen = import_module(f"{migrations_name}.0003_roles_exclude").PAIRS
    assert {frozenset(pair) for pair in frozen} == {frozenset(role.value for role in pair) for pair in INCOMPATIBLE}


def test_nobody_gives_a_role_to_themselves(admin):
    with pytest.raises(NotAllowed, match="themselves"):
        people.grant_role(by=admin, user=admin, role=Role.COORDINATOR)
    person = make_person()
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.create(user=person, role=Role.COORDINATOR, granted_by=person)


def test_an_institutions_role_needs_the_institution(admin):
    with pytest.raises(NotAllowed, match="institution"):
        people.grant_role(by=admin, user=make_person(), role=Role.PARTICIPANT_OFFICER)
    with pytest.raises(NotAllowed, match="service"):
        people.grant_role(by=admin, user=make_person(), role=Role.ROOM_SERVICE)
    with pytest.raises(NotAllowed, match="institution"):
        people.grant_capacity(by=admin, user=make_person(), capacity=SignOffRole.EXTERNAL_VALIDATOR)
    make_participant("808")
    people.grant_capacity(by=admin, user=make_person(institution="808"), capacity=SignOffRole.EXTERNAL_VALIDATOR)


def test_a_token_is_kept_as_a_digest_and_replaces_the_one_before(admin):
    person = make_person()
    first = people.issue_token(by=admin, user=person, label="dags")
    second = people.issue_token(by=admin, user=person, label="dags")
    assert holder_of(first) is None and holder_of(second) == person
    stored = " ".join(str(value) for row in ApiToken.objects.values() for value in row.values())
    assert first not in stored and second not in stored
    assert not [event for event in Event.objects.all() if second in str(event.body())]


def test_expired_tokens_and_closed_accounts_open_nothing(admin, settings):
    person = make_person()
    token = people.issue_token(by=admin, user=person, label="a", life=timedelta(seconds=-1))
    assert holder_of(token) is None
    token = people.issue_token(by=admin, user=person, label="b")
    settings.PRODUCTION = True
    assert holder_of(token) == person
    User.objects.filter(pk=person.pk).update(is_demo=True)
    assert holder_of(token) is None
    settings.PRODUCTION = False
    people.deactivate_person(by=admin, user=person)
    assert holder_of(token) is None
    assert ApiToken.objects.filter(revoked_at=None, expires_at__gt=timezone.now()).count() == 0


def sign_in(username: str, password: str = PASSWORD) -> int:
    return Client().post(reverse("login"), {"username": username, "password": password}).status_code


def test_sign_in(admin, settings):
    person = people.add_person(by=admin, username="ann", full_name="Ann", password=PASSWORD, is_demo=True)
    people.add_person(by=admin, username="room", full_name="Room", is_service=True)
    assert sign_in("ann") == 302
    assert sign_in("ann", "wrong password") == 200 and sign_in("nobody") == 200 and sign_in("room", "") == 200
    settings.PRODUCTION = True
    assert sign_in("ann") != 302
    settings.PRODUCTION = False
    people.deactivate_person(by=admin, user=person)
    assert sign_in("ann") == 200


def test_guessing_is_locked_after_five(admin):
    people.add_person(by=admin, username="ann", full_name="Ann", password=PASSWORD)
    assert [sign_in("ann", "wrong guess no") for _ in range(5)][-1] in (403, 429)
    assert sign_in("ann") != 302, "even the right password waits for the lock to end"


def test_the_people_page_manages_accounts(page_as, admin):
    client = page_as(admin)
    body = {"username": "ann", "full_name": "Ann", "kind": "person", "password": PASSWORD}
    assert client.post(reverse("people-add"), body).status_code == 302
    assert client.post(reverse("people-role"), {"username": "ann", "role": "auditor"}).status_code == 302
    answer = client.post(reverse("people-token"), {"username": "ann", "label": "check"})
    assert answer["Cache-Control"] == "no-store" and "fcr_" in answer.content.decode()
    assert client.post(reverse("people-role"), {"username": "ann", "role": "king"}).status_code == 422
    assert client.post(reverse("people-role"), {"username": "ghost", "role": "auditor"}).status_code == 404
    assert client.post(reverse("people-deactivate"), {"username": "ann"}).status_code == 302
    assert not User.objects.get(username="ann").is_active


def test_nobody_else_manages_accounts(page_as):
    looked_at = 0
    for role in (Role.COORDINATOR, Role.AUDITOR, Role.KEY_CUSTODIAN):
        client = page_as(make_person(role))
        for name in ("people-add", "people-role", "people-token", "people-deactivate"):
            body = {"username": "founder", "full_name": "x", "password": PASSWORD, "role": "auditor", "label": "x"}
            assert client.post(reverse(name), body).status_code == 403, (role, name)
            looked_at += 1
    assert looked_at == 12
