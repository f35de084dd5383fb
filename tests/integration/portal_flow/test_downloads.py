"""Below each table page stands a link that gives the whole filtered table, and it is followed as it was rendered. Rows
of single cases are asked for with a purpose, recorded and counted."""

import csv
import html
import io
import re
from datetime import date, timedelta
from urllib.parse import quote, urljoin

import pytest
from django.test import Client
from django.utils import timezone

from cleanroom.vocabulary.terms import Role
from portal.alerts.actions.export import EXPORTED
from portal.alerts.actions.send import send_warnings
from portal.alerts.models import WarningRecord
from portal.alerts.states import Delivery
from portal.audit.models import Event
from portal.common.tables import PER_PAGE
from portal.participants.actions.sign_mou import publish_mou
from portal.programme.actions import adopt_plan
from portal.programme.plans import load_plan
from tests.factories.portal import make_person
from tests.factories.portal_flow import upload, warning

pytestmark = pytest.mark.django_db

LINK = re.compile(r'<a href="(\?[^"]*)">Download as CSV</a>')
PAGES = [
    "/uploads/",
    "/signoffs/",
    "/participants/",
    "/participants/mou/",
    "/programme/",
]


@pytest.fixture
def full(room, room_api, bank, other_bank, released):
    """More warnings than one page shows, one of them dead, and something in each other table."""
    warnings = [warning(n, kind="care" if n % 3 else "mule") for n in range(1, 2 * PER_PAGE + 1)]
    send_warnings(warnings, by=room)
    WarningRecord.objects.filter(warning_id=warnings[0].warning_id).update(delivery=Delivery.DEAD)
    assert room_api("POST", "/uploads", upload(1).model_dump(mode="json"))[0] == 200
    by, days = make_person(Role.COORDINATOR), (date(2025, 1, 1), date(2099, 1, 1))
    publish_mou(by=by, version="1", valid_from=days[0], expires_on=days[1], purposes=["fraud"], text="text")
    adopt_plan(by=by, phases=load_plan(), starts_on=days[0])


@pytest.fixture
def coordinator(client):
    client.force_login(make_person(Role.COORDINATOR), backend="portal.accounts.backends.PersonBackend")
    return client


def followed(client, path: str) -> list[dict[str, str]]:
    links = LINK.findall(client.get(path).content.decode())
    assert len(links) == 1, f"{path} has {len(links)} links to its table"
    response = client.get(urljoin(path, html.unescape(links[0])))
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/csv") and "attachment" in response["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


@pytest.mark.parametrize("path", PAGES)
def test_the_link_downloads_the_table(full, coordinator, path):
    assert followed(coordinator, path)


def taken(client, path: str, purpose: str = "case_work"):
    return client.post(path, {"purpose": purpose})


def rows_of(response) -> list[dict[str, str]]:
    assert response.status_code == 200 and "attachment" in response["Content-Disposition"], response.content
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


def told() -> list[dict]:
    return [event.detail for event in Event.objects.filter(verb=EXPORTED).order_by("sequence")]


def test_the_file_holds_every_page_of_the_filtered_table(full, coordinator):
    assert len(rows_of(taken(coordinator, "/alerts/?page=2"))) == 2 * PER_PAGE
    shown = rows_of(taken(coordinator, "/alerts/?kind=care&page=2&sort=amount", "audit"))
    assert {row["Warning"] for row in shown} == {"care"} and len(shown) > PER_PAGE
    assert len(rows_of(taken(coordinator, "/alerts/health/"))) == 1
    both = {"institutions": "808", "beyond_own": True}
    assert told() == [
        {"purpose": "case_work", "rows": 2 * PER_PAGE, **both},
        {"purpose": "audit", "rows": len(shown), **both},
        {"purpose": "case_work", "rows": 1, **both},
    ]


@pytest.mark.parametrize("path", ["/alerts/", "/alerts/health/"])
def test_single_cases_leave_with_a_known_purpose_only(full, coordinator, path):
    page = coordinator.get(path).content.decode()
    assert not LINK.search(page) and 'name="purpose"' in page and "written to the audit log" in page
    for refused in (coordinator.get(path + "?export=csv"), taken(coordinator, path, ""), taken(coordinator, path, "x")):
        assert refused.status_code == 422 and b"choose one of the purposes" in refused.content
    assert told() == []


def test_every_way_out_is_counted_and_the_own_cases_are_told_apart(full, bank, coordinator, api_of, room_api):
    officer = Client(headers={"Accept-Language": "en"})
    officer.force_login(bank.officer, backend="portal.accounts.backends.PersonBackend")
    assert len(rows_of(taken(officer, "/alerts/"))) == 2 * PER_PAGE
    assert room_api("GET", "/row-exports") == (200, {"taken": 1, "beyond_own": 0})
    auditor = api_of(make_person(Role.AUDITOR))
    for path in ("/warning-standings?", "/warnings?participant=808&"):
        assert auditor("GET", path)[0] == 422
        assert len(auditor("GET", path + "purpose=audit")[1]) == 2 * PER_PAGE
    assert room_api("GET", "/row-exports") == (200, {"taken": 3, "beyond_own": 2})
    assert [detail["beyond_own"] for detail in told()] == [False, True, True]
    room_api("GET", "/warning-standings"), api_of(bank.service)("GET", "/warnings")  # the line itself exports nothing
    later = quote((timezone.now() + timedelta(seconds=1)).isoformat())
    assert room_api("GET", f"/row-exports?since={later}") == (200, {"taken": 0, "beyond_own": 0})
    assert api_of(bank.officer)("GET", "/row-exports")[0] == 403


def test_a_table_that_the_page_does_not_export_offers_no_link(full, coordinator):
    shown = coordinator.get("/participants/808/").content.decode()
    assert 'class="table-count"' in shown and not LINK.search(shown)
