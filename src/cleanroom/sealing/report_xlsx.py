"""The error report as a spreadsheet, in the institution's language: a summary, and every listed row.

The same findings give the same bytes. Text is written as text whatever it begins with, and marked so that it stays
text when a cell is edited (CWE-1236; OWASP, "CSV Injection"). The workbook is put together in memory, so that no
value of the file lies in a temporary folder.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from cleanroom.contracts.manifest import Period
from cleanroom.contracts.specification import load_specification
from cleanroom.contracts.whole_files import write_whole
from cleanroom.errors import CleanroomError
from cleanroom.sealing import report_words as words
from cleanroom.sealing.findings import Finding
from cleanroom.sealing.sentences import sentence_of
from cleanroom.vocabulary.terms import Dataset

SHEET_ROWS = 100_000  # rows of the second sheet; the JSON report lists more, and counts are always whole
FIRST_ROWS = 10  # row numbers and examples shown in the summary
_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's own date; a fixed one keeps the bytes equal
_RUNNABLE = tuple("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True)
class Report:
    """`rows`: data rows that were read. `refusal`: what the findings amount to, or None where the file passed."""

    file: str
    dataset: Dataset
    period: Period
    rows: int
    found: list[Finding]
    refusal: CleanroomError | None
    language: str


def spreadsheet_name(file: str) -> str:
    return f"{file}.errors.xlsx"


def write_spreadsheet(folder: Path, report: Report) -> Path:
    """Beside the data, readable by its owner alone. Raises OSError where the folder cannot be written."""
    path, content = folder / spreadsheet_name(report.file), render(report)
    write_whole(path, lambda target: target.write(content))
    return path


def render(report: Report) -> bytes:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        book.set_properties({"created": _MADE, "title": report.file})
        _Summary(book, report).write()
        _Rows(book, report).write()
    return sink.getvalue()


class _Sheet:
    """What both sheets share: fonts, a header that stays in sight and is printed on every page."""

    widths: tuple[int, ...]

    def __init__(self, book: xlsxwriter.Workbook, report: Report, name: str, headings: tuple[str, ...]):
        self.report, self.headings = report, headings
        self.sheet: Worksheet = book.add_worksheet(name)
        cell = {"valign": "top", "text_wrap": True}
        self.plain = book.add_format(cell)
        self.quoted = book.add_format({**cell, "quote_prefix": True})
        self.number = book.add_format({"valign": "top", "num_format": "#,##0"})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.heading = book.add_format({**cell, "bold": True, "bg_color": "#DDE6F0", "bottom": 1})
        self.failed = book.add_format({**cell, "bold": True, "font_color": "#9C0006"})
        for column, width in enumerate(self.widths):
            self.sheet.set_column(column, column, width)

    def text(self, row: int, column: int, value: str, style: object = None) -> None:
        if not value:
            return
        runnable = value.lstrip(" \u3000").startswith(_RUNNABLE) or value.startswith(_RUNNABLE)
        self.sheet.write_string(row, column, value, style or (self.quoted if runnable else self.plain))

    def count(self, row: int, column: int, value: int) -> None:
        self.sheet.write_number(row, column, value, self.number)

    def table(self, top: int, rows: int) -> None:
        """Headings at `top` over `rows` rows: frozen, filtered, repeated in print."""
        for column, heading in enumerate(self.headings):
            self.sheet.write_string(top, column, heading, self.heading)
        self.sheet.freeze_panes(top + 1, 0)
        self.sheet.autofilter(top, 0, top + max(rows, 1), len(self.headings) - 1)
        self.sheet.repeat_rows(top)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)  # A4
        self.sheet.fit_to_pages(1, 0)
        name = self.report.file.replace("&", "&&")
        self.sheet.set_footer(f"&L{name}&R&P / &N")


class _Summary(_Sheet):
    widths = (26, 46, 22, 10, 12, 30, 46, 30)

    def __init__(self, book: xlsxwriter.Workbook, report: Report):
        super().__init__(book, report, words.SUMMARY[report.language], words.SUMMARY_HEADINGS[report.language])

    def write(self) -> None:
        self.sheet.write_string(0, 0, words.TITLE[self.report.language], self.title)
        for row, (name, value) in enumerate(self._facts(), start=1):
            self.sheet.write_string(row, 0, name, self.heading)
            self.text(row, 1, value)
        self.sheet.write_string(5, 0, words.ROWS_READ[self.report.language], self.heading)
        self.count(5, 1, self.report.rows)
        self.table(7, len(self.report.found))
        for row, finding in enumerate(_by_weight(self.report.found), start=8):
            self._rule(row, finding)

    def _facts(self) -> Iterator[tuple[str, str]]:
        report, language = self.report, self.report.language
        contract = load_specification().datasets[report.dataset]
        verdict = words.verdict(report.refusal is None, report.found, language)
        described = contract.description_zh if language == words.CHINESE else contract.description
        values = (verdict, report.file, described, f"{report.period.first} - {report.period.last}")
        return zip(words.FACTS[language], values, strict=True)

    def _rule(self, row: int, finding: Finding) -> None:
        language = self.report.language
        sentence = sentence_of(finding.rule, dataset=self.report.dataset, severity=finding.severity)
        failed = finding.severity == "fail"
        self.text(row, 0, finding.rule)
        self.text(row, 1, sentence.asks(language))
        self.text(row, 2, _column_name(finding.column, self.report))
        self.text(row, 3, words.SEVERITY[language][finding.severity], self.failed if failed else None)
        self.count(row, 4, finding.failed_rows)
        self.text(row, 5, _first_rows(finding))
        self.text(row, 6, sentence.do(language))
        self.text(row, 7, "\n".join(finding.values[:FIRST_ROWS]))


class _Rows(_Sheet):
    widths = (30, 14, 34, 60)

    def __init__(self, book: xlsxwriter.Workbook, report: Report):
        super().__init__(book, report, words.ROWS[report.language], words.ROWS_HEADINGS[report.language])

    def write(self) -> None:
        listed = list(islice(self._listed(), SHEET_ROWS))
        self.table(0, len(listed))
        for row, (finding, number, value) in enumerate(listed, start=1):
            self.text(row, 0, finding.rule)
            self.count(row, 1, number)
            self.text(row, 2, _column_name(finding.column, self.report))
            if value is not None:
                self.text(row, 3, value)

    def _listed(self) -> Iterator[tuple[Finding, int, str | None]]:
        for finding in _by_weight(self.report.found):
            shown = dict(finding.shown)
            for number in finding.row_numbers:
                yield finding, number, shown.get(number)


def _by_weight(found: list[Finding]) -> list[Finding]:
    """Failures first, the rule with most rows before the others."""
    return sorted(found, key=lambda f: (f.severity, -f.failed_rows, f.rule, f.column or ""))


def _first_rows(finding: Finding) -> str:
    first = ", ".join(str(n) for n in finding.row_numbers[:FIRST_ROWS])
    return f"{first}, …" if finding.failed_rows > FIRST_ROWS and first else first


def _column_name(column: str | None, report: Report) -> str:
    """In Chinese with the agreed description; a header that is not the specification's stands as it is."""
    if column is None:
        return ""
    contract = load_specification().datasets[report.dataset]
    known = report.language == words.CHINESE and column in contract.column_names
    return f"{contract.field(column).description_zh}\n{column}" if known else column
