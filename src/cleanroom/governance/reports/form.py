"""The check form as a spreadsheet: written for one policy, filled in by people, read back without believing a cell.

Sheet `Controls` shows every control, with outcomes where there is a release; sheet `Documents` has one row for each
document that the policy asks for, its yellow cells to be filled in. `Form` names the policy that it belongs to.
"""

import io
import math
import zipfile
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import xlsxwriter

from cleanroom.contracts.governance import ControlResult, ReleaseDraft
from cleanroom.errors import FormInvalid, Where
from cleanroom.governance.catalogue import Supplier, supplied_by
from cleanroom.governance.controls import written_limit
from cleanroom.governance.policy import Metric, Policy
from cleanroom.governance.reports import naming
from cleanroom.governance.reports.words import LANGUAGES, Words
from cleanroom.vocabulary.terms import Tier

FORMAT = "cleanroom/check-form/v1"
LARGEST_BYTES, LARGEST_UNPACKED, LONGEST_TEXT = 4 * 1024**2, 32 * 1024**2, 4000
FILLED_IN = ("value", "title_en", "title_zh", "statement_en", "statement_zh")
_WRITTEN_AT = datetime(2025, 1, 1)  # noqa: DTZ001 - the format knows no offset; the same form is the same bytes


def written(policy: Policy, draft: ReleaseDraft | None = None, results: Collection[ControlResult] = ()) -> bytes:
    """The form as .xlsx. With a release: its tier's limits, its outcomes, and its documents filled in already."""
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": _WRITTEN_AT})
        _write_documents(book, policy, draft)
        _write_controls(book, policy, draft, results)
        _write_facts(book, policy)
    return sink.getvalue()


def read(policy: Policy, path: Path) -> dict[str, dict]:
    """The documents that were filled in: metric -> {"value", "title", "statement"}, as a release request takes them.

    Raises FormInvalid with the sheet's row and column: not the form of this policy, a changed row, a formula, a value
    that is no number, a text in one language alone. Nothing is taken from a form with an error.
    """
    rows, errors = _rows_of(policy, path), []
    found: dict[str, dict] = {}
    for number, metric, row in rows:
        try:
            document = _document(row, Where(path.name, number))
        except FormInvalid as e:
            errors.append(e)
            continue
        if document:
            found[metric] = document
    if errors:
        errors[0].others = errors[1:]
        raise errors[0]
    return found


def documents_of(policy: Policy) -> list[tuple[str, Metric]]:
    """(control id, metric) of everything that the owner answers in writing, in the policy's order, each once."""
    asked = {m.name: (c.id, m) for c in policy.controls for m in c.metrics
             if m.name in supplied_by(Supplier.ANSWERS)}  # fmt: skip
    return list(asked.values())


# --- writing --------------------------------------------------------------------------------------------------------


def _write_documents(book: xlsxwriter.Workbook, policy: Policy, draft: ReleaseDraft | None) -> None:
    sheet, styles = book.add_worksheet("Documents"), _styles(book)
    how = "\n".join(Words(language).of("form", "how") for language in LANGUAGES)
    sheet.merge_range(0, 0, 0, 7, how, styles["wrap"])
    sheet.set_row(0, 62)
    sheet.write_row(1, 0, [_both("control"), _both("metric"), _both("limit"), *map(_both, FILLED_IN)], styles["head"])
    sheet.set_column(0, 0, 12)
    sheet.set_column(1, 2, 34)
    sheet.set_column(3, 3, 10)
    sheet.set_column(4, 7, 42)
    sheet.freeze_panes(2, 3)
    sheet.protect("", {"format_columns": True, "format_rows": True})
    answered = ((draft.model_card.get("answers") or {}).get("documents") or {}) if draft else {}
    for number, (control_id, metric) in enumerate(documents_of(policy), 2):
        sheet.write_row(number, 0, [control_id, _figure(metric), _limit(metric, draft)], styles["wrap"])
        _write_answer(sheet, number, answered.get(metric.name), styles["fill"])


def _write_answer(sheet, number: int, document: dict | None, style) -> None:
    if document is None:
        for column in range(3, 8):
            sheet.write_blank(number, column, None, style)
        return
    title, statement = document["title"], document["statement"]
    sheet.write_number(number, 3, document["value"], style)
    texts = [title["en"], title["zh_hant"], statement["en"], statement["zh_hant"]]
    for column, text in enumerate(texts, 4):
        sheet.write_string(number, column, text, style)


