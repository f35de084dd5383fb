"""What is wrong with a file: every rule, every row of the whole file, in one report that its staff can work from."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.messages import RuleResult
from cleanroom.contracts.whole_files import write_whole
from cleanroom.errors import CleanroomError, MalformedRows, NotTheOwner, QualityGateFailed, UnknownInstitution, Where
from cleanroom.quality.drift import Drift
from cleanroom.sealing.sentences import RULES
from cleanroom.vocabulary.both import Both

ROW_CAP = 10_000  # row numbers listed per rule; `failed_rows` counts them all
VALUE_CAP = 20  # different examples per rule; they stay at the institution
SHOWN_CAP = 1000  # first failing rows per rule whose value is told beside their number
SAID_CAP = 10  # row numbers in a sentence, where no report is written
VALUE_LENGTH = 200  # of each value that is told

KNOWN_INSTITUTION, OWNER = "known_institution", "owner"
_KINDS: dict[str, type[CleanroomError]] = {KNOWN_INSTITUTION: UnknownInstitution, OWNER: NotTheOwner}


@dataclass(frozen=True)
class Finding:
    """One broken rule. `row_numbers` are 1-based data rows, ascending, capped at ROW_CAP. `shown`: row number and
    value of the first of them, capped at SHOWN_CAP."""

    rule: str
    column: str | None
    severity: str
    failed_rows: int
    row_numbers: tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    shown: tuple[tuple[int, str], ...] = ()


@dataclass
class Findings:
    """Collects while a batch is checked. `row_numbers` gives the file's row number of each position."""

    row_numbers: pa.Array
    found: list[Finding] = field(default_factory=list)

    def add(self, rule: str, column: str, bad: pa.Array, values: pa.Array | None = None) -> None:
        """`bad`: a boolean per row; nulls are not bad."""
        mask = pc.fill_null(bad, False)
        rows = self.row_numbers.filter(mask)
        if not len(rows):
            return
        wrong = pa.array([], pa.string()) if values is None else values.filter(mask)
        numbers = tuple(rows[:ROW_CAP].to_pylist())
        shown = tuple(zip(numbers, _texts(wrong[:SHOWN_CAP]), strict=False))
        self.found.append(
            Finding(rule, column, "fail", len(rows), numbers, _texts(pc.unique(wrong)[:VALUE_CAP]), shown)
        )

    def add_rows(self, rule: str, column: str | None, rows: Iterable[int]) -> None:
        numbers = sorted(rows)
        if numbers:
            self.found.append(Finding(rule, column, "fail", len(numbers), tuple(numbers[:ROW_CAP])))


class Total:
    """The findings of a whole file, added up batch after batch: counts are exact, row numbers and values are capped."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None, str], Finding] = {}

    def add(self, found: Iterable[Finding]) -> None:
        for finding in found:
            key = finding.rule, finding.column, finding.severity
            before = self._found.get(key)
            self._found[key] = finding if before is None else _joined(before, finding)

    def add_gate(self, results: Iterable[RuleResult]) -> None:
        self.add(
            Finding(r.rule, r.column, r.severity, r.failed_rows, tuple(r.row_numbers)) for r in results if not r.passed
        )

    def add_drifts(self, drifts: Iterable[Drift]) -> None:
        """What was usual and what is now, as the values of the gate's warnings."""
        self.add(Finding(d.rule, d.column, "warn", 0, values=(str(d),)) for d in drifts)

    @property
    def found(self) -> list[Finding]:
        return list(self._found.values())

    @property
    def failed(self) -> bool:
        return any(f.severity == "fail" for f in self._found.values())


def _joined(one: Finding, later: Finding) -> Finding:
    return replace(
        one,
        failed_rows=one.failed_rows + later.failed_rows,
        row_numbers=(one.row_numbers + later.row_numbers)[:ROW_CAP],
        values=tuple(dict.fromkeys(one.values + later.values))[:VALUE_CAP],
        shown=(one.shown + later.shown)[:SHOWN_CAP],
    )


def _texts(values: pa.Array) -> tuple[str, ...]:
    texts = ("" if v is None else str(v) for v in values.to_pylist())
    return tuple(t if len(t) <= VALUE_LENGTH else f"{t[:VALUE_LENGTH]}…" for t in texts)


