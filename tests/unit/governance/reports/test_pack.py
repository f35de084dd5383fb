"""What a pack holds: the same bytes for the same release, pages that load nothing, forms and OSCAL that hold."""

import hashlib
import json
import re
from datetime import timedelta
from html import unescape

import openpyxl
import pytest

from cleanroom.errors import FormInvalid, ReportFault
from cleanroom.governance import catalogue
from cleanroom.governance.policy import load_policy
from cleanroom.governance.reports import form, naming, oscal, pages, pdf, verify_pack
from cleanroom.governance.reports.words import LANGUAGES, Words
from tests.factories.packs import ROOM_KEY, a_pack, files_in, written
from tests.factories.records import CODES, NOW, a_draft, a_waiver, released

POLICY = load_policy()
AT = NOW + timedelta(hours=3)
RECORD = released(POLICY, a_draft(POLICY))
JUDGED = pages.judge(POLICY, RECORD, receivers=CODES, at=AT)


@pytest.mark.slow
def test_a_whole_pack_with_its_pdfs_is_the_same_bytes_again_and_is_accepted(tmp_path):
    first = a_pack(RECORD, AT, with_pdf=True)
    assert first == a_pack(RECORD, AT, with_pdf=True)
    files = files_in(first)
    assert all(files[f"report.{tag}.pdf"].startswith(b"%PDF-") for tag in ("en", "zh-Hant"))
    assert verify_pack.main([written(tmp_path, first), f"--room-key={ROOM_KEY}"]) == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_shows_every_control_and_loads_nothing(language):
    html = pages.page(JUDGED, language)
    applying = {r.control_id for r in JUDGED.results}
    assert len(applying) > 50
    assert all(control_id in html for control_id in applying)
    assert not re.findall(r"""(?:src|href)\s*=|url\(|@import""", html)
    assert all(str(getattr(s.person, "value", s.person)) in html for s in RECORD.sign_offs)


def test_a_page_says_in_its_own_language_how_a_figure_came_about():
    english, chinese = (unescape(pages.page(JUDGED, language)) for language in LANGUAGES)
    told = {(naming.detail(Words("en"), r), naming.detail(Words("zh_hant"), r)) for r in JUDGED.results}
    assert len([1 for en, zh in told if en and zh and en != zh]) > 5
    assert all(en in english and zh in chinese for en, zh in told)
    assert not re.search("[\u4e00-\u9fff]", english.replace("Noto Sans", "")), "no Chinese on the English page"


def test_the_title_of_a_document_stands_in_one_language():
    [result] = [r for r in JUDGED.results if r.metric == "oversight_mode_set"]
    result = result.model_copy(
        update={"detail": "Human oversight / 人為監督", "detail_zh_hant": "載明人為監督模式為 1"}
    )
    assert [naming.detail(Words(language), result) for language in LANGUAGES] == ["Human oversight", "人為監督"]
    same = result.model_copy(update={"detail": naming.named(Words("en"), result.metric)})
    assert naming.detail(Words("en"), same) == "", "the name of the figure is not said twice"


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, ""), (0.0, "0"), (2047, "2,047"), (8.0823946e-07, "0.0000008082"), (-0.00333333, "−0.003333"),
     (0.79996, "0.8"), (1234.56, "1,235")],
)  # fmt: skip
def test_a_figure_is_never_told_in_powers_of_ten(value, said):
    assert naming.figure(value) == said


def test_moments_of_the_model_card_are_told_in_taipei_time():
    card = RECORD.draft.model_card
    data = card["training_data"] | {
        "as_of": "2025-10-29T15:24:54+00:00",
        "replayed_cut_offs": ["2025-09-14T16:00:00+00:00"],
    }
    draft = RECORD.draft.model_copy(update={"model_card": card | {"training_data": data}})
    said = pages.page(pages.judge(POLICY, RECORD.model_copy(update={"draft": draft}), receivers=CODES, at=AT), "en")
    assert (
        "2025-10-29 23:24:54 +08:00" in said
        and "2025-09-15 00:00:00 +08:00" in said
        and "+00:00" not in said[said.index("<body>") :]
    )


