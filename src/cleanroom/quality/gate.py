"""A quality gate: one file, one suite, one answer per rule, with the row numbers of the whole file.

Used twice per dataset: at the institution before sealing, on clear rows, and in the room after the second hash, on
tokens. A file passes in batches, by several processes where it is large: `Gate.check` judges one batch, `Tally` adds
the batches up. Row numbers are told, values never.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.messages import RuleResult
from cleanroom.contracts.specification import load_specification
from cleanroom.errors import SettingsInvalid
from cleanroom.quality.checks import checks_of
from cleanroom.quality.drift import Drift, drifts
from cleanroom.quality.drift import results as drift_results
from cleanroom.quality.engine import Verdict, validate
from cleanroom.quality.profile import Profile, profile_of
from cleanroom.quality.repeats import COLUMN, COLUMNS, Digests, Secret, digests_of, repeated_rows
from cleanroom.quality.rows import failing_rows
from cleanroom.quality.suites import column_name
from cleanroom.settings import expectations_dir
from cleanroom.vocabulary.terms import Dataset

TAIPEI = ZoneInfo("Asia/Taipei")
ROW_CAP = 1000  # row numbers per rule in a report; `failed_rows` always counts them all
ROW_COUNT = "expect_table_row_count_to_be_between"
WHOLE_FILE = (ROW_COUNT, COLUMN, COLUMNS)  # rules that no single batch can judge


@dataclass(frozen=True)
class GateOutcome:
    """`failed` where a rule of severity `fail` does not hold: the whole file goes to quarantine. `profile`: what later
    files are compared with. `drifts`: how this one differs from earlier ones; each is a warning of `results` too."""

    results: tuple[RuleResult, ...]
    failed: bool
    profile: Profile | None = None
    drifts: tuple[Drift, ...] = ()

    @property
    def broken(self) -> tuple[RuleResult, ...]:
        """Rules that do not hold, `fail` before `warn`."""
        return tuple(sorted((r for r in self.results if not r.passed), key=lambda r: r.severity))


@dataclass(frozen=True)
class Partial:
    """What one batch tells. `results`: the rules over single rows. `digests`: for each rule over repeated rows."""

    rows: int
    results: tuple[RuleResult, ...]
    digests: Mapping[str, Digests]
    profile: Profile | None = None

    @property
    def failed(self) -> bool:
        return _any_failed(self.results)


@dataclass(frozen=True)
class Gate:
    """The gate of one file; can be sent to another process.

    `station`: sealing (columns of `clear_schema`) or intake (columns of `landed_schema`). `facts`: participant,
    period_first and period_last (both days included, Asia/Taipei), known_institutions. `row_cap`: most row numbers
    per rule, None for all of them. `spill`: a folder that only its owner may read, for 24 bytes per row and rule over
    repeated rows; None keeps them in memory. Whoever gives the folder removes it. `earlier`: profiles of the
    participant's submissions of this dataset before this one, oldest first.
    """

    station: str
    dataset: Dataset
    facts: Mapping[str, Any]
    row_cap: int | None = ROW_CAP
    spill: Path | None = None
    secret: Secret = field(default_factory=Secret)
    earlier: tuple[Profile, ...] = ()

    def check(self, batch: pa.Table | pa.RecordBatch) -> Partial:
        """Judge one batch. Its `row_number` are those of the file; without them rows are numbered from 1.

        Raises SettingsInvalid for a missing or malformed suite, QualityGateFailed where a rule could not be evaluated.
        """
        rows = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
        suite = load_suite(self.station, self.dataset)
        if _missing_columns(rows, self.dataset, self.station):
            return Partial(rows.num_rows, (_missing_result(suite),), {})  # the other rules have nothing to look at
        prepared = _prepared(rows, self.dataset, self.station, self.facts)
        digests = {
            e["meta"]["rule"]: digests_of(prepared, e["type"], e["kwargs"], self.secret, self.spill)
            for e in suite["expectations"]
            if e["type"] in (COLUMN, COLUMNS)
        }
        return Partial(rows.num_rows, self._row_wise(suite, prepared), digests, self._profile(rows))

    def _profile(self, rows: pa.Table) -> Profile:
        fields = load_specification().datasets[self.dataset].fields
        columns = {column_name(spec, self.station): spec for spec in fields}
        days = (self.facts["period_last"] - self.facts["period_first"]).days + 1
        return profile_of(rows, columns, days=days)

    def _row_wise(self, suite: Mapping[str, Any], prepared: pa.Table) -> tuple[RuleResult, ...]:
        parameters = _parameters(self.facts)
        expectations = [e for e in suite["expectations"] if e["type"] not in WHOLE_FILE]
        verdicts = validate({**suite, "expectations": expectations}, prepared, parameters)
        return tuple(_result(e, verdicts, prepared, parameters, self.row_cap) for e in expectations)

    def merge(self, partials: Iterable[Partial]) -> GateOutcome:
        """The answer for the whole file, of its batches in order."""
        tally = Tally(self)
        for partial in partials:
            tally.add(partial)
        return tally.outcome()


class Tally:
    """Adds up a file's batches as they come, in order; holds counts and capped row numbers only."""

    def __init__(self, gate: Gate):
        self._gate = gate
        self._suite = load_suite(gate.station, gate.dataset)
        self._results: dict[str, RuleResult] = {}
        self._digests: dict[str, list[Digests]] = {}
        self._rows = 0
        self._profile: Profile | None = None

    def add(self, partial: Partial) -> None:
        self._rows += partial.rows
        if partial.profile is not None:
            self._profile = partial.profile if self._profile is None else self._profile + partial.profile
        for result in partial.results:
            before = self._results.get(result.rule)
            self._results[result.rule] = result if before is None else _joined(before, result, self._gate.row_cap)
        for rule, digests in partial.digests.items():
            self._digests.setdefault(rule, []).append(digests)

    def outcome(self) -> GateOutcome:
        """Raises SettingsInvalid where no batch was added: what was not looked at has not passed."""
        columns = self._results.get("columns")
        if columns is None:
            raise SettingsInvalid(
                "a gate was asked about a file of which it saw no batch", zh="所詢檔案未經此檢核讀取任何批次"
            )
        if not columns.passed:
            return GateOutcome((columns,), failed=_any_failed([columns]))
        found = tuple(drifts(self._profile, self._gate.earlier, self._gate.dataset))
        results = tuple(self._of_file(e) for e in self._suite["expectations"]) + drift_results(found)
        return GateOutcome(results, failed=_any_failed(results), profile=self._profile, drifts=found)

    def _of_file(self, expectation: Mapping[str, Any]) -> RuleResult:
        rule = expectation["meta"]["rule"]
        if expectation["type"] == ROW_COUNT:
            return _told(expectation, passed=self._rows >= expectation["kwargs"]["min_value"])
        if expectation["type"] in (COLUMN, COLUMNS):
            count, numbers = repeated_rows(self._digests[rule], cap=self._gate.row_cap)
            return _told(expectation, passed=not count, failed_rows=count, row_numbers=numbers)
        return self._results[rule]


