"""The spreadsheet says what the findings say, in either language, and nothing in it runs."""

import io
import stat
import zipfile
from datetime import date

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.contracts.manifest import Period
from cleanroom.errors import MalformedRows
from cleanroom.sealing import report_xlsx
from cleanroom.sealing.findings import Finding
from cleanroom.sealing.report_xlsx import Report, render, write_spreadsheet
from cleanroom.vocabulary.terms import Dataset

PERIOD = Period(first=date(2025, 4, 1), last=date(2025, 4, 30))
FOUND = [
    Finding("clearing_ref.interbank", "clearing_ref", "warn", 3, (1, 2, 3)),
    Finding("decimal_form", "amount_twd", "fail", 2, (4, 9), ("=1+1", "NT$5"), ((4, "=1+1"), (9, "NT$5"))),
    Finding("txn_id.unique", "txn_id", "fail", 25, tuple(range(1, 26))),
    Finding("column_count", None, "fail", 1, (7,)),
]


def report(found=FOUND, *, language="en", refused=True):
    refusal = MalformedRows("two rows break the rule decimal_form") if refused else None
    return Report("transfers.csv", Dataset.TRANSFERS, PERIOD, 1234, list(found), refusal, language)


def read(found=FOUND, **options):
    return openpyxl.load_workbook(io.BytesIO(render(report(found, **options))))


def lines(sheet, top):
    return [[cell.value for cell in row] for row in sheet.iter_rows(min_row=top)]


def test_the_summary_in_english():
    sheet = read()["Summary"]
    assert [c.value for c in sheet["B"][1:6]] == [
        "Refused: 3 rules broken, 1 warning. Nothing of this file was uploaded.",
        "transfers.csv",
        "One row per transfer as the institution booked it.",
        "2025-04-01 - 2025-04-30",
        1234,
    ]
    rules = lines(sheet, 9)
    assert [(r[0], r[3], r[4]) for r in rules] == [
        ("txn_id.unique", "must be corrected", 25),
        ("decimal_form", "must be corrected", 2),
        ("column_count", "must be corrected", 1),
        ("clearing_ref.interbank", "warning", 3),
    ]
    assert rules[0][1] == "txn_id must not stand twice in one file."
    assert rules[0][5] == "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …"
    assert rules[1][5] == "4, 9"
    assert rules[1][6].startswith("Correct these rows")
    assert rules[1][7] == "=1+1\nNT$5"
    assert rules[3][6].startswith("Nothing is refused")


def test_the_summary_in_chinese():
    sheet = read(language="zh-hant")["摘要"]
    assert sheet["B2"].value == "未通過：3 項須更正，1 項提醒。此檔案未上傳。"
    rules = lines(sheet, 9)
    assert rules[1][1] == "金額須為數字，至多兩位小數，不得含正負號、千分位、幣別或科學記號。"
    assert rules[1][2] == "金額（新臺幣）\namount_twd"
    assert rules[0][1] == "交易序號於同一檔案不得重複。"


def test_a_file_that_passed_with_warnings_says_so():
    assert read(FOUND[:1], refused=False)["Summary"]["B2"].value == "Passed, with 1 warning."
    assert read(FOUND[:1], refused=False, language="zh-hant")["摘要"]["B2"].value == "通過，有 1 項提醒。"


def test_every_listed_row_stands_on_the_second_sheet_with_its_value():
    rows = lines(read()["Rows"], 2)
    assert len(rows) == 25 + 2 + 1 + 3
    assert [r for r in rows if r[0] == "decimal_form"] == [
        ["decimal_form", 4, "amount_twd", "=1+1"],
        ["decimal_form", 9, "amount_twd", "NT$5"],
    ]
    assert ["column_count", 7, None, None] in rows


def test_the_second_sheet_is_bounded_and_the_counts_stay_whole(monkeypatch):
    monkeypatch.setattr(report_xlsx, "SHEET_ROWS", 5)
    book = read()
    assert len(lines(book["Rows"], 2)) == 5
    assert lines(book["Summary"], 9)[0][4] == 25


def test_headers_stay_in_sight_are_filtered_and_print_on_every_page():
    book = read()
    for name, frozen, filtered, printed in (
        ("Summary", "A9", "A8:H12", "$8:$8"),
        ("Rows", "A2", "A1:D32", "$1:$1"),
    ):
        sheet = book[name]
        assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.print_title_rows) == (frozen, filtered, printed)
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.column_dimensions["A"].width > 20


RUNNABLE = [
    "=1+1",
    "+886912345678",
    "-5",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "　=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
]


@pytest.mark.parametrize("value", RUNNABLE)
def test_what_a_spreadsheet_would_run_is_text(value):
    found = [Finding("text_form", "txn_id", "fail", 1, (1,), (value,), ((1, value),))]
    book = read(found)
    for cell in (book["Rows"]["D2"], book["Summary"]["H9"]):
        assert cell.data_type == "s"
        assert cell.quotePrefix
    assert "<f>" not in everything(found)


def everything(found):
    with zipfile.ZipFile(io.BytesIO(render(report(found)))) as book:
        sheets = [n for n in book.namelist() if n.startswith("xl/worksheets/sheet")]
        assert len(sheets) == 2
        return "".join(book.read(n).decode() for n in sheets)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=40))
def test_any_value_can_be_shown_and_is_never_a_formula(value):
    found = [Finding("text_form", "txn_id", "fail", 1, (1,), (value,), ((1, value),))]
    book = read(found)
    assert book["Rows"]["D2"].data_type in ("s", "n")  # openpyxl calls an empty cell a number
    assert "<f>" not in everything(found)


def test_the_same_findings_give_the_same_bytes():
    assert render(report()) == render(report())


def test_the_spreadsheet_is_its_owners_alone(tmp_path):
    path = write_spreadsheet(tmp_path, report())
    assert path.name == "transfers.csv.errors.xlsx"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
