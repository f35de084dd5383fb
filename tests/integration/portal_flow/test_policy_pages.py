"""The policy's pages: a candidate replayed over past releases, and the check form out and in."""

import base64
import html
import io
import json
import re
from importlib.resources import files

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.html import strip_tags
from openpyxl import load_workbook

from cleanroom.governance.evidence import Evidence
from cleanroom.governance.policy import DEFAULT_POLICY, load_policy
from cleanroom.governance.reports import form
from cleanroom.vocabulary.terms import Role
from portal.audit.models import Event
from portal.signoffs import candidates
from portal.signoffs.actions.draft import draft_release
from tests.factories.portal import make_participant, make_person, token_for
from tests.factories.releases import make_draft

pytestmark = pytest.mark.django_db
SHIPPED = (files("cleanroom.governance") / "policies" / f"{DEFAULT_POLICY}.yaml").read_text(encoding="utf-8")
WHAT_IF, FORM = "/signoffs/policy/what-if", "/signoffs/policy/form"


@pytest.fixture
def drafted(room):
    make_participant("808")
    make_person(Role.MODEL_DEVELOPER, username="dev")
    return draft_release(make_draft(developer="dev"), by=room)


@pytest.fixture
def approver():
    return make_person(Role.GOVERNANCE_APPROVER)


def stricter() -> str:
    """The shipped policy with a precision that no model here reaches, and a tier that begins later."""
    document = yaml.safe_load(SHIPPED)
    document["version"], document["thresholds"]["R3_from"] = "next-1", 99.5
    metrics = [m for c in document["controls"] for m in c["metrics"] if m["name"] == "precision_at_capacity"]
    assert metrics
    for metric in metrics:
        metric["limit"] = 0.999
        metric.pop("by_tier", None), metric.pop("reference", None)
    return yaml.safe_dump(document, allow_unicode=True)


def sent(text: str | bytes, name: str = "next.yaml") -> dict:
    raw = text if isinstance(text, bytes) else text.encode()
    return {"form" if name.endswith("xlsx") else "policy": SimpleUploadedFile(name, raw)}


def downloaded(page: str, name: str) -> bytes:
    [held] = re.findall(rf'href="data:[a-z/]+;base64,([^"]+)" download="{re.escape(name)}"', page)
    return base64.b64decode(held)


def test_a_candidate_is_replayed_and_nothing_is_kept(drafted, approver, page_of):
    before = Event.objects.count()
    answer = page_of(approver).post(WHAT_IF, sent(stricter()))
    page = answer.content.decode()
    assert answer.status_code == 200 and "1 release replayed: 1 changed" in page and "style=" not in page
    assert drafted.release_id in page and "precision_at_capacity" in page and "0.999" in page
    told = json.loads(downloaded(page, "what-if-next-1.json"))
    [release] = told["releases"]
    assert release["before"]["tier"] == "R3" and {c["metric"] for c in release["controls"]} >= {"precision_at_capacity"}
    assert Event.objects.count() == before
    drafted.refresh_from_db()
    assert drafted.policy_version == load_policy().version
    assert "重演 1 個發布" in page_of(approver, "zh-Hant").post(WHAT_IF, sent(stricter())).content.decode()


def test_the_bound_that_decides_stands_beside_the_value(room, approver, page_of):
    make_participant("808")
    make_person(Role.MODEL_DEVELOPER, username="dev")
    found = Evidence(0.5038, low=0.49, high=0.517, cases=100_000, measured_at=timezone.now())
    draft_release(make_draft(developer="dev", changes={"mia_auc": found}), by=room)
    document = yaml.safe_load(SHIPPED) | {"version": "next-2"}
    [metric] = [m for c in document["controls"] for m in c["metrics"] if m["name"] == "mia_auc"]
    metric["limit"] = 0.51
    page = page_of(approver).post(WHAT_IF, sent(yaml.safe_dump(document, allow_unicode=True))).content.decode()
    [row] = re.findall(r"<tr[^>]*>(?:(?!</tr>).)*<code>mia_auc</code>.*?</tr>", page, re.DOTALL)
    cells = {
        k: " ".join(strip_tags(v).split()) for k, v in re.findall(r'data-label="([^"]+)"[^>]*>(.*?)</td>', row, re.S)
    }
    assert (cells["Value"], cells["95 % interval"]) == ("0.5038", "0.49 – 0.517")
    assert cells["In force"].startswith("✓ met ≤") and cells["Candidate"] == "✕ not met ≤ 0.51"
    assert "its worse bound is held against the limit" in page


def test_the_api_gives_the_same_answer(drafted, approver, client):
    headers = {"Authorization": f"Bearer {token_for(approver)}"}
    answer = client.post("/api/v1/policies/what-if", stricter(), content_type="application/yaml", headers=headers)
    assert (answer.status_code, answer.json()["releases_changed"]) == (200, 1)


def test_the_policy_in_force_changes_nothing(drafted, approver, page_of):
    page = page_of(approver).post(WHAT_IF, sent(SHIPPED)).content.decode()
    assert "1 release replayed: 0 changed" in page and "decided as it was" in page


