"""What a participant's staff read on the terminal: the reports on their files, and where their submissions stand."""

import json
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from cleanroom.cli.words import language, word
from cleanroom.errors import CleanroomError
from cleanroom.sealing.findings import report_name
from cleanroom.sealing.sentences import sentence_of
from cleanroom.settings import ParticipantSettings
from cleanroom.vocabulary.terms import Dataset

if TYPE_CHECKING:
    from cleanroom.pipeline.standing import Standing

ROWS_SHOWN, VALUES_SHOWN = 8, 3  # the report beside the data holds more
_KIB, _MIB = 1024, 1024 * 1024


def show_reports(console: Console, settings: ParticipantSettings, refusals: Iterable[CleanroomError]) -> None:
    """The complete report of every file that was refused, as far as one was written."""
    from cleanroom.pipeline.sealing.reports import report_folder  # pandas: a second that other commands need not wait

    folder, told = report_folder(settings), list(refusals)
    sentences = {str(e) for e in told}
    for file in dict.fromkeys(e.where.file for e in told if e.where.file):
        path = folder / report_name(Path(file).name)
        report = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if report.get("sentence") in sentences:  # one of an earlier run may lie there
            show_report(console, report)


def show_report(console: Console, report: dict) -> None:
    """Values on a terminal alone: what is not a terminal may be a log, and values are identifiers."""
    title = word("report", file=report["file"], rows=report["rows"])
    names = ("rule", "asks", "column", "severity", "failed_rows", "first_rows")
    values = console.is_terminal
    table = _table([*names, "values"] if values else names, title)
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


def show_standing(console: Console, institution: str, found: "list[Standing]") -> None:
    if not found:
        console.print(word("nothing"), markup=False)
        return
    names = ("dataset", "number", "rows", "size", "sealed_at", "answer", "log_place")
    table = _table(names, word("standing", institution=institution))
    for standing in found:
        place = "" if standing.audit_sequence is None else f"{standing.audit_sequence:,}"
        table.add_row(
            standing.dataset,
            str(standing.sequence),
            f"{standing.rows:,}",
            _size(standing.bytes),
            f"{standing.sealed_at.astimezone(UTC):%Y-%m-%d %H:%M}",
            _answer(standing),
            place,
        )
    console.print(table, markup=False)


def _table(names: Iterable[str], title: str) -> Table:
    """Names of rules and datasets are looked up elsewhere, so a narrow terminal breaks them and cuts nothing off."""
    table = Table(title=title, title_justify="left")
    for name in names:
        table.add_column(word(name), overflow="fold")
    return table


def _size(count: int) -> str:
    return f"{count / _KIB:,.0f} KiB" if count < _MIB else f"{count / _MIB:,.1f} MiB"


def _answer(standing: "Standing") -> str:
    if standing.state is None:
        return word("no_answer" if standing.sent else "not_sent")
    reason = f" ({standing.reason})" if standing.reason else ""
    return word(standing.state) + reason
