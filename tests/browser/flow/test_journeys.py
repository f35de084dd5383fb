"""What people come to the portal for, in a real browser."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml

from cleanroom.governance.policy import load_policy

pytestmark = pytest.mark.browser


def test_a_reviewer_signs_and_the_approver_releases(visit):
    page = visit.enter("reviewer-808").page
    visit.shot("home-reviewer")
    page.get_by_role("link", name="Sign off the release score-2026-2").click()
    page.get_by_role("link", name="Sign off or reject").wait_for()
    assert "Control matrix" in visit.text() and page.locator("table.matrix td.cell").count() == 24
    visit.shot("release-submitted")
    page.get_by_label("I have read the evidence and approve").check()
    page.get_by_label("Comment").fill("The evidence is in order.")
    page.get_by_role("button", name="Sign", exact=True).click()
    page.get_by_text("Your signature is kept.").wait_for()
    assert "Approved" in page.inner_text("h1")

    page = visit.enter("approver").page
    page.get_by_role("link", name="Release the approved model score-2026-2").click()
    page.get_by_role("button", name="Release", exact=True).click()
    page.get_by_text("The model is released.").wait_for()
    assert "The gate is open for this release." in visit.text()
    visit.shot("release-released")
    page.get_by_role("main").get_by_role("link", name="Models and governance").click()
    assert page.locator("tr", has_text="score-2026-1").get_by_text("Retired").is_visible()
    visit.shot("inventory")


def test_a_field_of_the_matrix_leads_to_its_evidence(visit):
    page = visit.enter("auditor").page
    visit.open("/signoffs/score-2026-1/")
    page.locator("td.cell a[href='#ROB-3']").click()
    assert page.url.endswith("#ROB-3")
    assert page.locator("#ROB-3").get_attribute("open") is not None
    assert page.locator("#ROB-3-01").get_by_text("precision_at_capacity").first.is_visible()
    page.locator("#ROB-3 summary").click()
    page.locator("td.cell a[href='#ROB-3']").click()
    assert page.locator("#ROB-3-01").get_by_text("precision_at_capacity").first.is_visible()


def test_an_officer_answers_a_warning(visit):
    page = visit.enter("officer-808").page
    visit.shot("home-officer")
    page.get_by_role("link", name="Answer the warning: Suspected mule account").first.click()
    visit.shot("warning-open")
    page.get_by_label("What is the state?").select_option(label="Controlled")
    page.get_by_label("Measure").select_option(label="Hold the sum")
    page.get_by_label("Sum held, in whole TWD").fill("12,500")
    page.get_by_label("Reason", exact=True).fill("The sum still stands on the account.")
    page.get_by_role("main").get_by_role("button", name="Answer").click()
    page.get_by_text("Your answer is kept and the clock stands.").wait_for()
    assert "12,500 TWD" in visit.text()
    visit.shot("warning-answered")
    page.get_by_role("main").get_by_role("link", name="Warnings").click()
    visit.shot("inbox")


def test_the_coordinator_stops_all_sending(visit):
    page = visit.enter("coordinator").page
    visit.open("/alerts/")
    page.get_by_role("link", name="How dispatch does").click()
    page.get_by_label("Reason").fill("A mass false alarm.")
    page.get_by_label("Stop all sending; I know").check()
    page.get_by_role("button", name="Stop all sending").click()
    page.get_by_text("Nothing is sent from now on.").wait_for()
    visit.shot("dispatch-health")


def test_an_incident_of_grade_1_suspends_the_model_until_two_people_find_it_settled(visit):
    page = visit.enter("reviewer-808").page
    page.get_by_role("link", name="Model in force").click()
    name = page.inner_text("h1").split()[0]
    page.get_by_role("link", name="Report an incident of this release").click()
    page.get_by_label("Operation", exact=True).check()
    page.get_by_label("Grade 1, the worst").check()
    assert page.get_by_label("Release", exact=True).input_value() == name
    noticed = datetime.now(ZoneInfo("Asia/Taipei")) - timedelta(minutes=3)
    page.get_by_label("Noticed at").fill(noticed.strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("What happened", exact=True).fill("Warnings went out for accounts that nobody scored.")
    page.get_by_label("I have checked kind, grade and release").check()
    visit.shot("incident-report")
    page.get_by_role("button", name="Report it").click()
    page.get_by_text("The incident is kept as INC-").wait_for()
    visit.shot("incident-reported")
    page.get_by_role("link", name=name).click()
    assert "Suspended: nothing is scored or sent under it" in visit.text() and "of grade 1 is open" in visit.text()
    visit.shot("release-suspended")

    page = visit.enter("approver").page
    assert f"Decide on the suspended release {name}" in visit.text()
    visit.shot("home-approver-incident")
    page.get_by_role("link", name="Take the incident").click()
    page.get_by_role("button", name="Take it on").click()
    page.get_by_text("You have taken the incident on.").wait_for()
    page.get_by_label("What they are told").fill("Leave the warnings of today aside.")
    page.get_by_label("I have checked the text").check()
    page.get_by_role("button", name="Tell them").click()
    page.get_by_label("How it was settled").fill("A wrong table was read; it is put right and watched.")
    page.get_by_label("It is settled").check()
    visit.shot("incident-closing")
    page.get_by_role("button", name="Close the incident").click()
    page.get_by_text("The incident is closed.").wait_for()
    page.get_by_role("link", name=name).click()
    page.get_by_role("button", name="Release", exact=True).click()
    page.get_by_text("The model is released.").wait_for()


def test_a_candidate_policy_is_tried_out(visit, tmp_path):
    document = load_policy().model_dump(mode="json", exclude_defaults=True)
    document["version"] = "stricter-1"
    for control in document["controls"]:
        for metric in control["metrics"]:
            if metric["name"] == "precision_at_capacity":
                metric.pop("by_tier", None), metric.pop("reference", None), metric.update(limit=0.999)
    good, broken = tmp_path / "stricter.yaml", tmp_path / "broken.yaml"
    good.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    broken.write_text("version: x\nthresholds: many\n", encoding="utf-8")
    page = visit.enter("approver").page
    visit.open("/signoffs/")
    page.get_by_role("link", name="Policy, what-if and check form").click()
    page.get_by_label("Candidate policy").set_input_files(broken)
    visit.expects_refusal = True
    page.get_by_role("button", name="Replay it").click()
    page.get_by_text("broken.yaml is no valid policy").wait_for()
    assert "line 2 thresholds" in visit.text()
    visit.shot("policy-errors")
    page.get_by_label("Candidate policy").set_input_files(good)
    page.get_by_role("button", name="Replay it").click()
    page.get_by_text("2 releases replayed: 2 changed").wait_for()
    assert "precision_at_capacity" in visit.text()
    visit.shot("what-if")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as JSON").click()
    assert json.loads(download.value.path().read_text(encoding="utf-8"))["verdicts_changed"] >= 1


def test_a_steward_finds_the_rejected_upload(visit):
    page = visit.enter("steward-808").page
    page.get_by_role("link", name="Mend the rejected upload: Transfers").click()
    assert "amount_positive" in visit.text()
    visit.shot("upload-rejected")
    with page.expect_download() as download:
        page.get_by_role("link", name="Complete report as CSV").click()
    assert "912" in download.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("main").get_by_role("link", name="Uploads").click()
    assert "CTBC" not in visit.text()
    visit.shot("uploads")


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_results_in_both_languages(visit, language):
    visit.enter("auditor")
    if language != "en":
        visit.speak_chinese()
    visit.open("/results/")
    text = visit.text()
    assert ("160,192" in text) and (("多攔阻" in text) == (language != "en"))
    visit.shot(f"results-{language}")


PAGES = [
    "/uploads/",
    "/signoffs/",
    "/signoffs/score-2026-1/",
    "/signoffs/policy/",
    "/incidents/",
    "/incidents/report",
    "/alerts/",
    "/alerts/health/",
    "/results/",
    "/",
]


def test_every_page_fits_a_phone_and_speaks_chinese(visit):
    page = visit.enter("coordinator").page
    visit.speak_chinese()
    page.set_viewport_size({"width": 390, "height": 844})
    for path in PAGES:
        visit.open(path)
        assert visit.fits(), f"{path} needs sideways scrolling on a phone"
        visit.shot(f"phone-zh{path.replace('/', '-').rstrip('-')}")


def test_the_main_act_needs_no_mouse(visit):
    page = visit.enter("officer-808").page
    visit.open("/alerts/?answer=&severity=normal")
    page.locator("tbody a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts/*/")
    page.keyboard.press("Tab")
    assert page.locator(".skip-link").evaluate("e => e === document.activeElement")