def test_a_page_names_limits_groups_and_figures_in_its_own_language():
    groups = {
        "kind": {
            "business": {"accounts": 9, "selection_rate": 0.1},
            "digital_1": {"accounts": 8, "selection_rate": 0.2},
        }
    }
    card = RECORD.draft.model_card | {"metrics_by_group": groups, "metrics": {"recall_at_capacity": 0.4, "brier": 0.1}}
    record = RECORD.model_copy(update={"draft": RECORD.draft.model_copy(update={"model_card": card})})
    chinese = unescape(pages.page(pages.judge(POLICY, record, receivers=CODES, at=AT), "zh_hant"))
    cells = set(re.findall(r"<(?:td|th)[^>]*>([^<]+)<", chinese))
    assert {"法人", "數位帳戶第一類", "帳戶數", "通報占比"} <= cells
    assert "依帳戶種類分組之數值" in chinese
    limits = {naming.limit(Words("zh_hant"), r.limit) for r in JUDGED.results}
    assert len(limits) > 10
    assert not [said for said in limits if re.search("[a-z]{2}", said)]
    assert naming.limit(Words("en"), ">= 6 of 6") == "≥ 6 of 6"


def test_every_setting_that_a_limit_reads_has_a_name():
    settings = {m.reference.setting for c in POLICY.controls for m in c.metrics if m.reference and m.reference.setting}
    assert settings
    assert all(naming.named(Words(language), name) != name for name in settings for language in LANGUAGES)


def test_what_was_lacking_is_told_with_the_time_at_which_it_was():
    record = released(POLICY, a_draft(POLICY, shadow_days=None))
    judged = pages.judge(POLICY, record, receivers=CODES, at=AT)
    lacking = [r for r in judged.results if r.metric == "shadow_days"]
    assert [r.value for r in lacking] == [None]
    page = unescape(pages.page(judged, "en"))
    assert f"as measured at {pages.moment(record.draft.evaluated_at)}: {lacking[0].detail}" in page


def test_a_page_escapes_what_people_write():
    waived = RECORD.model_copy(update={"waivers": (a_waiver(POLICY, "FAI-3-01", reason="<script>x</script> & more"),)})
    html = pages.page(pages.judge(POLICY, waived, receivers=CODES, at=AT), "en")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_sign_that_no_font_has_is_a_fault_and_not_an_empty_box():
    with pytest.raises(ReportFault, match="fonts-noto-cjk"):
        pdf.pdf_of("<p>\U0010fffd</p>", identifier="x")


@pytest.mark.parametrize("address", ["file:///etc/hostname", "http://127.0.0.1:9/x.png"])
def test_a_report_fetches_nothing(address):
    with pytest.raises(ValueError, match="nothing from elsewhere"):
        pdf.pdf_of(f'<p>x</p><img src="{address}">', identifier="x")


# --- OSCAL --------------------------------------------------------------------------------------------------------