def finding_of(refusal: CleanroomError) -> Finding:
    """The refusal of a file that could not be read as a table, as the one line of its report."""
    rows = () if refusal.where.row is None else (refusal.where.row,)
    return Finding(refusal.rule or refusal.reason, refusal.where.column, "fail", len(rows), rows)


def refusal_of(file: str, found: list[Finding], *, gate: bool = False, reported: bool = True) -> CleanroomError | None:
    """The refusal that a file's findings amount to, or None. Form comes first, then institutions, then owners.

    `reported`: a complete report is written beside the data; else the sentence names every broken rule
    and its first rows itself.
    """
    failed = [f for f in found if f.severity == "fail"]
    if not failed:
        return None
    first = min(failed, key=lambda f: (f.rule in _KINDS, f.rule == OWNER))
    kind = QualityGateFailed if gate else _KINDS.get(first.rule, MalformedRows)
    others = [f for f in failed if f is not first]
    said = _broken(first, len(others) if reported else 0)
    rest = _report_at(file) if reported else _places(first, others)
    row = first.row_numbers[0] if first.row_numbers else None
    where = Where(file=file, row=row, column=first.column)
    return kind(said.en + rest.en, zh=said.zh_hant + rest.zh_hant, where=where, rule=first.rule)


def _broken(first: Finding, others: int) -> Both:
    """How many rows break the rule, what it asks (in Chinese; English rules are named so that they say it), and how
    many other rules are broken."""
    asks = _asks(first)
    english = _counted(first.failed_rows, "row breaks", "rows break") if first.failed_rows else "the file breaks"
    chinese = f"{first.failed_rows} 列" if first.failed_rows else "檔案"
    also = f", and {_counted(others, 'other rule is', 'other rules are')} broken" if others else ""
    also_zh = f"，另違反 {others} 項規則" if others else ""
    return Both(f"{english} the rule {first.rule}{also}", f"{chinese}不符規則：{asks}{also_zh}")


def _report_at(file: str) -> Both:
    name = report_name(file)
    return Both(f"; the complete report is {name}", f"；完整報告為 {name}")


def _places(first: Finding, others: list[Finding]) -> Both:
    """The first rows of the rule that the sentence is about, then every other broken rule with its column and row."""
    english, chinese = "", ""
    if rows := first.row_numbers[:SAID_CAP]:
        dots = " …" if first.failed_rows > SAID_CAP else ""
        english = f"; {'row' if len(rows) == 1 else 'rows'} {', '.join(map(str, rows))}{dots}"
        chinese = f"；列號 {'、'.join(map(str, rows))}{dots}"
    if others:
        english += f"; also broken: {', '.join(_place(f).en for f in others)}"
        chinese += f"；另不符：{'、'.join(_place(f).zh_hant for f in others)}"
    return Both(english, chinese)


def _place(found: Finding) -> Both:
    row = found.row_numbers[:1]
    english = ", ".join([*filter(None, [found.column]), *(f"from row {n} on" if found.failed_rows > 1 else f"row {n}"
                                                          for n in row)])  # fmt: skip
    chinese = "，".join([*filter(None, [found.column]), *(f"第 {n} 列{'起' if found.failed_rows > 1 else ''}"
                                                         for n in row)])  # fmt: skip
    asks = _asks(found)
    return Both(f"{found.rule} ({english})" if english else found.rule, f"{asks}（{chinese}）" if chinese else asks)


def _asks(found: Finding) -> str:
    return RULES[found.rule].asks_zh.rstrip("。") if found.rule in RULES else found.rule


def report_name(file: str) -> str:
    return f"{file}.errors.json"


def write_report(folder: Path, file: str, *, rows: int, found: list[Finding], refusal: CleanroomError | None) -> Path:
    """Beside the data, readable by its owner alone: it holds values."""
    report = {
        "file": file,
        "rows": rows,
        "reason": refusal.reason if refusal else None,
        "sentence": str(refusal) if refusal else None,
        "rules": [_as_json(f) for f in found],
    }
    path = folder / report_name(file)
    text = json.dumps(report, ensure_ascii=False, indent=1).encode()
    write_whole(path, lambda target: target.write(text))
    return path


def _as_json(finding: Finding) -> dict:
    return {
        "rule": finding.rule,
        "column": finding.column,
        "severity": finding.severity,
        "failed_rows": finding.failed_rows,
        "row_numbers": list(finding.row_numbers),
        "row_numbers_complete": len(finding.row_numbers) == finding.failed_rows,
        "values": list(finding.values),
    }


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
