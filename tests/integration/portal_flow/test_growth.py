"""Pages and answers ask the database as often for many releases and warnings as for a few; long histories come in
parts."""

import copy

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cleanroom.vocabulary.terms import Role, SignOffRole
from portal.alerts.actions.send import send_warnings
from portal.alerts.models import WarningRecord
from portal.signoffs import candidates, queries
from portal.signoffs.actions.draft import draft_release
from portal.signoffs.actions.submit import submit_release
from portal.signoffs.models import Release, ReleaseHold, ReleaseMove, SignOffRecord, WaiverRecord
from tests.factories.portal import make_person, token_for
from tests.factories.portal_flow import Api, warning
from tests.factories.releases import make_draft
from tests.integration.portal_flow.test_policy_pages import SHIPPED, WHAT_IF, sent

pytestmark = pytest.mark.django_db
FEW, MANY = 4, 12
PAGES = ("/", "/signoffs/", "/signoffs/old-1/", "/signoffs/policy/", "/incidents/", "/incidents/report", "/alerts/",
         "/alerts/health/", "/results/", "/api/v1/releases", "/api/v1/warning-standings?purpose=audit")  # fmt: skip


@pytest.fixture
def grow(room, bank, other_bank):
    """`grow(n)`: up to n releases, half of them suspended, one in force, with signature, waiver, hold and moves;
    and 10 n warnings."""
    developer = make_person(Role.MODEL_DEVELOPER, username="dev")
    signer = make_person(Role.GOVERNANCE_REVIEWER, capacities=(SignOffRole.VALIDATOR,))
    first = draft_release(make_draft(developer="dev", release_id="old-0"), by=room)
    submit_release("old-0", by=room)
    first.refresh_from_db()
    made, warned = [first], []

    def more(n: int) -> None:
        for i in range(len(made), n):
            made.append(_like(first, i))
            _furnish(made[-1], developer, signer, other_bank.participant, room)
        if not warned:
            _out(made[1], signer)
            send_warnings([warning(i, release_id="old-1") for i in range(10 * n)], by=room)
            warned.extend(WarningRecord.objects.all())
        beginning = WarningRecord.objects.count()
        WarningRecord.objects.bulk_create(_warning_like(warned[0], i) for i in range(beginning, 10 * n))

    return more


def _out(release: Release, by) -> None:
    release.state, release.released_at, release.released_by = "released", timezone.now(), by
    release.suspended_reason, release.certificate_digest = "", "1" * 64
    release.save()


def _like(first: Release, i: int) -> Release:
    release = copy.copy(first)
    release.pk, release.release_id = None, f"old-{i}"
    release.state, release.suspended_reason = ("suspended", "drift") if i % 2 else ("submitted", "")
    release.draft = {**first.draft, "release_id": release.release_id}
    release.save()
    return release


def _furnish(release: Release, developer, signer, holder, room) -> None:
    now = timezone.now()
    common = {"release": release, "subject_digest": release.subject_digest, "developer": developer}
    SignOffRecord.objects.create(person=signer, role="validator", decision="approve", signed_at=now, **common)
    WaiverRecord.objects.create(control_id="SUS-2-01", reason="r", compensating_control="c", owner="o",
                                ends_on=now.date(), requested_by=room, requested_at=now, **common)  # fmt: skip
    ReleaseHold.objects.create(release=release, participant=holder, reason="r", held_by=signer, held_at=now)
    ReleaseMove.objects.create(release=release, to_state=release.state, by=room, at=now)


def _warning_like(one: WarningRecord, i: int) -> WarningRecord:
    other = copy.copy(one)
    other.pk, other.warning_id, other.cursor = None, f"{i:032x}", i + 10_000
    return other


def asked(client, path: str, **options) -> int:
    with CaptureQueriesContext(connection) as found:
        response = client.get(path, **options)
    assert response.status_code == 200, (path, response.content[-300:])
    return len(found)


def test_no_page_asks_more_often_where_there_is_more(grow, page_of):
    coordinator = make_person(Role.COORDINATOR, capacities=(SignOffRole.OWNER,))
    people = {
        "coordinator": coordinator,
        "approver": make_person(
            Role.GOVERNANCE_APPROVER, Role.COORDINATOR, capacities=(SignOffRole.ACCOUNTABLE_EXECUTIVE,)
        ),
    }
    windows = {name: page_of(person) for name, person in people.items()}
    api = {"headers": {"Authorization": f"Bearer {token_for(coordinator)}"}}

    def counts() -> dict:
        found = {}
        for name, window in windows.items():
            for path in PAGES:
                found[name, path] = asked(window, path, **(api if path.startswith("/api") else {}))
        return found

    grow(FEW)
    counts()  # what is read once for all (the policy, content types) is read
    few = counts()
    grow(MANY)
    many = counts()
    assert Release.objects.count() == MANY and WarningRecord.objects.count() == 10 * MANY
    assert {key: (few[key], n) for key, n in many.items() if n > few[key]} == {}


def test_releases_come_in_pages_each_as_it_stands_alone(grow, room, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 2)
    grow(5)
    ask, found, after = Api(room), [], ""
    while page := ask("GET", f"/releases?after={after}")[1]:
        found, after = found + page, page[-1]["draft"]["release_id"]
        assert len(found) <= 5
    assert [r["draft"]["release_id"] for r in found] == [f"old-{i}" for i in range(5)]
    alone = [ask("GET", f"/releases/old-{i}")[1] for i in range(5)]
    assert found == alone
    assert found[3]["sign_offs"] and found[3]["waivers"] and found[3]["held_by"] == ["822"]
    assert ask("GET", "/releases?after=none")[0] == 404


def test_a_long_history_is_replayed_in_parts(grow, page_of, monkeypatch):
    monkeypatch.setattr(candidates, "AT_ONCE", 2)
    grow(5)
    window = page_of(make_person(Role.GOVERNANCE_APPROVER))
    offered = window.get("/signoffs/policy/").content.decode()
    assert "the newest 2 releases" in offered and "releases 5 to 5, counted from the newest" in offered
    page = window.post(WHAT_IF, {**sent(SHIPPED), "part": "3"}).content.decode()
    assert "1 release replayed" in page and "Part 3 of 3, counted from the newest of 5 releases" in page
    for part, status in (("4", 404), ("0", 422), ("x", 422)):
        assert window.post(WHAT_IF, {**sent(SHIPPED), "part": part}).status_code == status
    ask = {"headers": {"Authorization": f"Bearer {token_for(make_person(Role.COORDINATOR))}"},
           "content_type": "application/yaml"}  # fmt: skip
    told = [window.post(f"/api/v1/policies/what-if?part={n}", SHIPPED, **ask).json() for n in (1, 2, 3)]
    assert [t["part"] for t in told] == [1, 2, 3] and {(t["parts"], t["releases_held"]) for t in told} == {(3, 5)}
    names = [r["release_id"] for t in reversed(told) for r in t["releases"]]
    assert names == [f"old-{i}" for i in range(5)]