def test_every_error_of_a_candidate_is_named_with_its_line(approver, page_of):
    broken = SHIPPED.replace("adopted_on:", "adopted_at:", 1).replace("R2_from: 35", "R2_from: many", 1)
    answer = page_of(approver).post(WHAT_IF, sent(broken))
    page = answer.content.decode()
    line = 1 + SHIPPED[: SHIPPED.index("R2_from: 35")].count("\n")
    assert answer.status_code == 422 and f"<strong>line {line}</strong>" in page and "adopted_at" in page
    assert page.count("<strong>line ") >= 2 and "<code>thresholds.R2_from</code>" in page and "R2_from: many" in page
    chinese = page_of(approver, "zh-Hant").post(WHAT_IF, sent(broken)).content.decode()
    told = re.findall(r"<li><strong>(.*?)</strong> <code>(.*?)</code> (.*?)<br>", chinese)
    assert len(told) >= 2 and (f"第 {line} 行", "thresholds.R2_from") in [t[:2] for t in told]
    assert all(re.search("[\u4e00-\u9fff]", sentence) and "行：" not in sentence for *_, sentence in told)


def test_a_refused_candidate_is_given_back_and_replayed_once_mended(drafted, approver, page_of):
    broken = SHIPPED.replace("R2_from: 35", "R2_from: many", 1)
    window = page_of(approver)
    page = window.post(WHAT_IF, sent(broken, "mine.yaml")).content.decode()
    [given_back] = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    kept = html.unescape(given_back).removeprefix("\n")
    assert kept == broken and 'name="name" value="mine.yaml"' in page
    still = window.post(WHAT_IF, {"text": kept.replace("\n", "\r\n"), "name": "mine.yaml"}).content.decode()
    assert "mine.yaml is no valid policy: 1 error" in still
    mended = window.post(WHAT_IF, {"text": kept.replace("R2_from: many", "R2_from: 35"), "name": "mine.yaml"})
    assert "1 release replayed: 0 changed" in mended.content.decode()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"a: &a [x]\nb: [*a, *a]\n", "references"),
        (b"#" * (candidates.CAP_BYTES + 1), "larger than a policy can be"),
    ],
)
def test_a_file_that_is_no_policy_is_refused(approver, page_of, raw, words):
    answer = page_of(approver).post(WHAT_IF, sent(raw))
    assert 400 < answer.status_code < 500 and words in answer.content.decode()


def test_who_may_not_replay_reads_why(drafted, page_of):
    auditor = page_of(make_person(Role.AUDITOR))
    assert auditor.post(WHAT_IF, sent(SHIPPED)).status_code == 403
    assert "takes one of these roles" in auditor.get("/signoffs/policy/").content.decode()
    assert page_of(make_person(Role.COORDINATOR)).post(WHAT_IF, {}).status_code == 422


def fill(raw: bytes, cells: dict[str, object]) -> bytes:
    book, sink = load_workbook(io.BytesIO(raw)), io.BytesIO()
    for place, value in cells.items():
        book["Documents"][place] = value
    book.save(sink)
    return sink.getvalue()


FILLED = {"D3": 1, "E3": "Charter", "F3": "章程", "G3": "It was agreed.", "H3": "業經通過。"}


def test_a_filled_form_becomes_the_yaml_of_a_release_request(page_of):
    page = page_of(make_person(Role.MODEL_DEVELOPER))
    empty = page.get("/signoffs/policy/form.xlsx")
    assert empty["Content-Disposition"].startswith("attachment")
    shown = page.post(FORM, sent(fill(empty.content, FILLED), "form.xlsx")).content.decode()
    assert "1 document in form.xlsx" in shown and "It was agreed." in shown
    control_id, metric = form.documents_of(load_policy())[0]
    assert control_id in shown
    assert yaml.safe_load(downloaded(shown, "evidence_documents.yaml")) == {
        "evidence_documents": {
            metric.name: {
                "value": 1.0,
                "title": {"en": "Charter", "zh_hant": "章程"},
                "statement": {"en": "It was agreed.", "zh_hant": "業經通過。"},
            }
        }
    }


def test_every_error_of_a_form_is_named_with_its_cell(page_of):
    wrong = FILLED | {"D3": "=1+1", "D5": "many", "E6": "a text alone"}
    raw = fill(candidates.form_of_policy(), wrong)
    answer = page_of(make_person(Role.COORDINATOR)).post(FORM, sent(raw, "form.xlsx"))
    page = answer.content.decode()
    assert answer.status_code == 422 and "3 errors" in page
    assert re.findall(r"<strong>Documents ([A-H]\d+)</strong>", page) == ["D3", "D5", "E6"]
    chinese = page_of(make_person(Role.COORDINATOR), "zh-Hant").post(FORM, sent(raw, "form.xlsx")).content.decode()
    assert "此處為公式" in chinese and "A formula" not in chinese


def test_what_is_no_form_is_refused(page_of):
    page = page_of(make_person(Role.COORDINATOR))
    assert "no spreadsheet" in page.post(FORM, sent(b"words", "form.xlsx")).content.decode()
    large = page.post(FORM, sent(b" " * (form.LARGEST_BYTES + 1), "form.xlsx"))
    assert large.status_code == 422 and "larger than a form can be" in large.content.decode()


def test_the_form_of_a_release_holds_its_answers(drafted, page_of):
    page = page_of(make_person(Role.COORDINATOR))
    assert f"/signoffs/{drafted.release_id}/form.xlsx" in page.get(f"/signoffs/{drafted.release_id}/").content.decode()
    raw = page.get(f"/signoffs/{drafted.release_id}/form.xlsx").content
    rows = candidates.rows_in_form(raw)
    kept = drafted.draft["model_card"]["answers"]["documents"]
    assert rows and {row.metric: row.document["value"] for row in rows} == {k: d["value"] for k, d in kept.items()}
