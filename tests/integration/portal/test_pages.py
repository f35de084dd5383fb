"""Every page answers every role in both languages: with the page or with a sentence, never with a fault."""

import pytest
from django.urls import get_resolver, reverse

from cleanroom.vocabulary.terms import Role
from portal.accounts.names import OF_AN_INSTITUTION, SERVICES
from portal.participants.actions.sign_mou import publish_mou
from tests.factories.portal import make_participant, make_person
from tests.integration.portal.test_agreement_api import MOU

pytestmark = pytest.mark.django_db
PEOPLE = [role for role in Role if role not in SERVICES]
PAGES = [
    "home", "programme", "participants", "specification", "people", "rights", "audit", "audit-checkpoints", "signoffs",
    "signoffs-policy", "incidents", "incidents-report",
]  # fmt: skip
LANGUAGES = ["en", "zh-TW"]


def person(role: Role):
    return make_person(role, institution="808" if role in OF_AN_INSTITUTION else None)


@pytest.fixture
def agreed():
    """One MoU, published, and two institutions."""
    from datetime import date

    make_participant("808"), make_participant("822")
    body = {
        **MOU,
        "valid_from": date.fromisoformat(MOU["valid_from"]),
        "expires_on": date.fromisoformat(MOU["expires_on"]),
    }
    return publish_mou(by=make_person(Role.COORDINATOR), **body)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", PEOPLE)
def test_each_role_opens_each_page_or_reads_why_not(page_as, agreed, role, language):
    client = page_as(person(role), language)
    addresses = [reverse(name) for name in PAGES] + [
        reverse("participants-one", args=["808"]),
        reverse("participants-room-keys"),
        reverse("participants-mou", args=[MOU["version"]]),
    ]
    opened = 0
    for address in addresses:
        response = client.get(address)
        assert response.status_code in (200, 403), (address, response.status_code)
        assert "<h1>" in response.content.decode()
        opened += response.status_code == 200
    assert opened >= 4
    assert client.get("/").headers["Content-Language"] == ("zh-hant" if language == "zh-TW" else "en")


def test_the_menu_holds_only_what_opens(page_as, agreed):
    from portal.common.menu import entries_for

    looked_at = 0
    for role in PEOPLE:
        who = person(role)
        client = page_as(who)
        for entry in entries_for(who):
            assert client.get(reverse(entry.url_name)).status_code == 200, (role, entry.url_name)
            looked_at += 1
    assert looked_at > len(PEOPLE), "this test would pass on nothing"


def test_every_page_but_sign_in_needs_a_login(client):
    names = {"home", *PAGES}
    for name in names:
        response = client.get(reverse(name))
        assert response.status_code == 302 and response.url.startswith(reverse("login"))
    assert client.get(reverse("login")).status_code == 200


def test_no_page_has_inline_scripts_or_styles(page_as, agreed):
    client = page_as(person(Role.COORDINATOR))
    for name in PAGES:
        text = client.get(reverse(name)).content.decode()
        assert " style=" not in text and "<style" not in text and " onclick=" not in text
        assert text.count("<script") == text.count("<script src=")


def test_unknown_addresses_and_institutions_are_pages_too(page_as):
    client = page_as(person(Role.COORDINATOR))
    assert client.get("/nothing/here/").status_code == 404
    response = client.get(reverse("participants-one", args=["999"]))
    assert response.status_code == 404 and "no institution with this code" in response.content.decode()


def test_the_urls_were_found():
    assert len(get_resolver().reverse_dict) > 0


def test_a_demo_person_reads_on_every_page_that_it_is_a_rehearsal(page_as, agreed):
    who = person(Role.COORDINATOR)
    said = {"en": "This is a rehearsal", "zh-TW": "這是演練"}
    for demo in (True, False):
        who.is_demo = demo
        who.save()
        for language, words in said.items():
            for name in PAGES:
                shown = page_as(who, language).get(reverse(name)).content.decode()
                assert shown.count(words) == demo, (name, language)


def test_the_new_state_is_chosen_and_not_preselected(page_as, agreed):
    client = page_as(person(Role.COORDINATOR))
    shown = client.get(reverse("participants-one", args=["808"])).content.decode()
    assert 'name="to" required><option value="">' in shown
    reply = client.post(reverse("participants-state", args=["808"]), {"to": "", "reason": "no state was chosen"})
    assert reply.status_code == 422
