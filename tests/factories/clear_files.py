"""Reads institutions' clear files as a stranger would: nothing of sealing's parser or of the generator is used."""

import csv
import json
from datetime import datetime, timedelta, timezone

import pyarrow.parquet as pq

TAIPEI = timezone(timedelta(hours=8))


def read_institution(folder):
    about = json.loads((folder / "institution.json").read_text(encoding="utf-8"))
    return about, {d: read_rows(folder, d, form) for d, form in about["files"].items()}


def read_rows(folder, dataset, form):
    if form["format"] == "parquet":
        return pq.read_table(folder / f"{dataset}.parquet").to_pylist()
    return read_csv(folder / f"{dataset}.csv", form["encoding"])


def read_csv(path, encoding):
    with path.open(encoding=encoding, newline="") as file:
        return [{k: v or None for k, v in row.items()} for row in csv.DictReader(file)]


def parse_time(text):
    """ISO with offset, or the Republic's calendar in Taipei's time."""
    if "T" in text:
        return datetime.fromisoformat(text)
    year, rest = text.split("/", 1)
    return datetime.strptime(f"{int(year) + 1911}/{rest}", "%Y/%m/%d %H:%M:%S").replace(tzinfo=TAIPEI)


def cents(text):
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part or 0)
