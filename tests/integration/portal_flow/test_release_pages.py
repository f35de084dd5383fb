"""The inventory and the page of one release: what is shown, what is offered to whom, and what the forms do."""

import re
from datetime import UTC, timedelta

import pytest
from django.template import Context, Template
from django.utils import timezone
from django.utils.html import escape, strip_tags

from cleanroom.governance.catalogue import figures
from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import load_policy
from cleanroom.vocabulary.terms import Role, SignOffRole
from portal.alerts import tasks
from portal.common.waiting import waiting_for
from portal.signoffs.actions.draft import draft_release
from portal.signoffs.actions.submit import submit_release
from portal.signoffs.models import Release, SignOffRecord, WaiverRecord
from portal.signoffs.templatetags.governance import figure
from tests.factories.portal import make_participant, make_person
from tests.factories.portal_flow import warning
from tests.factories.releases import make_draft

pytestmark = pytest.mark.django_db
PAGE = "/signoffs/score-2026-1/"
PEOPLE = [role for role in Role if not role.endswith("_service")]


@pytest.fixture
def drafted(room):
    """A draft in which one control that may be waived was not measured."""
    make_participant("808")
    make_person(Role.MODEL_DEVELOPER, username="dev")
    control, metric = open_to_a_waiver()
    draft_release(make_draft(developer="dev", changes={metric: None}), by=room)
    return control


def open_to_a_waiver() -> tuple[str, str]:
    fits = [
        c for c in load_policy().controls
        if c.gate == "block" and not c.not_waivable and c.phase == "before_release" and c.evidence == "metric"
        and c.ai_kind != "gen"
    ]  # fmt: skip
    return fits[0].id, fits[0].metrics[0].name


def text_of(response) -> str:
    assert response.status_code == 200, response.content.decode()[-500:]
    return response.content.decode()


@pytest.mark.parametrize("role", PEOPLE)
def test_everybody_reads_the_inventory_and_the_release(drafted, as_person, role):
    client = as_person(make_person(role, institution="808"))
    assert PAGE in text_of(client.get("/signoffs/"))
    shown = text_of(client.get(PAGE))
    assert shown.count('<td class="cell ') == 24 and "R3" in shown


def test_the_open_control_is_named_and_leads_to_its_evidence(drafted, as_person):
    shown = text_of(as_person(make_person(Role.AUDITOR)).get(PAGE))
    assert f'<a href="#{drafted}">{drafted}</a>' in shown and f'id="{drafted}"' in shown
    assert "could not be measured" in shown and "style=" not in shown


def test_chinese_reaches_the_policys_own_words(drafted, as_person):
    shown = text_of(as_person(make_person(Role.AUDITOR), "zh-hant").get(PAGE))
    control = load_policy().control(drafted)
    assert control.text.zh_hant in shown and control.text.en not in shown
    assert "控制矩陣" in shown and "Control matrix" not in shown


def rows_of(shown: str) -> dict[str, dict[str, str]]:
    """By metric name: what stands in the cells of its row, by the label that a phone shows; and its title."""
    rows = re.findall(
        r'<th scope="row" role="rowheader" class="prose">(.*?) <code>(\w+)</code></th>(.*?)</tr>', shown, re.S
    )
    cells = {name: dict(re.findall(r'data-label="([^"]+)"[^>]*>(.*?)</td>', row, re.S)) for _, name, row in rows}
    return {
        name: {k: strip_tags(v).strip() for k, v in cells[name].items()} | {"title": title} for title, name, _ in rows
    }


def test_every_figure_has_its_title_its_unit_and_a_sign_beside_the_colour(room, as_person):
    make_participant("808")
    make_person(Role.MODEL_DEVELOPER, username="dev")
    at = timezone.now()
    bad = Evidence(0.01, low=0.01, high=0.01, cases=100_000, measured_at=at)
    evening = (at - timedelta(days=1)).astimezone(UTC).replace(hour=20)  # in Taipei already the next day
    drill = Evidence(42.5, low=42.5, high=42.5, cases=1, measured_at=evening)
    changes = {"precision_at_capacity": bad, "kill_switch_seconds": drill, "repeat_match_rate": None}
    draft_release(make_draft(developer="dev", changes=changes), by=room)
    auditor = make_person(Role.AUDITOR)
    english, chinese = (rows_of(text_of(as_person(auditor, language).get(PAGE))) for language in ("en", "zh-hant"))
    policy = load_policy()
    applying = {m.name for c in policy.controls if c.ai_kind != "gen" for m in c.metrics}
    assert english.keys() == chinese.keys() == applying and len(applying) > 50
    for name in applying:
        assert english[name]["title"].lower() == escape(figures()[name].text.en).lower()
        assert chinese[name]["title"] == escape(figures()[name].text.zh_hant)
    assert english["repeat_match_rate"]["Outcome"] == "? not measured"
    assert english["kill_switch_seconds"]["Outcome"] == "✓ met" and english["kill_switch_seconds"]["Value"] == "42.5"
    assert english["kill_switch_seconds"]["Measured"] == f"{evening + timedelta(days=1):%Y-%m-%d}"
    assert english["kill_switch_seconds"]["Limit"] == "≤ 60 seconds" and "秒" in chinese["kill_switch_seconds"]["門檻"]
    assert english["precision_at_capacity"]["Outcome"] == "✕ not met"
    assert figures()["baseline_precision_at_capacity"].text.en in english["precision_at_capacity"]["Limit"]
    assert english["third_party_items_done"]["Limit"].startswith("≥ 6 / 6")
    assert english["pr_auc"]["Limit"].startswith("is recorded")
    limit = policy.settings["wrongful_control_rate_limit"]
    assert english["wrongful_control_rate"]["Limit"].startswith(f"≤ {limit:g}")


