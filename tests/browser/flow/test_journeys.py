"""What people come to the portal for, in a real browser."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from openpyxl import load_workbook

from cleanroom.governance.catalogue import figures
from cleanroom.governance.policy import load_policy
from tests.factories.seed_history import EXPIRED, FAILING, REFUSED, SHUT, SUSPENDED, WAIVED, waivable

pytestmark = pytest.mark.browser


def button(page, name: str):
    return page.get_by_role("main").get_by_role("button", name=name, exact=True)


def link(page, name: str):
    return page.get_by_role("main").get_by_role("link", name=name).first


def test_a_reviewer_signs_and_the_approver_releases_without_a_mouse(visit):
    page = visit.enter("reviewer-808").page
    visit.shot("home-reviewer")
    visit.press(link(page, "Sign off the release score-2026-2"))
    assert "Control matrix" in visit.text() and page.locator("table.matrix td.cell").count() == 24
    visit.shot("release-submitted")
    visit.press(link(page, "Sign off or reject"))
    visit.tick(page.get_by_label("I have read the evidence and approve"))
    visit.write(page.get_by_label("Comment"), "The evidence is in order.")
    visit.press(button(page, "Sign"))
    assert page.get_by_label("I know that I sign").evaluate("e => e.matches(':invalid')"), "signed without the tick"
    visit.tick(page.get_by_label("I know that I sign"))
    visit.press(button(page, "Sign"))
    page.get_by_text("Your signature is kept.").wait_for()
    assert "Approved" in page.inner_text("h1")

    page = visit.enter("approver").page
    visit.press(link(page, "Release the approved model score-2026-2"))
    visit.tick(page.get_by_label("the release in force until now retires for good"))
    visit.press(button(page, "Release"))
    page.get_by_text("The model is released.").wait_for()
    assert "The gate is open for this release." in visit.text()
    visit.shot("release-released")
    visit.press(link(page, "Models and governance"))
    page.locator("tr", has_text="score-2026-1").get_by_text("Retired").wait_for()
    visit.shot("inventory")


def test_a_waiver_in_chinese_without_a_mouse(visit):
    page = visit.enter("dev").page
    visit.speak_chinese()
    visit.open("/signoffs/new-open/")
    control, metric = waivable()
    visit.press(page.locator("summary", has_text="申請豁免"))
    visit.choose(page.get_by_label("控制項", exact=True), control)
    assert figures()[metric].text.zh_hant in page.get_by_label("控制項", exact=True).inner_text()
    visit.write(page.get_by_label("理由", exact=True), "發布前未及量測，下月補齊。")
    visit.write(page.get_by_label("補償控制", exact=True), "每件皆由專人審核決定。")
    visit.write(page.get_by_label("負責人", exact=True), "owner")
    visit.set_moment(page.get_by_label("到期日", exact=True), datetime.now() + timedelta(days=20), with_time=False)
    visit.shot("waiver-asked-zh")
    visit.press(button(page, "申請豁免"))
    page.get_by_text("第二人核准").wait_for()
    page = visit.enter("approver").page
    visit.speak_chinese()
    visit.press(link(page, f"請審核 new-open 之 {control} 豁免申請"))
    visit.press(button(page, "核准"))
    page.get_by_role("status").get_by_text("豁免").wait_for()
    assert "approver" in page.locator("#waivers").inner_text()


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


def test_the_coordinator_stops_all_sending_and_another_lifts_it_without_a_mouse(visit):
    page = visit.enter("coordinator").page
    visit.open("/signoffs/")
    visit.press(link(page, "Emergency stop"))
    visit.write(page.get_by_label("Reason"), "A mass false alarm.")
    visit.tick(page.get_by_label("Stop all sending; I know"))
    visit.press(button(page, "Stop all sending"))
    page.get_by_text("Nothing is sent from now on.").wait_for()
    assert "another person must lift" in visit.text()
    page = visit.enter("checker").page
    visit.open("/alerts/")
    assert page.locator(".stopped").inner_text().startswith("Emergency stop since")
    visit.press(link(page, "How dispatch does"))
    visit.tick(page.get_by_label("I have found settled"))
    visit.shot("dispatch-health")
    visit.press(button(page, "Lift the stop"))
    page.get_by_text("Warnings are sent again.").wait_for()
    assert page.locator(".stopped").count() == 0


def test_an_incident_of_grade_1_suspends_the_model_until_two_people_find_it_settled_without_a_mouse(visit):
    page = visit.enter("reviewer-808").page
    visit.open("/incidents/")
    assert "No incident has been reported." in visit.text()
    visit.open("/")
    visit.press(link(page, "Model in force"))
    name = page.inner_text("h1").split()[0]
    visit.press(link(page, "Report an incident of this release"))
    visit.tick(page.get_by_label("Operation", exact=True))
    visit.tick(page.get_by_label("Grade 1, the worst"))
    assert page.get_by_label("Release", exact=True).input_value() == name
    noticed = datetime.now(ZoneInfo("Asia/Taipei")) - timedelta(minutes=3)
    visit.set_moment(page.get_by_label("Noticed at"), noticed)
    visit.write(
        page.get_by_label("What happened", exact=True), "Warnings went out for A123456789, which nobody scored."
    )
    visit.tick(page.get_by_label("I have checked kind, grade and release"))
    visit.shot("incident-report")
    visit.expects_refusal = True
    visit.press(button(page, "Report it"))
    page.get_by_role("alert").get_by_text("looks like a person's or account's identifier").wait_for()
    assert visit.has_focus(page.get_by_role("alert")), "what is wrong is not said first"
    assert page.get_by_label("Grade 1, the worst").is_checked() and page.get_by_label("Noticed at").input_value()
    visit.shot("incident-refused")
    visit.write(page.get_by_label("What happened", exact=True), "Warnings went out for accounts that nobody scored.")
    visit.tick(page.get_by_label("I have checked kind, grade and release"))
    visit.press(button(page, "Report it"))
    page.get_by_text("The incident is kept as INC-").wait_for()
    visit.shot("incident-reported")
    visit.press(link(page, name))
    assert "Suspended: nothing is scored or sent under it" in visit.text() and "of grade 1 is open" in visit.text()
    visit.shot("release-suspended")

    page = visit.enter("approver").page
    assert f"Decide on the suspended release {name}" in visit.text()
    visit.shot("home-approver-incident")
    visit.press(link(page, "Take the incident"))
    visit.press(button(page, "Take it on"))
    page.get_by_text("You have taken the incident on.").wait_for()
    visit.write(page.get_by_label("What they are told"), "Leave the warnings of today aside.")
    visit.tick(page.get_by_label("I have checked the text"))
    visit.press(button(page, "Tell them"))
    page.get_by_text("What they are told").wait_for(state="detached")
    visit.write(page.get_by_label("How it was settled"), "A wrong table was read; it is put right and watched.")
    visit.tick(page.get_by_label("It is settled"))
    visit.shot("incident-closing")
    visit.press(button(page, "Close the incident"))
    page.get_by_text("The incident is closed.").wait_for()
    visit.press(link(page, name))
    visit.tick(page.get_by_label("the release in force until now retires for good"))
    visit.press(button(page, "Release"))
    page.get_by_text("The model is released.").wait_for()


def changed_policy(**changes) -> str:
    """The shipped policy, in which precision at capacity has other limits."""
    document = load_policy().model_dump(mode="json", exclude_defaults=True)
    document["version"] = changes.pop("version")
    touched = [m for c in document["controls"] for m in c["metrics"] if m["name"] == FAILING]
    for metric in touched:
        metric.pop("by_tier", None), metric.pop("reference", None), metric.update(changes)
    assert touched
    return yaml.safe_dump(document, allow_unicode=True)


def test_a_candidate_policy_is_tried_out_over_every_kind_of_past_release(visit, portal_home, tmp_path):
    """On the page without a mouse, and from the command line over HTTP: the same answer, and both exit codes."""
    stricter, laxer = changed_policy(version="stricter-1", limit=0.999), changed_policy(version="laxer-1", limit=0.0)
    broken = tmp_path / "broken.yaml"
    broken.write_text(stricter.replace("R2_from: 35", "R2_from: many"), encoding="utf-8")
    page = visit.enter("approver").page
    visit.open("/signoffs/")
    visit.press(link(page, "Policy, what-if and check form"))
    visit.hand_in(page.get_by_label("Candidate policy"), broken)
    visit.expects_refusal = True
    visit.press(button(page, "Replay it"))
    page.get_by_text("broken.yaml is no valid policy: 1 error").wait_for()
    fault = page.locator("#policy-faults")
    assert (
        visit.has_focus(fault) and "thresholds.R2_from" in fault.inner_text() and "R2_from: many" in fault.inner_text()
    )
    visit.shot("policy-errors")
    given_back = page.get_by_label("broken.yaml, as it was sent")
    assert given_back.input_value() == broken.read_text(encoding="utf-8")
    visit.write(given_back, stricter)
    visit.press(button(page, "Replay it"))
    page.get_by_text("8 releases replayed").wait_for()
    assert figures()[FAILING].text.en.lower() in visit.text().lower()
    visit.shot("what-if")
    visit.walk_to(link(page, "Download as JSON"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    told = json.loads(download.value.path().read_text(encoding="utf-8"))

    file = tmp_path / "candidate.yaml"
    assert from_the_command_line(visit, portal_home, file, stricter) == (3, told["releases"])
    moved = {r["release_id"]: (r["before"]["verdict"], r["after"]["verdict"]) for r in told["releases"]}
    assert {moved[name] for name in (EXPIRED, WAIVED, SUSPENDED, "score-2026-1")} == {("open", "shut")}
    assert moved[REFUSED] == moved[SHUT] == ("shut", "shut")
    code, releases = from_the_command_line(visit, portal_home, file, laxer)
    moved = {r["release_id"]: (r["before"]["verdict"], r["after"]["verdict"]) for r in releases}
    assert code == 3 and moved[SHUT] == ("shut", "open") and moved[REFUSED] == ("shut", "shut")
    assert {r["state"] for r in releases} >= {"retired", "suspended", "approved", "draft", "released"}
    same = load_policy().model_dump(mode="json", exclude_defaults=True)
    code, releases = from_the_command_line(visit, portal_home, file, yaml.safe_dump(same, allow_unicode=True))
    assert code == 0 and len(releases) == 8 and not any(r["changes"] for r in releases)


def from_the_command_line(visit, home, file, text: str) -> tuple[int, list]:
    file.write_text(text, encoding="utf-8")
    environment = {**os.environ, "CLEANROOM_HOME": str(home), "CLEANROOM_PORTAL_URL": visit.base,
                   "CLEANROOM_PORTAL_TOKEN_FILE": str(home / "portal" / "room.token")}  # fmt: skip
    command = [Path(sys.executable).with_name("cleanroom"), "governance", "what-if", "--policy", str(file), "--json"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode in (0, 3), ended.stderr
    return ended.returncode, json.loads(ended.stdout)["releases"]


def test_a_check_form_is_filled_in_and_handed_in_without_a_mouse(visit, tmp_path):
    page = visit.enter("dev").page
    visit.speak_chinese()
    visit.open("/signoffs/policy/")
    visit.walk_to(link(page, "下載空白查核表"))
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    file = tmp_path / "form.xlsx"
    download.value.save_as(tmp_path / "empty.xlsx")
    fill(tmp_path / "empty.xlsx", file, {"D3": "=1+1"})
    visit.hand_in(page.get_by_label("已填之查核表"), file)
    visit.expects_refusal = True
    visit.press(button(page, "讀取"))
    fault = page.locator("#form-faults")
    assert visit.has_focus(fault) and "Documents D3" in fault.inner_text() and "此處為公式" in fault.inner_text()
    visit.shot("form-refused-zh")
    fill(tmp_path / "empty.xlsx", file, {"D3": 1, "E3": "Charter", "F3": "章程", "G3": "Agreed.", "H3": "業經通過。"})
    visit.hand_in(page.get_by_label("已填之查核表"), file)
    visit.press(button(page, "讀取"))
    page.get_by_role("heading", name="查核表讀取結果").wait_for()
    assert "業經通過。" in visit.text()
    visit.shot("form-read-zh")


def fill(source, target, cells: dict) -> None:
    book = load_workbook(source)
    for place, value in cells.items():
        book["Documents"][place] = value
    book.save(target)


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


def test_results_are_read_without_a_mouse(visit):
    page = visit.enter("auditor").page
    page.set_viewport_size({"width": 390, "height": 844})
    visit.open("/results/")
    for fold in page.locator("main summary").all():
        before = fold.evaluate("e => e.parentElement.open")
        visit.press(fold)
        assert fold.evaluate("e => e.parentElement.open") != before
        if before:
            visit.press(fold)
    scrolling = page.locator(".table-responsive[tabindex='0']")
    assert scrolling.count() > 3, "this test would pass on nothing"
    visit.walk_to(scrolling.first)
    assert scrolling.first.get_attribute("aria-label")
    page.keyboard.press("ArrowRight")
    moved = "e => new Promise(told => setTimeout(() => told(e.scrollLeft), 200))"
    assert scrolling.first.evaluate(moved) > 0
