"""The whole answer as one flat table: a row for each measure, part and delay."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

_FIGURES = ("money_twd", "extra_money_twd", "accounts", "extra_accounts", "accounts_controlled_not_listed",
            "freeze_hours", "innocent_accounts", "innocent_freeze_hours")  # fmt: skip
COLUMNS = ("measures", "measure", "part", "which", "delay_hours",
           *(f"{name}{end}" for name in _FIGURES for end in ("", "_low", "_high")))  # fmt: skip


def rows(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """`measures`: scenarios (each keeping those before it) or alone. `part`: all, institution, layer or typology.
    A figure that is not known, or not given for parts, is empty. Money in TWD, ends of 95 % intervals."""
    hours = body["curve"]["delay_hours"]
    for kind in ("scenarios", "alone"):
        for measure, series in body["curve"][kind].items():
            yield from _rows({"measures": kind, "measure": measure, "part": "all", "which": ""}, series, hours)
    for part, found in body["parts"].items():
        for which, one in found.items():
            for measure, series in one["scenarios"].items():
                yield from _rows({"measures": "scenarios", "measure": measure, "part": part, "which": which},
                                 series, hours)  # fmt: skip


def _rows(head: dict[str, Any], series: Mapping[str, Any], hours: list[float]) -> Iterator[dict[str, Any]]:
    for at, delay in enumerate(hours):
        row = {**head, "delay_hours": delay}
        for name in _FIGURES:
            row[name] = (series.get(name) or [None] * len(hours))[at]
            interval = (series.get(f"{name}_interval") or [None] * len(hours))[at]
            row[f"{name}_low"], row[f"{name}_high"] = interval or (None, None)
        yield row


def as_csv(body: Mapping[str, Any]) -> str:
    """UTF-8 text with a header, for spreadsheets and programs alike."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(body))
    return out.getvalue()
