"""The report that an institution finds beside its file after a refusal, read back in both forms."""

import json
import stat
from pathlib import Path

import openpyxl

from cleanroom import errors
from tests.factories.attacks import Attack, Case, Side
from tests.factories.clean_room import CleanRoom
from tests.factories.refusing import refused_at_home


def refused_with_report(case: Case, room: CleanRoom, code: str, file: str, *, row: int | None, column: str | None):
    """Refused at home, at this place; the report beside the file is complete in both forms, and its owner's alone.

    Gives the report's line for the case's rule.
    """
    error = refused_at_home(case, room, code)
    assert (error.where.file, error.where.row, error.where.column) == (file, row, column)
    case.recorded(room.own_events(code), file=file, row=row, column=column)
    folder = room.data[code].folder
    told = json.loads(owned(folder / f"{file}.errors.json").read_text(encoding="utf-8"))
    assert (told["reason"], told["sentence"]) == (error.reason, str(error))
    [line] = [r for r in told["rules"] if (r["rule"], r["column"]) == (case.attack.rule, column)]
    assert line["row_numbers"][:1] == ([] if row is None else [row])
    assert_spreadsheet_agrees(folder / f"{file}.errors.xlsx", told)
    return line


def owned(path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path


def assert_spreadsheet_agrees(path, told: dict) -> None:
    summary, rows = openpyxl.load_workbook(owned(path)).worksheets
    lines = [[cell.value for cell in row] for row in summary.iter_rows(min_row=9)]
    assert sorted((r[0], r[4]) for r in lines) == sorted((r["rule"], r["failed_rows"]) for r in told["rules"])
    for line in lines:
        assert line[1] != line[0], f"{line[0]} has no sentence"
        assert line[6], f"{line[0]} does not say what to do"
    listed = sorted((row[0].value, row[1].value) for row in rows.iter_rows(min_row=2) if row[0].value)
    assert listed == sorted((r["rule"], n) for r in told["rules"] for n in r["row_numbers"])
    formulas = [c for sheet in (summary, rows) for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    assert formulas == []


def refusal(name, done, done_zh, rule, means=None, *, refused=errors.MalformedRows) -> Attack:
    """A case of the institution's side."""
    return Attack(
        name, Side.INSTITUTION, done, done_zh, refused=refused, rule=rule, verb="sealing.refused", means=means
    )


def encoded(name, done, done_zh, means=None) -> Attack:
    return refusal(name, done, done_zh, "declared_encoding", means, refused=errors.UndeclaredEncoding)


def only(room, code, dataset, *rows, encoding: str | None = None) -> Path:
    """The institution sends one dataset, with these rows."""
    data = room.data[code]
    for name in data.rows:
        (data.folder / f"{name}.csv").unlink(missing_ok=True)
    data.rows = {dataset: [list(r) for r in rows] or data.rows[dataset]}
    data.write(encoding=encoding)
    return data.folder / f"{dataset}.csv"
