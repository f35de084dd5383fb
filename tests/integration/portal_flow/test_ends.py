"""What ends soon, and why a release is suspended: said on the pages and among the tasks of who can do something."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cleanroom.governance import certificate
from cleanroom.governance.policy import load_policy
from cleanroom.vocabulary.terms import ReleaseState, Role
from portal.common.waiting import waiting_for
from portal.signoffs import ends
from portal.signoffs.actions.draft import draft_release
from portal.signoffs.actions.release import suspend_release
from portal.signoffs.models import WaiverRecord
from portal.signoffs.queries import record_of
from portal.signoffs.templatetags.governance import in_my_language
from tests.factories.portal import make_participant, make_person
from tests.factories.portal_flow import Api
from tests.factories.releases import make_draft

pytestmark = pytest.mark.django_db
PAGE = "/signoffs/score-2026-1/"


@pytest.fixture
def approver():
    return make_person(Role.GOVERNANCE_APPROVER)


@pytest.fixture
def out(room, approver):
    """`out(days)`: a release in force whose certificate has so many days left."""
    make_participant("808")
    developer = make_person(Role.MODEL_DEVELOPER, username="dev")
    release = draft_release(make_draft(developer=developer.username), by=room)

    def let_out(days: float):
        now = timezone.now()
        issued = certificate.issue(load_policy(), record_of(release), now=now, participants=("808",))
        issued = issued.model_copy(update={"expires_at": now + timedelta(days=days, minutes=1)})
        release.state, release.released_at, release.released_by = ReleaseState.RELEASED, now, approver
        release.certificate, release.certificate_digest = issued.model_dump(mode="json"), issued.digest
        release.save()
        return release

    return let_out


def titles(person) -> list[tuple[str, bool]]:
    return [(str(t.title), t.urgent) for t in waiting_for(person) if "ends at" in str(t.title)]


@pytest.mark.parametrize(("days", "listed", "urgent"), [(15, False, None), (13, True, False), (2, True, True)])
def test_a_certificate_that_ends_soon_waits_for_who_can_renew_it(out, approver, page_of, days, listed, urgent):
    out(days)
    for person in (approver, make_person(Role.COORDINATOR)):
        found = titles(person)
        assert len(found) == listed and all(u is urgent for _title, u in found)
    assert titles(make_person(Role.AUDITOR)) == []
    shown = page_of(make_person(Role.AUDITOR)).get(PAGE).content.decode()
    assert f"{days} days left" in shown and f"{days} days from now; the gate shuts" in shown
    assert ("ends soon" in page_of(approver).get("/signoffs/").content.decode()) == listed


def test_a_certificate_that_ended_is_said_to_have_ended(out, approver, page_of):
    out(-1)
    assert "the gate is shut" in page_of(approver).get(PAGE).content.decode()
    assert [ending.over for ending in ends.ending_soon(now=timezone.now())] == [True]


def test_a_waiver_that_ends_soon(out, room, approver, page_of):
    release, today = out(60), timezone.localdate()
    for control, days in (("ROB-3-01", 5), ("FAI-3-01", 40)):
        WaiverRecord.objects.create(
            release=release, subject_digest=release.subject_digest, control_id=control, reason="not measured yet",
            compensating_control="an officer decides", owner="owner", ends_on=today + timedelta(days=days),
            requested_by=room, requested_at=timezone.now(), developer=release.developer,
            approved_by=approver, approved_at=timezone.now(),
        )  # fmt: skip
    [ending] = ends.ending_soon(now=timezone.now())
    assert (ending.control_id, ending.days) == ("ROB-3-01", 5)
    assert [title for title, _urgent in titles(approver) if "ROB-3-01" in title]
    shown = page_of(approver).get(PAGE).content.decode()
    assert shown.count("ends soon") == 1


def test_the_cause_of_a_suspension_is_said_in_the_readers_language(out, approver, room, page_of):
    release = out(60)
    why = "the scores drifted: PSI 0.4 / 0.5; the limit is 0.25 / 分數偏離發布基準 / PSI 0.4"
    suspend_release(release.release_id, reason=why, by=room)
    english = page_of(approver).get(PAGE).content.decode()
    chinese = page_of(approver, "zh-Hant").get(PAGE).content.decode()
    for shown, own, other in (
        (english, "the scores drifted: PSI 0.4 / 0.5; the limit is 0.25<", "分數偏離"),
        (chinese, "分數偏離發布基準 / PSI 0.4<", "the scores drifted"),
    ):
        assert own in shown and other not in shown and f"by {room}" in english
    assert "the scores drifted" in page_of(approver).get("/signoffs/").content.decode()
    task = next(t for t in waiting_for(approver) if "Decide on the suspended release" in str(t.title))
    assert task.urgent and task.detail.startswith("the scores drifted")


@pytest.mark.parametrize("text", ["", "too many / wrong", "誤判太多 / 停用", "誤判 / too many"])
def test_what_a_person_wrote_is_shown_as_it_is(text):
    assert in_my_language(text) == text


def test_an_institution_holds_over_the_api_for_itself_alone(out):
    name = out(60).release_id
    reviewer = Api(make_person(Role.GOVERNANCE_REVIEWER, institution="808"))
    path = f"/releases/{name}/hold"
    assert reviewer("POST", path, {"reason": ""})[0] == 422
    for _again in range(2):
        status, record = reviewer("POST", path, {"reason": "own review"})
        assert (status, record["held_by"]) == (200, ["808"])
    other = Api(make_person(Role.GOVERNANCE_REVIEWER, institution="822"))
    assert other("POST", f"{path}/lift")[1]["held_by"] == ["808"]
    assert Api(make_person(Role.COORDINATOR))("POST", path, {"reason": "x"})[0] == 403
    assert reviewer("POST", f"{path}/lift")[1]["held_by"] == []
