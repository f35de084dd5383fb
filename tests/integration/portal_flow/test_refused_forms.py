"""A refused form comes back on its page with what was written, whichever form it is."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.http import QueryDict
from django.utils import timezone

from cleanroom.vocabulary.terms import Role
from portal.accounts.models import User
from portal.alerts.actions.send import send_warnings
from portal.audit.models import Event
from portal.common.filling import filled
from portal.common.refused_forms import COMPOSED, PLACE
from portal.incidents.models import Incident
from portal.signoffs.actions.draft import draft_release
from portal.signoffs.models import Release
from tests.factories.portal import make_person
from tests.factories.portal_flow import warning
from tests.factories.releases import make_draft

pytestmark = pytest.mark.django_db
PORTAL = Path(__file__).resolve().parents[3] / "portal"
WRITTEN = 'a "reason" <b>& more</b>, 理由：未及量測'
PROSE = ("text", "url", "textarea")
RELEASE = "/signoffs/score-2026-1/"
# Sign-in says itself what is wrong; signing out, the language and the log's check hold nothing that was written.
BY_HAND = {"base.html", "login.html", "events.html", "posting.html"}


class Forms(HTMLParser):
    """Every form that posts: its address, the place it names, its fields (name, kind, value) and the fault it shows."""

    def __init__(self, html: str):
        super().__init__()
        self.found: list[dict] = []
        self._form = self._text = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "form":
            self._form = {"action": a.get("action", ""), "fields": {}, "texts": {}, "refused": False}
            self.found += [self._form] if a.get("method") == "post" else []
        if self._form is None:
            return
        self._form["refused"] |= a.get("id") == "refusal"
        if tag in ("input", "textarea", "select") and a.get("name"):
            kind = a.get("type", "text") if tag == "input" else tag
            self._form["fields"].setdefault(a["name"], (kind, a.get("value", "")))
            self._text = a["name"] if tag == "textarea" else None
            if kind in PROSE:
                self._form["texts"][a["name"]] = a.get("value", "")
        if tag == "option" and "selected" in a:
            self._form["texts"]["selected"] = a.get("value")

    def handle_data(self, data):
        if self._text:
            self._form["texts"][self._text] = self._form["texts"].get(self._text, "") + data

    def handle_endtag(self, tag):
        self._form = None if tag == "form" else self._form
        self._text = None if tag == "textarea" else self._text

    @classmethod
    def of(cls, response) -> list[dict]:
        return [f for f in cls(response.content.decode()).found if PLACE in f["fields"]]


@pytest.fixture
def filled_portal(room, bank, released):
    """Something of every kind on which a form stands."""
    make_person(Role.MODEL_DEVELOPER, username="dev")
    draft_release(make_draft(developer="dev", changes={"repeat_match_rate": None}), by=room)
    coordinator = make_person(Role.COORDINATOR)
    now = timezone.now()
    Incident.objects.create(
        kind="complaint", grade=2, detected_at=now, summary="Somebody was wronged.", reported_by=room, reported_at=now,
        acknowledged_at=now, acknowledged_by=coordinator,
    )  # fmt: skip
    send_warnings([warning(1)], by=room)
    return bank


def pages_of(person: User) -> list[str]:
    own = ["/", "/accounts/", "/accounts/password/", "/accounts/second-factor/", "/participants/", "/participants/mou/"]
    things = ["/participants/808/", "/participants/room/keys/", "/programme/", "/signoffs/", RELEASE, "/alerts/"]
    return [*own, *things, f"/alerts/{warning(1).warning_id}/", "/alerts/health/", f"/incidents/{incident()}/",
            "/incidents/report", "/signoffs/policy/"]  # fmt: skip


def incident() -> str:
    return Incident.objects.get().incident_id


def sent(form: dict, text: str) -> dict[str, str]:
    """Prose in every field for prose; nothing chosen and nothing confirmed, as no script of a browser would allow."""
    texts = {name: text for name, (kind, _value) in form["fields"].items() if kind in PROSE}
    return {**texts, PLACE: form["fields"][PLACE][1]}


def test_whoever_is_refused_finds_what_they_wrote_on_every_page(filled_portal, page_of):
    """Each page of six people, each form with a field for text. Prose in every field and nothing chosen is refused by
    all but those that ask for a reason alone."""
    people = [make_person(role) for role in (
        Role.COORDINATOR, Role.GOVERNANCE_APPROVER, Role.PLATFORM_ADMINISTRATOR, Role.KEY_CUSTODIAN)]  # fmt: skip
    people += [filled_portal.officer, User.objects.get(username="dev")]
    refused, done = set(), set()
    for person in people:
        client = page_of(person)
        for page in pages_of(person):
            forms = Forms.of(client.get(page))
            for form in (f for f in forms if f["texts"] and f["action"] not in refused | done):
                answer = client.post(form["action"], sent(form, WRITTEN))
                if answer.status_code == 302:
                    done.add(form["action"])
                    continue
                assert 400 <= answer.status_code < 500, (form, answer.content.decode())
                [again] = [f for f in Forms.of(answer) if f["refused"]]
                assert again["action"] == form["action"] and again["fields"][PLACE] == form["fields"][PLACE]
                given_back = {name: text.strip() for name, text in again["texts"].items() if name != "selected"}
                assert set(given_back.values()) == {WRITTEN}, form["action"]
                refused.add(form["action"])
    named = " ".join(refused)
    for part in ("invite", "mou/", "/key", "endpoint", "state", "room/keys", "waive", "report", "close", "answer",
                 "retire", "stop", "add"):  # fmt: skip
        assert part in named, (part, refused)
    assert len(refused) >= 14 and len(done) <= 4, (refused, done)


def test_no_form_is_written_another_way():
    forms = [path for path in PORTAL.rglob("templates/**/*.html") if 'method="post"' in path.read_text("utf-8")]
    assert {path.name for path in forms} == BY_HAND
    areas = {n for path in PORTAL.rglob("templates/**/*.html")
             for n in re.findall(r'<textarea[^>]* name="(\w+)"', path.read_text("utf-8"))}  # fmt: skip
    assert areas and areas <= set(COMPOSED), "a text that nobody could take away from a refusal"


def test_a_refused_waiver_is_open_again_with_every_field_and_its_choice(filled_portal, page_of):
    client = page_of(User.objects.get(username="dev"), "zh-hant")
    [form] = [f for f in Forms.of(client.get(RELEASE)) if f["action"].endswith("/waive")]
    said = {"control_id": "", "reason": "發布前未及量測，下月補齊。", "compensating_control": "每件皆由專人審核決定。",
            "owner": "王", "ends_on": "2020-01-01", PLACE: form["fields"][PLACE][1]}  # fmt: skip
    client_page = client.get(RELEASE).content.decode()
    said["control_id"] = re.findall(r'<option value="([A-Z]{3}-\d-\d\d)"', client_page)[-1]
    events = Event.objects.filter(verb="request.refused").count()
    answer = client.post(form["action"], said)
    html = answer.content.decode()
    assert answer.status_code in (403, 422) and "此動作未執行" in html and "<details" in html
    fold = html[: html.index('id="refusal"')].rpartition("<details")[2]
    assert fold.startswith(' class="panel" open>') and "申請豁免" in fold
    [again] = [f for f in Forms.of(answer) if f["refused"]]
    assert again["texts"]["selected"] == said["control_id"] and again["fields"]["ends_on"][1] == "2020-01-01"
    assert again["texts"]["owner"] == "王" and said["reason"] in again["texts"]["reason"]
    assert Event.objects.filter(verb="request.refused").count() == events + 1, "told once"


def test_an_empty_field_is_marked_and_a_confirmation_is_given_anew(filled_portal, page_of):
    client = page_of(make_person(Role.COORDINATOR))
    path = f"/incidents/{incident()}/"
    [form] = [f for f in Forms.of(client.get(path)) if f["action"].endswith("/close")]
    place = form["fields"][PLACE][1]
    answer = client.post(form["action"], {PLACE: place, "settled": " ", "upheld": "yes", "confirmed": "yes"})
    html = answer.content.decode()
    assert answer.status_code == 422 and "This field is empty; fill it in." in html
    area = re.search(r'<textarea id="close-settled"[^>]*>', html)[0]
    assert 'aria-invalid="true"' in area and 'aria-describedby="refusal close-help"' in area
    assert re.search(r'id="upheld-yes" value="yes" required checked>', html)
    assert "checked" not in re.search(r'<input[^>]*id="close-confirmed"[^>]*>', html)[0]
    assert html.count('role="alert"') == 1


def test_where_the_form_is_offered_no_more_the_text_can_be_taken_along(filled_portal, page_of, room):
    client = page_of(User.objects.get(username="dev"))
    [form] = [f for f in Forms.of(client.get(RELEASE)) if f["action"].endswith("/waive")]
    Release.objects.filter(release_id="score-2026-1").update(state="retired")
    answer = client.post(form["action"], sent(form, WRITTEN) | {"ends_on": "2020-01-01", "control_id": "GOV-1-01"})
    html = answer.content.decode()
    assert answer.status_code >= 400 and PLACE not in html
    assert html.count("理由：未及量測") == 2, "reason and compensating control; the owner's name is no composition"


@pytest.mark.parametrize(
    "place", ["", "https://x.test/", "//x.test/", "/nothing/", "/api/v1/health", "signoffs", "/\\x"]
)
def test_a_place_that_is_no_page_of_ours_gives_the_page_of_refusals(filled_portal, page_of, place):
    client = page_of(make_person(Role.COORDINATOR))
    answer = client.post("/alerts/health/stop", {PLACE: place, "reason": "It is enough."})
    assert answer.status_code == 422 and "It is enough." in answer.content.decode()


def test_the_page_that_comes_again_passes_the_checks_of_a_page(filled_portal, page_of, settings):
    """Who lacks the second factor may change the password, and is not led to another page by its refusal."""
    settings.SECOND_FACTOR_REQUIRED = True
    client = page_of(make_person(Role.AUDITOR))
    sent = {"old": "wrong", "new": "a long enough one", PLACE: RELEASE}
    answer = client.post("/accounts/password/", sent)
    assert answer.status_code == 403 and "Control matrix" not in answer.content.decode()
    assert "a long enough one" not in answer.content.decode()
    own = client.post("/accounts/password/", {**sent, PLACE: "/accounts/password/"}).content.decode()
    assert 'id="refusal"' in own and "a long enough one" not in own


def test_filling_in_keeps_the_rest_as_it_was():
    html = ('<label for="a">A &amp; B &#62;</label><input id="a" name="a" value="old"><input type="password" name="p">'
            '<input type="file" name="f"><input type="hidden" name="h" value="1">'
            '<select name="s"><option value="1" selected>one</option><option value="2">two</option></select>'
            '<textarea name="t">old</textarea><input type="radio" name="r" value="x" checked><input type="radio" '
            'name="r" value="y"><textarea name="u">stays</textarea>')  # fmt: skip
    written = QueryDict(mutable=True)
    written.update({"a": '"<', "p": "secret", "f": "f", "h": "2", "s": "2", "t": "\nx", "r": "y"})
    assert filled(html, written) == (
        '<label for="a">A &amp; B &#62;</label><input id="a" name="a" value="&quot;&lt;"><input type="password" '
        'name="p"><input type="file" name="f"><input type="hidden" name="h" value="1">'
        '<select name="s"><option value="1">one</option><option value="2" selected>two</option></select>'
        '<textarea name="t">\n\nx</textarea><input type="radio" name="r" value="x"><input type="radio" '
        'name="r" value="y" checked><textarea name="u">stays</textarea>'
    )
    assert filled(html, QueryDict()) == html