def test_oscal_names_every_figure_and_every_control_once():
    body = oscal.assessment_results(JUDGED)["assessment-results"]
    [result] = body["results"]
    assert len(result["observations"]) == len(JUDGED.results)
    ids = [o["uuid"] for o in result["observations"]] + [f["uuid"] for f in result["findings"]] + [body["uuid"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", i) for i in ids)
    known = {o["uuid"] for o in result["observations"]}
    related = [o["observation-uuid"] for f in result["findings"] for o in f["related-observations"]]
    assert sorted(related) == sorted(known)


def test_oscal_satisfies_a_control_only_where_every_figure_is_met():
    [result] = oscal.assessment_results(JUDGED)["assessment-results"]["results"]
    outcomes: dict[str, set] = {}
    for r in JUDGED.results:
        outcomes.setdefault(r.control_id, set()).add(str(r.outcome))
    states = {f["target"]["target-id"]: f["target"]["status"]["state"] for f in result["findings"]}
    assert states == {c: "satisfied" if o == {"pass"} else "not-satisfied" for c, o in outcomes.items()}
    assert set(states.values()) == {"satisfied", "not-satisfied"}


def test_oscal_says_each_figure_in_words_and_keeps_its_raw_name_as_a_prop():
    [result] = oscal.assessment_results(JUDGED)["assessment-results"]["results"]
    raw = set(catalogue.figures())
    assert {_prop(o, "metric") for o in result["observations"]} == {r.metric for r in JUDGED.results} and len(raw) > 50
    for one in [*result["observations"], *result["findings"], result]:
        spoken = [one["title"], one["description"], one["remarks"]]
        assert all(spoken) and re.search("[\u4e00-\u9fff]", spoken[2])
        assert not re.search("[\u4e00-\u9fff]", spoken[0] + spoken[1])
        assert not raw & set(re.findall(r"[a-z0-9_]+_[a-z0-9_]+", " ".join(spoken)))


def test_oscal_keeps_to_the_data_types_of_the_standard():
    document = oscal.assessment_results(JUDGED)["assessment-results"]
    [result] = document["results"]
    props = [p for one in (*result["observations"], *result["findings"], result) for p in one["props"]]
    assert len(props) > 300
    for prop in props:  # a token, and a string without space at its ends or a line break
        assert re.fullmatch(r"[a-z][a-z0-9-]*", prop["name"]) and re.fullmatch(r"\S(.*\S)?", prop["value"])
    moments = [document["metadata"]["last-modified"], result["start"], result["end"]]
    moments += [o["collected"] for o in result["observations"]]
    assert all(re.search(r"(Z|[+-]\d{2}:\d{2})$", moment) for moment in moments)
    [policy] = document["back-matter"]["resources"]
    assert document["import-ap"]["href"] == f"#{policy['uuid']}"
    beside = files_in(a_pack(RECORD, AT))[policy["rlinks"][0]["href"]]
    assert policy["rlinks"][0]["hashes"][0]["value"] == hashlib.sha256(beside).hexdigest()


def _prop(one, name):
    [value] = [p["value"] for p in one["props"] if p["name"] == name]
    return value


# --- the check form -----------------------------------------------------------------------------------------------


def form_file(folder, draft=RECORD.draft, change=None):
    path = folder / "form.xlsx"
    path.write_bytes(form.written(POLICY, draft, JUDGED.results if draft else ()))
    if change:
        book = openpyxl.load_workbook(path)
        change(book)
        book.save(path)
    return path


def test_a_form_comes_back_as_it_went_out(tmp_path):
    answers = RECORD.draft.model_card["answers"]["documents"]
    asked = {m.name for _, m in form.documents_of(POLICY)}
    assert len(asked) >= 10
    assert form.read(POLICY, form_file(tmp_path)) == {n: d for n, d in answers.items() if n in asked}


def test_the_forms_codes_are_words_and_its_figures_of_four_digits(tmp_path):
    controls = openpyxl.load_workbook(form_file(tmp_path))["Controls"]
    heads, *lines = [[cell.value for cell in row] for row in controls.iter_rows()]
    assert len(lines) > 60 and len(heads) == 16
    for line in lines:
        told = [*line[5:8], *([line[13]] if line[13] else [])]
        assert all(re.fullmatch("[a-z -]+ / [\u4e00-\u9fff]+", word) for word in told), told
    values = [line[10] for line in lines if isinstance(line[10], int | float)]
    assert len(values) > 30 and values == [float(f"{value:.4g}") for value in values]


def test_an_empty_form_answers_nothing(tmp_path):
    assert form.read(POLICY, form_file(tmp_path, draft=None)) == {}


def test_an_answer_is_read(tmp_path):
    def fill(book):
        for column, value in zip("DEFGH", (1, "Plan", "計畫", "We do.", "照辦。"), strict=True):
            book["Documents"][f"{column}3"] = value

    [(metric, found)] = form.read(POLICY, form_file(tmp_path, draft=None, change=fill)).items()
    assert metric == form.documents_of(POLICY)[0][1].name
    assert found == {"value": 1.0, "title": {"en": "Plan", "zh_hant": "計畫"},
                     "statement": {"en": "We do.", "zh_hant": "照辦。"}}  # fmt: skip


def _set(sheet, cell, value):
    return lambda book: book[sheet].__setitem__(cell, value)


WRONG = {
    "formula": (_set("Documents", "D3", "=1+1"), "form_formula", 3),
    "text for value": (_set("Documents", "D4", "yes"), "form_value", 4),
    "no value": (_set("Documents", "D3", None), "form_value", 3),
    "one language": (_set("Documents", "F3", None), "form_text", 3),
    "endless text": (_set("Documents", "G3", "x" * 5000), "form_text", 3),
    "other metric": (_set("Documents", "B3", "mia_auc"), "form_rows", None),
    "row removed": (lambda book: book["Documents"].delete_rows(4), "form_rows", None),
    "other policy": (_set("Form", "B3", "0" * 64), "form_policy", None),
    "other format": (_set("Form", "B1", "list"), "form_format", None),
    "sheet removed": (lambda book: book.remove(book["Form"]), "form_sheets", None),
}


def test_figures_and_limits_of_the_form_are_told_in_both_languages(tmp_path):
    """A raw name stands once, on the last line, as the key by which the row is read back."""
    figures, book = catalogue.figures(), openpyxl.load_workbook(form_file(tmp_path, draft=None))
    cells = list(book["Documents"].iter_rows(min_row=3, min_col=2, max_col=3, values_only=True))
    cells += list(book["Controls"].iter_rows(min_row=2, min_col=9, max_col=10, values_only=True))
    assert len(cells) > 60
    for told, limit in cells:
        english, chinese, name = told.splitlines()
        assert (english, chinese) == (figures[name].text.en, figures[name].text.zh_hant)
        assert not re.search(r"[a-z]_[a-z]", limit), limit
    [limit] = {limit for told, limit in cells if told.endswith("\nprecision_at_capacity")}
    assert limit.splitlines()[1].startswith("≥ 規則基準")


@pytest.mark.parametrize("wrong", sorted(WRONG))
def test_a_wrong_cell_is_named(tmp_path, wrong):
    change, rule, row = WRONG[wrong]
    with pytest.raises(FormInvalid) as refused:
        form.read(POLICY, form_file(tmp_path, change=change))
    assert (refused.value.rule, refused.value.where.row) == (rule, row)
    assert re.search("[\u4e00-\u9fff]", refused.value.zh)


def test_every_wrong_row_is_told_at_once(tmp_path):
    def twice(book):
        book["Documents"]["D3"] = "yes"
        book["Documents"]["D6"] = "no"

    with pytest.raises(FormInvalid) as refused:
        form.read(POLICY, form_file(tmp_path, change=twice))
    assert [e.where.row for e in (refused.value, *refused.value.others)] == [3, 6]


def test_something_else_is_no_form(tmp_path):
    path = tmp_path / "form.xlsx"
    with pytest.raises(FormInvalid, match="no such file"):
        form.read(POLICY, path)
    path.write_bytes(b"not a spreadsheet")
    with pytest.raises(FormInvalid, match="no spreadsheet"):
        form.read(POLICY, path)


def test_the_verdict_of_a_pack_is_the_gates():
    files = files_in(a_pack(RECORD, AT))
    verdict = json.loads(files["verdict.json"])
    assert verdict["allowed"]
    assert verdict["certificate"] == JUDGED.certificate.digest
