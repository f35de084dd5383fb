"""Below each table page stands a link that gives the whole filtered table, and it is followed as it was rendered."""

import csv
import html
import io
import re
from datetime import date
from urllib.parse import urljoin

import pytest

from cleanroom.vocabulary.terms import Role
from portal.alerts.actions.send import send_warnings
from portal.alerts.models import WarningRecord
from portal.alerts.states import Delivery
from portal.common.tables import PER_PAGE
from portal.participants.actions.sign_mou import publish_mou
from portal.programme.actions import adopt_plan
from portal.programme.plans import load_plan
from tests.factories.portal import make_person
from tests.factories.portal_flow import upload, warning

pytestmark = pytest.mark.django_db

LINK = re.compile(r'<a href="(\?[^"]*)">Download as CSV</a>')
PAGES = [
    "/alerts/",
    "/uploads/",
    "/signoffs/",
    "/participants/",
    "/participants/mou/",
    "/programme/",
    "/alerts/health/",
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


def test_the_file_holds_every_page_of_the_filtered_table(full, coordinator):
    assert len(followed(coordinator, "/alerts/?page=2")) == 2 * PER_PAGE
    shown = followed(coordinator, "/alerts/?kind=care&page=2&sort=amount")
    assert {row["Warning"] for row in shown} == {"care"} and len(shown) > PER_PAGE


def test_a_table_that_the_page_does_not_export_offers_no_link(full, coordinator):
    shown = coordinator.get("/participants/808/").content.decode()
    assert 'class="table-count"' in shown and not LINK.search(shown)