def run_suite(
    *, station: str, dataset: Dataset, rows: pa.Table, facts: Mapping[str, Any], row_cap: int | None = ROW_CAP
) -> GateOutcome:
    """Check a file that is one table. Raises as `Gate.check` does."""
    gate = Gate(station, dataset, facts, row_cap)
    return gate.merge([gate.check(rows)])


def load_suite(station: str, dataset: Dataset) -> dict:
    path = expectations_dir() / station / f"{dataset}.json"
    try:
        suite = json.loads(path.read_text(encoding="utf-8"))
        rules = [e["meta"]["rule"] for e in suite["expectations"]]
        severities = {e["meta"]["severity"] for e in suite["expectations"]}
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise SettingsInvalid(
            f"the suite {station}/{dataset}.json cannot be read ({type(e).__name__})",
            zh=f"規則組 {station}/{dataset}.json 無法讀取（{type(e).__name__}）",
        ) from None
    if not rules or len(set(rules)) != len(rules) or not severities <= {"fail", "warn"}:
        raise SettingsInvalid(
            f"the suite {station}/{dataset}.json must hold rules, each once, each fail or warn",
            zh=f"規則組 {station}/{dataset}.json 須載有規則，各僅一次，且各為 fail 或 warn",
        )
    return suite


def rule_sentences(station: str, dataset: Dataset) -> dict[str, tuple[str, str]]:
    """Rule -> what it asks, in English and in Traditional Chinese."""
    suite = load_suite(station, dataset)
    return {e["meta"]["rule"]: (e["meta"]["en"], e["meta"]["zh_hant"]) for e in suite["expectations"]}


def _missing_columns(rows: pa.Table, dataset: Dataset, station: str) -> set[str]:
    fields = load_specification().datasets[dataset].fields
    return {column_name(f, station) for f in fields} - set(rows.column_names)


def _missing_result(suite: Mapping[str, Any]) -> RuleResult:
    return _told(next(e for e in suite["expectations"] if e["meta"]["rule"] == "columns"), passed=False)


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
    verdict = verdicts[expectation["meta"]["rule"]]
    numbers = ()
    if verdict.failed_rows:
        arguments = {k: _value(v, parameters) for k, v in expectation["kwargs"].items()}
        numbers = failing_rows(rows, expectation["type"], arguments, cap=row_cap)
    return _told(expectation, passed=verdict.passed, failed_rows=verdict.failed_rows, row_numbers=numbers)


def _told(
    expectation: Mapping[str, Any], *, passed: bool, failed_rows: int = 0, row_numbers: tuple[int, ...] = ()
) -> RuleResult:
    meta = expectation["meta"]
    return RuleResult(
        rule=meta["rule"],
        column=meta["column"],
        severity=meta["severity"],
        passed=passed,
        failed_rows=failed_rows,
        row_numbers=row_numbers,
    )


def _joined(before: RuleResult, after: RuleResult, cap: int | None) -> RuleResult:
    update = {
        "passed": before.passed and after.passed,
        "failed_rows": before.failed_rows + after.failed_rows,
        "row_numbers": (before.row_numbers + after.row_numbers)[:cap],
    }
    return before.model_copy(update=update)


def _value(argument: Any, parameters: dict[str, Any]) -> Any:
    return parameters[argument["$PARAMETER"]] if isinstance(argument, dict) else argument


def _any_failed(results: Sequence[RuleResult]) -> bool:
    return any(not r.passed and r.severity == "fail" for r in results)