def _write_controls(
    book: xlsxwriter.Workbook, policy: Policy, draft: ReleaseDraft | None, results: Collection[ControlResult]
) -> None:
    sheet, styles = book.add_worksheet("Controls"), _styles(book)
    heads = ("principle", "stage", "control", "control", "from_tier", "ai_kind", "evidence", "gate", "metric", "limit",
             "value", "interval", "cases", "outcome", "detail", "sources")  # fmt: skip
    sheet.write_row(0, 0, [_both(h) for h in heads], styles["head"])
    sheet.set_column(0, 15, 16)
    sheet.set_column(3, 3, 60)
    sheet.set_column(8, 9, 34)
    sheet.set_column(14, 14, 50)
    sheet.freeze_panes(1, 4)
    found = {(r.control_id, r.metric): r for r in results}
    rows = [(c, m) for c in policy.controls for m in c.metrics]
    for number, (c, m) in enumerate(rows, 1):
        r = found.get((c.id, m.name))
        told = _told(r) if r else ["", "", "", _word("outcomes", "") if results else "", ""]
        sheet.write_row(
            number, 0,
            [str(c.principle), c.stage, c.id, f"{c.text.en}\n{c.text.zh_hant}", str(c.from_tier),
             _word("ai_kinds", c.ai_kind), _word("evidence_kinds", c.evidence), _word("gates", c.gate), _figure(m),
             _limit(m, draft), *told, c.sources],
            styles["wrap"],
        )  # fmt: skip
    sheet.autofilter(0, 0, len(rows), len(heads) - 1)


def _told(r: ControlResult) -> list:
    interval = "" if r.low is None and r.high is None else f"{naming.figure(r.low)} – {naming.figure(r.high)}"
    detail = "\n".join(dict.fromkeys(naming.detail(words, r) for words in (Words("en"), Words("zh_hant"))))
    return [_plain(r.value), interval, _plain(r.cases), _word("outcomes", r.outcome), detail.strip()]


def _plain(value: float | None) -> str | float:
    """A number to reckon with, of four digits that count."""
    return "" if value is None else float(f"{value:.4g}") if abs(value) < 1000 else round(value)


def _word(group: str, key: str) -> str:
    return f"{Words('en').of(group, key)} / {Words('zh_hant').of(group, key)}"


def _write_facts(book: xlsxwriter.Workbook, policy: Policy) -> None:
    sheet = book.add_worksheet("Form")
    for number, row in enumerate((("format", FORMAT), ("policy", policy.version), ("policy_digest", policy.digest))):
        sheet.write_row(number, 0, row)
    sheet.protect()


def _limit(metric: Metric, draft: ReleaseDraft | None) -> str:
    written = written_limit(metric, draft.tier if draft else Tier.R3)
    return "\n".join(dict.fromkeys(naming.limit(words, written) for words in (Words("en"), Words("zh_hant"))))


def _figure(metric: Metric) -> str:
    """What it is in both languages, and on the last line the name by which the row is read back."""
    return "\n".join([*(naming.named(words, metric.name) for words in (Words("en"), Words("zh_hant"))), metric.name])


def _metric_in(cell: object) -> str:
    return (str(cell).splitlines() or [""])[-1]


def _styles(book: xlsxwriter.Workbook) -> dict:
    base = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#C9D1DB"}
    return {
        "head": book.add_format({**base, "bold": True, "bg_color": "#E8EDF3"}),
        "wrap": book.add_format(base),
        "fill": book.add_format({**base, "bg_color": "#FFF7CC", "locked": False}),
    }


def _both(key: str) -> str:
    try:
        return f"{Words('en')(key)} / {Words('zh_hant')(key)}"
    except KeyError:
        return _word("form", key)


# --- reading --------------------------------------------------------------------------------------------------------


def _rows_of(policy: Policy, path: Path) -> list[tuple[int, str, dict]]:
    """(row number as the spreadsheet shows it, metric, cells) for every document, once the form is the right one."""
    book = _opened(path)
    try:
        _check_facts(policy, book, path.name)
        lines = list(book["Documents"].iter_rows(min_row=3, max_col=8, max_row=3 + 2 * len(policy.controls)))
    finally:
        book.close()
    wanted = documents_of(policy)
    filled = [line for line in lines if any(cell.value is not None for cell in line)]
    held = [(line[0].value, _metric_in(line[1].value)) for line in filled]
    if held != [(control_id, m.name) for control_id, m in wanted]:
        raise FormInvalid(
            "rows were added, removed or put in another order; fill in a new form", zh="列有增刪或順序異動；請填寫新表",
            where=Where(path.name, None, "Documents"), rule="form_rows",
        )  # fmt: skip
    return [
        (number, metric.name, dict(zip(FILLED_IN, line[3:], strict=True)))
        for number, (line, (_, metric)) in enumerate(zip(filled, wanted, strict=True), 3)
    ]


