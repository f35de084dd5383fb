"""One clear file, read and checked as a whole: typed columns, canonical identifiers, and everything that is wrong."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.specification import DatasetContract, Field
from cleanroom.contracts.tables import clear_schema
from cleanroom.crypto.columns import canonical_column, kinds_of
from cleanroom.sealing.findings import KNOWN_INSTITUTION, OWNER, Finding, Findings
from cleanroom.sealing.folder import ClearFile
from cleanroom.sealing.raw import RawTable, read_raw
from cleanroom.sealing.values import fold, typed
from cleanroom.vocabulary.terms import IdentifierKind


@dataclass(frozen=True)
class ClearRows:
    """`rows`: `clear_schema` and `row_number`; whole only where `findings` holds no failure."""

    file: ClearFile
    rows: pa.Table
    findings: Findings

    @property
    def found(self) -> list[Finding]:
        return self.findings.found


def read_rows(
    file: ClearFile, contract: DatasetContract, *, institution: str, known_institutions: Iterable[str]
) -> ClearRows:
    """Raises UndeclaredEncoding, MalformedRows where no table can be read; otherwise all findings are collected."""
    raw = read_raw(file, contract)
    findings = Findings(raw.row_numbers)
    findings.add_rows("column_count", None, raw.ragged)
    folded = pa.table({name: fold(raw.columns[name].combine_chunks()) for name in contract.column_names})
    columns = _typed_columns(file, contract, raw, folded, findings)
    for spec in contract.fields:
        if spec.is_identifier:
            columns[spec.name] = _canonical(spec, folded, columns, institution, findings)
    rows = _assemble(contract, columns, raw.row_numbers)
    _check_institutions(contract, rows, institution, known_institutions, findings)
    return ClearRows(file, rows, findings)


def _typed_columns(
    file: ClearFile, contract: DatasetContract, raw: RawTable, folded: pa.Table, findings: Findings
) -> dict[str, pa.Array]:
    return {
        spec.name: typed(
            spec,
            folded[spec.name].combine_chunks(),
            file.source,
            findings,
            gregorian=spec.name in raw.gregorian,
        )
        for spec in contract.fields
    }


def _canonical(
    spec: Field, folded: pa.Table, columns: dict[str, pa.Array], institution: str, findings: Findings
) -> pa.Array:
    text = folded[spec.name].combine_chunks()
    kinds = kinds_of(spec, folded)
    if spec.institution_column:
        institutions = columns[spec.institution_column]
    else:
        institutions = pa.repeat(pa.scalar(institution, pa.string()), len(text))
    # Only accounts are told apart by institution.
    account = pc.fill_null(pc.equal(kinds, IdentifierKind.ACCOUNT), False)
    institutions = pc.if_else(account, institutions, pa.scalar(None, pa.string()))
    column = canonical_column(kinds, institutions, text)
    for rule in pc.unique(column.rules).drop_null().to_pylist():
        findings.add(rule, spec.name, pc.equal(column.rules, rule), text)
    return column.values


def _assemble(contract: DatasetContract, columns: dict[str, pa.Array], row_numbers: pa.Array) -> pa.Table:
    schema = clear_schema(contract)
    arrays = [pc.cast(columns[spec.name], field.type) for spec, field in zip(contract.fields, schema, strict=True)]
    # Nulls in required columns are findings; the schema's promise is checked again when the rows are sealed.
    loose = pa.schema([field.with_nullable(True) for field in schema])
    return pa.table(arrays, schema=loose).append_column("row_number", row_numbers)


def _check_institutions(
    contract: DatasetContract, rows: pa.Table, institution: str, known: Iterable[str], findings: Findings
) -> None:
    coded = [spec.name for spec in contract.fields if spec.institution_code]
    allowed = pa.array(sorted({*known, institution}), pa.string())
    for name in coded:
        codes = rows[name].combine_chunks()
        findings.add(KNOWN_INSTITUTION, name, pc.and_(pc.is_valid(codes), pc.invert(pc.is_in(codes, allowed))), codes)
    if coded:
        findings.add(OWNER, coded[0], _all_foreign(rows, coded, institution))


def _all_foreign(rows: pa.Table, coded: list[str], institution: str) -> pa.Array:
    """Rows in which every party is named and none of them is the uploader."""
    foreign = pa.repeat(pa.scalar(True), rows.num_rows)
    for name in coded:
        foreign = pc.and_(foreign, pc.not_equal(rows[name].combine_chunks(), institution))
    return foreign
