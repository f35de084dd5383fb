"""What a participant's staff read on the terminal: the reports on their files, and where their submissions stand."""

import json
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cleanroom.cli.words import language, word
from cleanroom.errors import CleanroomError
from cleanroom.pipeline.sealing.reports import report_folder
from cleanroom.pipeline.standing import Standing
from cleanroom.sealing.findings import report_name
from cleanroom.sealing.sentences import sentence_of
from cleanroom.settings import ParticipantSettings
from cleanroom.vocabulary.terms import Dataset

ROWS_SHOWN, VALUES_SHOWN = 8, 3  # the report beside the data holds more
_MIB = 1024 * 1024


def show_reports(console: Console, settings: ParticipantSettings, refusals: Iterable[CleanroomError]) -> None:
    """The complete report of every file that was refused, as far as one was written."""
    folder = report_folder(settings)
    for file in dict.fromkeys(e.where.file for e in refusals if e.where.file):
        path = folder / report_name(Path(file).name)
        if path.is_file():
            show_report(console, json.loads(path.read_text(encoding="utf-8")))


def show_report(console: Console, report: dict) -> None:
    """Values on a terminal alone: what is not a terminal may be a log, and values are identifiers."""
    title = word("report", file=report["file"], rows=report["rows"])
    names = ("rule", "asks", "column", "severity", "failed_rows", "first_rows")
    values = console.is_terminal
    table = Table(*map(word, names), *([word("values")] if values else []), title=title, title_justify="left")
    for rule in report["rules"]:
        table.add_row(*_cells(report["file"], rule, values=values))
    console.print(table, markup=False)


def _cells(file: str, rule: dict, *, values: bool) -> list[str]:
    rows = rule["row_numbers"]
    more = " …" if rule["failed_rows"] > ROWS_SHOWN else ""
    cells = [
        rule["rule"],
        _asks(file, rule),
        rule["column"] or "",
        rule["severity"],
        f"{rule['failed_rows']:,}",
        ", ".join(str(n) for n in rows[:ROWS_SHOWN]) + more,
    ]
    return [*cells, ", ".join(rule["values"][:VALUES_SHOWN])] if values else cells


def _asks(file: str, rule: dict) -> str:
    """A query may have any name; its rules then go by their own."""
    dataset = next((d for d in Dataset if Path(file).stem == d), Dataset.TRANSFERS)
    return sentence_of(rule["rule"], dataset=dataset, severity=rule["severity"]).asks(language())


def show_standing(console: Console, institution: str, found: list[Standing]) -> None:
    if not found:
        console.print(word("nothing"), markup=False)
        return
    names = ("dataset", "number", "rows", "size", "sealed_at", "answer", "log_place")
    table = Table(*map(word, names), title=word("standing", institution=institution), title_justify="left")
    for standing in found:
        place = "" if standing.audit_sequence is None else f"{standing.audit_sequence:,}"
        table.add_row(
            standing.dataset,
            str(standing.sequence),
            f"{standing.rows:,}",
            f"{standing.bytes / _MIB:,.1f} MiB",
            standing.sealed_at.isoformat(sep=" ", timespec="minutes"),
            _answer(standing),
            place,
        )
    console.print(table, markup=False)


def _answer(standing: Standing) -> str:
    if standing.state is None:
        return word("no_answer" if standing.sent else "not_sent")
    reason = f" ({standing.reason})" if standing.reason else ""
    return word(standing.state) + reason