def _opened(path: Path):
    from openpyxl import load_workbook

    where = Where(path.name)
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise FormInvalid(
                "the file is larger than a form can be", zh="檔案大於查核表之上限", where=where, rule="form_size"
            )
        with zipfile.ZipFile(path) as file:
            if sum(e.file_size for e in file.infolist()) > LARGEST_UNPACKED:
                raise FormInvalid(
                    "the file is larger than a form can be", zh="檔案大於查核表之上限", where=where, rule="form_size"
                )
        return load_workbook(path, read_only=True, data_only=False)
    except FormInvalid:
        raise
    except FileNotFoundError:
        raise FormInvalid("there is no such file", zh="查無此檔案", where=where, rule="form_file") from None
    except Exception:  # a foreign file raises whatever its parser meets
        raise FormInvalid(
            "the file is no spreadsheet (.xlsx)", zh="檔案非試算表（.xlsx）", where=where, rule="form_file"
        ) from None


def _check_facts(policy: Policy, book, name: str) -> None:
    where = Where(name, None, "Form")
    if not {"Form", "Documents"} <= set(book.sheetnames):
        raise FormInvalid(
            "this is not the check form; export one first", zh="此檔非查核表；請先匯出", where=where, rule="form_sheets"
        )
    facts = {row[0]: row[1] for row in book["Form"].iter_rows(max_row=3, max_col=2, values_only=True)}
    if facts.get("format") != FORMAT:
        raise FormInvalid(
            "this is not the check form; export one first", zh="此檔非查核表；請先匯出", where=where, rule="form_format"
        )
    if facts.get("policy_digest") != policy.digest:
        raise FormInvalid(
            f"the form belongs to another content of the policy than {policy.version}; export one again",
            zh=f"查核表所依據之政策內容與 {policy.version} 不同；請重新匯出",
            where=where, rule="form_policy",
        )  # fmt: skip


def _document(row: dict, where: Where) -> dict | None:
    """None where nothing was answered."""
    for name, cell in row.items():
        if cell.data_type == "f" or (isinstance(cell.value, str) and cell.value.startswith("=")):
            raise _wrong(
                "a formula stands here; write the value itself",
                "此處為公式；請填寫數值本身",
                where,
                name,
                "form_formula",
            )
        if cell.data_type == "e":
            raise _wrong(
                "the cell holds an error; write the value itself",
                "儲存格為錯誤值；請填寫數值本身",
                where,
                name,
                "form_value",
            )
    value = row["value"].value
    texts = {name: _text(row[name].value, where, name) for name in FILLED_IN[1:]}
    if value is None:
        if given := next((name for name, text in texts.items() if text), None):
            raise _wrong("there is a text and no value; give a value or empty the row",
                         "有文字而無數值；請填寫數值或清空該列", where, given, "form_value")  # fmt: skip
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong("the value is no number", "數值欄非數字", where, "value", "form_value")
    if lacking := next((name for name, text in texts.items() if not text), None):
        raise _wrong(
            "a text is missing; both languages are needed", "文字缺漏；中英文均須填寫", where, lacking, "form_text"
        )
    return {
        "value": float(value),
        "title": {"en": texts["title_en"], "zh_hant": texts["title_zh"]},
        "statement": {"en": texts["statement_en"], "zh_hant": texts["statement_zh"]},
    }


def _text(value: object, where: Where, name: str) -> str:
    text = "" if value is None else str(value).strip()
    if len(text) > LONGEST_TEXT:
        raise _wrong(f"the text is longer than {LONGEST_TEXT} characters", f"文字超過 {LONGEST_TEXT} 字", where, name,
                     "form_text")  # fmt: skip
    return text


def _wrong(sentence: str, zh: str, where: Where, column: str, rule: str) -> FormInvalid:
    return FormInvalid(sentence, zh=zh, where=Where(where.file, where.row, column), rule=rule)
