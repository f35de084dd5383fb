"""A quality gate: one file, one suite, one answer per rule, with the row numbers of the whole file.

Used twice per dataset: at the institution before sealing, on clear rows, and in the room after landing, on tokens.
Row numbers are told, values never.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.messages import RuleResult
from cleanroom.contracts.specification import load_specification
from cleanroom.errors import SettingsInvalid
from cleanroom.quality.checks import checks_of
from cleanroom.quality.engine import Verdict, validate
from cleanroom.quality.rows import failing_rows
from cleanroom.quality.suites import column_name
from cleanroom.settings import project_root
from cleanroom.vocabulary.terms import Dataset

TAIPEI = ZoneInfo("Asia/Taipei")
ROW_CAP = 1000  # row numbers per rule in a report; `failed_rows` always counts them all


@dataclass(frozen=True)
class GateOutcome:
    """`failed` where a rule of severity `fail` does not hold: the whole file goes to quarantine."""

    results: tuple[RuleResult, ...]
    failed: bool

    @property
    def broken(self) -> tuple[RuleResult, ...]:
        """Rules that do not hold, `fail` before `warn`."""
        return tuple(sorted((r for r in self.results if not r.passed), key=lambda r: r.severity))


def run_suite(
    *, station: str, dataset: Dataset, rows: pa.Table, facts: Mapping[str, Any], row_cap: int | None = ROW_CAP
) -> GateOutcome:
    """Check one file.

    `station`: sealing (columns of `clear_schema`) or intake (columns of `landed_schema`). `rows` may hold
    `row_number`; without it rows are numbered from 1. `facts`: participant, period_first and period_last (both days
    included, Asia/Taipei), known_institutions. `row_cap`: most row numbers per rule, None for all of them.

    Raises SettingsInvalid for a missing or malformed suite, QualityGateFailed where a rule could not be evaluated.
    """
    suite = load_suite(station, dataset)
    missing = _missing_columns(rows, dataset, station)
    if missing:
        # The other rules have nothing to look at.
        return _outcome([_missing_result(suite)])
    prepared = _prepared(rows, dataset, station, facts)
    parameters = _parameters(facts)
    verdicts = validate(suite, prepared, parameters)
    return _outcome([_result(e, verdicts, prepared, parameters, row_cap) for e in suite["expectations"]])


def load_suite(station: str, dataset: Dataset) -> dict:
    path = project_root() / "expectations" / station / f"{dataset}.json"
    try:
        suite = json.loads(path.read_text(encoding="utf-8"))
        rules = [e["meta"]["rule"] for e in suite["expectations"]]
        severities = {e["meta"]["severity"] for e in suite["expectations"]}
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise SettingsInvalid(f"the suite {station}/{dataset}.json cannot be read ({type(e).__name__})") from None
    if not rules or len(set(rules)) != len(rules) or not severities <= {"fail", "warn"}:
        raise SettingsInvalid(f"the suite {station}/{dataset}.json must hold rules, each once, each fail or warn")
    return suite


def rule_sentences(station: str, dataset: Dataset) -> dict[str, tuple[str, str]]:
    """Rule -> what it asks, in English and in Traditional Chinese."""
    suite = load_suite(station, dataset)
    return {e["meta"]["rule"]: (e["meta"]["en"], e["meta"]["zh_hant"]) for e in suite["expectations"]}


def _missing_columns(rows: pa.Table, dataset: Dataset, station: str) -> set[str]:
    fields = load_specification().datasets[dataset].fields
    return {column_name(f, station) for f in fields} - set(rows.column_names)


def _missing_result(suite: dict) -> RuleResult:
    columns = next(e for e in suite["expectations"] if e["meta"]["rule"] == "columns")
    return RuleResult(rule="columns", column=None, severity=columns["meta"]["severity"], passed=False, failed_rows=0)


def _prepared(rows: pa.Table, dataset: Dataset, station: str, facts: Mapping[str, Any]) -> pa.Table:
    """The rows with their numbers and one true/false column per rule over several columns."""
    if "row_number" not in rows.column_names:
        rows = rows.append_column("row_number", pa.array(range(1, rows.num_rows + 1), pa.int64()))
    contract = load_specification().datasets[dataset]

    def column(name: str) -> pa.ChunkedArray:
        return rows[column_name(contract.field(name), station)]

    prepared = rows
    for check in checks_of(dataset):
        holds = pc.fill_null(check.holds(column, facts), True)
        prepared = prepared.append_column(check.check_column, holds)
    return prepared


def _parameters(facts: Mapping[str, Any]) -> dict[str, Any]:
    first, last = facts["period_first"], facts["period_last"]
    return {
        "period_start": _midnight(first),
        "period_end": _midnight(last + timedelta(days=1)),
        "period_last": datetime.combine(last, datetime.min.time(), UTC),  # days are compared as UTC midnights
        "known_institutions": sorted(facts["known_institutions"]),
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), TAIPEI)


def _result(
    expectation: dict, verdicts: dict[str, Verdict], rows: pa.Table, parameters: dict, row_cap: int | None
) -> RuleResult:
    meta = expectation["meta"]
    verdict = verdicts[meta["rule"]]
    numbers = ()
    if verdict.failed_rows:
        arguments = {k: _value(v, parameters) for k, v in expectation["kwargs"].items()}
        numbers = failing_rows(rows, expectation["type"], arguments, cap=row_cap)
    return RuleResult(
        rule=meta["rule"],
        column=meta["column"],
        severity=meta["severity"],
        passed=verdict.passed,
        failed_rows=verdict.failed_rows,
        row_numbers=numbers,
    )


def _value(argument: Any, parameters: dict[str, Any]) -> Any:
    return parameters[argument["$PARAMETER"]] if isinstance(argument, dict) else argument


def _outcome(results: list[RuleResult]) -> GateOutcome:
    return GateOutcome(tuple(results), failed=any(not r.passed and r.severity == "fail" for r in results))
