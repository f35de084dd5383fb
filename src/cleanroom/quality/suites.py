"""Writes the expectation suites from the data specification: one file per gate and dataset under `expectations/`.

    python -m cleanroom.quality.suites            write them again
    python -m cleanroom.quality.suites --check    exit 1 where a file differs from the specification

The files are Great Expectations suites. Values that belong to one submission stand in them as parameters:
`period_start`, `period_end` (exclusive), `period_last`, `known_institutions`. Each expectation's `meta` holds the
rule's name, the field to look at, its severity (`fail` quarantines the file, `warn` is counted and shown) and one
sentence in each language.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from cleanroom.contracts.specification import DatasetContract, Field, load_specification
from cleanroom.contracts.tables import cents_name
from cleanroom.quality.checks import checks_of
from cleanroom.settings import project_root
from cleanroom.vocabulary.terms import Dataset

STATIONS = SEALING, INTAKE = "sealing", "intake"
TOKEN_PATTERN = "^[0-9a-f]{32}$"  # noqa: S105 - the shape of a landed identifier, not a secret

# Rows that must not be there twice although no single column is unique.
NO_DUPLICATES = {
    Dataset.LIST_EVENTS: ("subject", "list", "event", "occurred_at", "case_no"),
    Dataset.CROSS_INDUSTRY_LIST: ("identifier", "list", "listed_at"),
    Dataset.HOLDINGS: ("holder", "asset", "held_from"),
    Dataset.CONTACTS: ("caller", "callee", "started_at"),
}
# An institution may have nothing to tell in a period, except for these.
NEVER_EMPTY = (Dataset.TRANSFERS, Dataset.ACCOUNTS)

_SEVERITY = {"fail": "critical", "warn": "warning"}  # Great Expectations' own words


def column_name(spec: Field, station: str) -> str:
    """The column of a field at a gate: clear at sealing, token at intake, cents at both."""
    if spec.is_identifier and station == INTAKE:
        return f"{spec.name}_token"
    return cents_name(spec.name) if spec.physical_type.startswith("decimal") else spec.name


def build_suite(station: str, dataset: Dataset, version: int = 1) -> dict:
    """The suite of one gate for one dataset, as the JSON object that lies in `expectations/`."""
    contract = load_specification(version).datasets[dataset]
    return {
        "name": f"{station}.{dataset}",
        "meta": {"specification_version": version, "station": station, "dataset": str(dataset)},
        "expectations": list(_expectations(contract, station)),
    }


def _expectations(contract: DatasetContract, station: str) -> Iterator[dict]:
    yield _columns_present(contract, station)
    yield _row_count(contract)
    for spec in contract.fields:
        yield from _field_rules(spec, column_name(spec, station), station)
    yield from _duplicates(contract, station)
    for check in checks_of(contract.dataset):
        yield _rule(
            "expect_column_values_to_be_in_set",
            {"column": check.check_column, "value_set": [True]},
            f"{check.column}.{check.name}",
            check.column,
            check.severity,
            check.en,
            check.zh_hant,
        )


def _columns_present(contract: DatasetContract, station: str) -> dict:
    names = [column_name(f, station) for f in contract.fields]
    return _rule(
        "expect_table_columns_to_match_set",
        {"column_set": names, "exact_match": False},
        "columns",
        None,
        "fail",
        "Every column of the specification must be there.",
        "須有資料規格之所有欄位。",
    )


def _row_count(contract: DatasetContract) -> dict:
    return _rule(
        "expect_table_row_count_to_be_between",
        {"min_value": 1},
        "rows",
        None,
        "fail" if contract.dataset in NEVER_EMPTY else "warn",
        "The file should hold at least one row.",
        "檔案應至少有一列。",
    )


def _field_rules(spec: Field, column: str, station: str) -> Iterator[dict]:
    for kind, type_, kwargs, en, zh_hant in _field_kinds(spec, station):
        yield _rule(type_, {"column": column, **kwargs}, f"{spec.name}.{kind}", spec.name, "fail", en, zh_hant)


def _field_kinds(spec: Field, station: str) -> Iterator[tuple[str, str, dict, str, str]]:
    """(kind, expectation type, arguments, sentence, 句) for each rule that the specification gives a field."""
    if spec.required:
        en, zh_hant = f"{spec.name} must be given.", f"{spec.description_zh}不得空白。"
        yield "required", "expect_column_values_to_not_be_null", {}, en, zh_hant
    if spec.unique:
        en, zh_hant = f"{spec.name} must not stand twice in one file.", f"{spec.description_zh}於同一檔案不得重複。"
        yield "unique", "expect_column_values_to_be_unique", {}, en, zh_hant
    if spec.enum:
        en = f"{spec.name} must be one of {', '.join(spec.enum)}."
        zh_hant = f"{spec.description_zh}須為 {'、'.join(spec.enum)} 之一。"
        yield "enum", "expect_column_values_to_be_in_set", {"value_set": list(spec.enum)}, en, zh_hant
    yield from _text_kinds(spec, station)
    yield from _number_kinds(spec)
    yield from _time_kinds(spec)


def _text_kinds(spec: Field, station: str) -> Iterator[tuple[str, str, dict, str, str]]:
    if spec.max_length:
        en = f"{spec.name} has at most {spec.max_length} characters."
        zh_hant = f"{spec.description_zh}至多 {spec.max_length} 字。"
        kwargs = {"min_value": 0, "max_value": spec.max_length}
        yield "max_length", "expect_column_value_lengths_to_be_between", kwargs, en, zh_hant
    pattern = TOKEN_PATTERN if spec.is_identifier and station == INTAKE else spec.pattern
    if pattern:
        en, zh_hant = f"{spec.name} must have the form {pattern}.", f"{spec.description_zh}須符合 {pattern}。"
        yield "pattern", "expect_column_values_to_match_regex", {"regex": pattern}, en, zh_hant
    if spec.institution_code:
        en, zh_hant = f"{spec.name} must be a known institution code.", f"{spec.description_zh}須為已知機構代碼。"
        kwargs = {"value_set": {"$PARAMETER": "known_institutions"}}
        yield "known_institution", "expect_column_values_to_be_in_set", kwargs, en, zh_hant


def _number_kinds(spec: Field) -> Iterator[tuple[str, str, dict, str, str]]:
    scale = 100 if spec.physical_type.startswith("decimal") else 1  # the column is in cents
    if spec.exclusive_minimum is not None:
        en = f"{spec.name} must be greater than {spec.exclusive_minimum:g}."
        zh_hant = f"{spec.description_zh}須大於 {spec.exclusive_minimum:g}。"
        kwargs = {"min_value": round(spec.exclusive_minimum * scale), "strict_min": True}
        yield "minimum", "expect_column_values_to_be_between", kwargs, en, zh_hant
    elif spec.minimum is not None:
        en = f"{spec.name} must be at least {spec.minimum:g}."
        zh_hant = f"{spec.description_zh}須不小於 {spec.minimum:g}。"
        kwargs = {"min_value": round(spec.minimum * scale)}
        yield "minimum", "expect_column_values_to_be_between", kwargs, en, zh_hant


def _time_kinds(spec: Field) -> Iterator[tuple[str, str, dict, str, str]]:
    if spec.within_period:
        en = f"{spec.name} must lie inside the submission's period."
        zh_hant = f"{spec.description_zh}須在上傳期間內。"
        kwargs = {
            "min_value": {"$PARAMETER": "period_start"},
            "max_value": {"$PARAMETER": "period_end"},
            "strict_max": True,
        }
        yield "period", "expect_column_values_to_be_between", kwargs, en, zh_hant
    elif spec.physical_type in ("date", "timestamp") and spec.required:
        bound = "period_last" if spec.physical_type == "date" else "period_end"
        en = f"{spec.name} must not lie after the submission's period."
        zh_hant = f"{spec.description_zh}不得晚於上傳期間。"
        kwargs = {"max_value": {"$PARAMETER": bound}, "strict_max": spec.physical_type == "timestamp"}
        yield "not_after_period", "expect_column_values_to_be_between", kwargs, en, zh_hant


def _duplicates(contract: DatasetContract, station: str) -> Iterator[dict]:
    names = NO_DUPLICATES.get(contract.dataset)
    if names:
        columns = [column_name(contract.field(n), station) for n in names]
        en = f"The same row (by {', '.join(names)}) should stand once."
        zh_hant = f"相同資料列（{'、'.join(names)}）應僅一列。"
        kwargs = {"column_list": columns}
        yield _rule("expect_compound_columns_to_be_unique", kwargs, "rows.unique", None, "warn", en, zh_hant)


def _rule(type_: str, kwargs: dict, rule: str, column: str | None, severity: str, en: str, zh_hant: str) -> dict:
    meta = {"rule": rule, "column": column, "severity": severity, "en": en, "zh_hant": zh_hant}
    return {"type": type_, "kwargs": kwargs, "meta": meta, "severity": _SEVERITY[severity]}


def render(suite: dict) -> str:
    return json.dumps(suite, ensure_ascii=False, indent=2) + "\n"


def suite_files(folder: Path) -> dict[Path, str]:
    """Every suite file and what it should hold."""
    return {
        folder / station / f"{dataset}.json": render(build_suite(station, dataset))
        for station in STATIONS
        for dataset in Dataset
    }


def drifted(folder: Path) -> list[Path]:
    """Files that differ from the specification, are missing, or belong to no dataset."""
    wanted = suite_files(folder)
    different = [p for p, text in wanted.items() if not p.is_file() or p.read_text(encoding="utf-8") != text]
    return different + sorted(set(folder.rglob("*.json")) - set(wanted))


def write_suites(folder: Path) -> int:
    for path, text in suite_files(folder).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return len(suite_files(folder))


def main(argv: list[str]) -> int:
    folder = project_root() / "expectations"
    if argv == ["--check"]:
        found = drifted(folder)
        for path in found:
            print(f"{path.relative_to(folder.parent)} differs from the data specification: write the suites again")
        return 1 if found else 0
    print(f"{write_suites(folder)} suites written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