def test_a_missing_release_is_a_page_that_says_so(db, as_person):
    response = as_person(make_person(Role.AUDITOR)).get("/signoffs/none/")
    assert response.status_code == 404 and "no release of this name" in response.content.decode()


def test_a_waiver_is_asked_for_and_approved_on_the_page(drafted, as_person):
    coordinator, approver = make_person(Role.COORDINATOR), make_person(Role.GOVERNANCE_APPROVER)
    form = {
        "control_id": drafted, "reason": "not measured before the release", "owner": "owner",
        "compensating_control": "an officer decides every case",
        "ends_on": str(timezone.localdate() + timedelta(days=9)),
    }  # fmt: skip
    assert "a second person must approve" in text_of(as_person(coordinator).post(PAGE + "waive", form, follow=True))
    assert any(drafted in str(task.title) for task in waiting_for(approver))
    assert as_person(coordinator).post(PAGE + f"waivers/{drafted}/approve").status_code == 403
    assert "The waiver counts." in text_of(as_person(approver).post(PAGE + f"waivers/{drafted}/approve", follow=True))
    assert WaiverRecord.objects.get().approved_by == approver


@pytest.mark.parametrize("changes", [{"reason": "short"}, {"ends_on": "tomorrow"}, {"owner": ""}])
def test_a_waiver_form_that_makes_no_sense_is_refused(drafted, as_person, changes):
    form = {
        "control_id": drafted, "reason": "not measured before the release", "owner": "owner",
        "compensating_control": "an officer decides every case", "ends_on": str(timezone.localdate()),
    }  # fmt: skip
    assert as_person(make_person(Role.COORDINATOR)).post(PAGE + "waive", form | changes).status_code == 422
    assert not WaiverRecord.objects.exists()


def test_only_who_may_sign_is_offered_the_form(drafted, room, as_person):
    submit_release("score-2026-1", by=room)
    reviewer = make_person(Role.GOVERNANCE_REVIEWER, institution="808", capacities=(SignOffRole.INSTITUTION_REVIEWER,))
    stranger = make_person(Role.GOVERNANCE_REVIEWER, institution="822", capacities=(SignOffRole.INSTITUTION_REVIEWER,))
    assert 'id="sign"' in text_of(as_person(reviewer).get(PAGE))
    assert 'id="sign"' not in text_of(as_person(make_person(Role.AUDITOR)).get(PAGE))
    assert 'id="sign"' in text_of(as_person(stranger).get(PAGE)), "822 takes part by now and misses its reviewer"
    assert any("Sign off the release" in str(task.title) for task in waiting_for(reviewer))
    form = {
        "role": "institution_reviewer",
        "decision": "reject",
        "subject_digest": Release.objects.get().subject_digest,
    }
    assert as_person(reviewer).post(PAGE + "sign", form).status_code == 422, "signed without saying that it stands"
    form["confirmed"] = "yes"
    assert "Your signature is kept." in text_of(as_person(reviewer).post(PAGE + "sign", form, follow=True))
    assert SignOffRecord.objects.get().person == reviewer
    assert Release.objects.get().state == "draft"


def test_a_hold_and_its_end_on_the_page(drafted, as_person):
    reviewer = make_person(Role.GOVERNANCE_REVIEWER, institution="808")
    client = as_person(reviewer)
    assert "holds this release" in text_of(client.post(PAGE + "hold", {"reason": "own review"}, follow=True))
    assert "no longer held" in text_of(client.post(PAGE + "let-go", follow=True))
    assert as_person(make_person(Role.COORDINATOR)).post(PAGE + "hold", {"reason": "x"}).status_code == 403


@pytest.mark.parametrize("act", ["submit", "publish", "suspend", "retire"])
def test_who_may_not_gets_a_page_that_says_which_roles_may(drafted, as_person, act):
    response = as_person(make_person(Role.AUDITOR)).post(PAGE + act, {"reason": "because", "confirmed": "yes"})
    assert response.status_code == 403 and "takes one of these roles" in response.content.decode()


def test_a_queue_that_is_down_is_not_the_rooms_failure(
    room_api, bank, released, monkeypatch, django_capture_on_commit_callbacks
):
    from kombu.exceptions import OperationalError

    asked = []

    def down(**options):
        asked.append(options)
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.wake_sender, "apply_async", down)
    with django_capture_on_commit_callbacks(execute=True):
        status, body = room_api("POST", "/warnings", [warning(1).model_dump(mode="json")])
    assert (status, body) == (200, {"accepted": 1}) and len(asked) == 1


@pytest.mark.parametrize("written", ["2026-11-23T20:05:00Z", "2026-11-23T20:05:00.123456+00:00"])
def test_a_certificates_times_are_shown_in_the_portals_zone(written):
    shown = Template('{% load governance %}{{ t|moment|date:"Y-m-d H:i" }}').render(Context({"t": written}))
    assert shown == "2026-11-24 04:05"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (4.55e-06, "0.00000455"),
        (-2.5e-05, "-0.000025"),
        (0.50384, "0.5038"),
        (0.0, "0"),
        (1234.5, "1,234"),
        (None, "–"),
    ],
)
def test_a_small_figure_is_written_out(value, shown):
    assert figure(value) == shown
