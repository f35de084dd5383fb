"""Writes rows as an institution would: Parquet, CSV in UTF-8, or CSV in CP950 with dates of the Republic's calendar."""

import io
import json
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from cleanroom.contracts.specification import load_specification
from cleanroom.synthetic.sizes import DAYS, FIRST_DAY, TAIPEI, Institution
from cleanroom.vocabulary.terms import Calendar, Dataset, FileFormat

_ROC_YEAR_ZERO = 1911


def write_institution(folder: Path, institution: Institution, datasets: dict[Dataset, list[dict]]) -> None:
    """`<folder>/<code>/`: one file per dataset, then `institution.json`, which names the form of each."""
    target = folder / institution.code
    target.mkdir(parents=True)
    for dataset, rows in datasets.items():
        table = _table(dataset, rows, institution.calendar)
        write_table(target / f"{dataset}.{institution.format}", table, institution)
    form = {
        "format": institution.format,
        "encoding": institution.encoding,
        "calendar": institution.calendar,
        "timezone": "Asia/Taipei",
    }
    about = {
        "institution": institution.code,
        "sector": institution.sector,
        "specification_version": 1,
        "period": {"from": FIRST_DAY.isoformat(), "to": date.fromordinal(FIRST_DAY.toordinal() + DAYS - 1).isoformat()},
        "files": {str(d): form for d in datasets},
    }
    write_text(target / "institution.json", json.dumps(about, indent=1) + "\n")


def write_table(path: Path, table: pa.Table, institution: Institution) -> None:
    if institution.format == FileFormat.PARQUET:
        pq.write_table(table, path)
        return
    buffer = io.BytesIO()
    options = pa_csv.WriteOptions(quoting_style="needed")
    pa_csv.write_csv(table, buffer, options)
    path.write_bytes(buffer.getvalue().decode("utf-8").encode(str(institution.encoding)))


def write_csv(path: Path, rows: list[dict]) -> None:
    """UTF-8, columns as in the first row."""
    names = list(rows[0])
    table = pa.table({n: pa.array([None if r[n] is None else str(r[n]) for r in rows], pa.string()) for n in names})
    pa_csv.write_csv(table, path, pa_csv.WriteOptions(quoting_style="needed"))


def write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _table(dataset: Dataset, rows: list[dict], calendar: Calendar) -> pa.Table:
    """Text columns in the specification's order; an absent value is null."""
    names = load_specification().datasets[dataset].column_names
    return pa.table({n: pa.array([_text(r.get(n), calendar) for r in rows], pa.string()) for n in names})


def _text(value: object, calendar: Calendar) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return _time_text(value, calendar)
    if isinstance(value, date):
        return _roc(value) if calendar == Calendar.ROC else value.isoformat()
    return str(value)


def _time_text(value: datetime, calendar: Calendar) -> str:
    local = value.astimezone(TAIPEI)
    if calendar == Calendar.ROC:  # such files carry no offset: their times are Taipei's
        return f"{_roc(local.date())} {local:%H:%M:%S}"
    return local.isoformat(timespec="seconds")


def _roc(day: date) -> str:
    return f"{day.year - _ROC_YEAR_ZERO:03d}/{day.month:02d}/{day.day:02d}"
