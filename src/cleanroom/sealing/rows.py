"""One batch of a clear file, checked: typed columns, canonical identifiers, and everything that is wrong with it."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.manifest import Source
from cleanroom.contracts.specification import DatasetContract, Field
from cleanroom.contracts.tables import clear_schema
from cleanroom.crypto.columns import canonical_column, kinds_of
from cleanroom.sealing.batches import RawBatch
from cleanroom.sealing.findings import KNOWN_INSTITUTION, OWNER, Finding, Findings
from cleanroom.sealing.values import fold, typed
from cleanroom.vocabulary.terms import IdentifierKind


@dataclass(frozen=True)
class Rules:
    """What every batch of one file is checked against. `known_institutions`: codes; the uploader's own is one."""

    contract: DatasetContract
    source: Source
    institution: str
    known_institutions: tuple[str, ...]


@dataclass(frozen=True)
class ClearBatch:
    """`rows`: `clear_schema` and `row_number`; whole only where nothing was `found`."""

    rows: pa.Table
    found: list[Finding]


def check_batch(raw: RawBatch, rules: Rules) -> ClearBatch:
    findings = Findings(raw.row_numbers)
    findings.add_rows("column_count", None, raw.ragged)
    names = rules.contract.column_names
    folded = pa.record_batch({name: fold(raw.columns[name]) for name in names})
    columns = _typed_columns(raw, rules, folded, findings)
    for spec in rules.contract.fields:
        if spec.is_identifier:
            columns[spec.name] = _canonical(spec, folded, columns, rules.institution, findings)
    _check_institutions(rules, columns, findings)
    return ClearBatch(_assemble(rules.contract, columns, raw.row_numbers), findings.found)


def _typed_columns(raw: RawBatch, rules: Rules, folded: pa.RecordBatch, findings: Findings) -> dict[str, pa.Array]:
    gregorian = raw.gregorian
    return {
        spec.name: typed(spec, folded[spec.name], rules.source, findings, gregorian=spec.name in gregorian)
        for spec in rules.contract.fields
    }


def _canonical(
    spec: Field, folded: pa.RecordBatch, columns: dict[str, pa.Array], institution: str, findings: Findings
) -> pa.Array:
    text, kinds = folded[spec.name], kinds_of(spec, folded)
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


def _check_institutions(rules: Rules, columns: dict[str, pa.Array], findings: Findings) -> None:
    coded = [spec.name for spec in rules.contract.fields if spec.institution_code]
    allowed = pa.array(sorted({*rules.known_institutions, rules.institution}), pa.string())
    for name in coded:
        codes = columns[name]
        findings.add(KNOWN_INSTITUTION, name, pc.and_(pc.is_valid(codes), pc.invert(pc.is_in(codes, allowed))), codes)
    if coded:
        findings.add(OWNER, coded[0], _all_foreign([columns[name] for name in coded], rules.institution))


def _all_foreign(coded: list[pa.Array], institution: str) -> pa.Array:
    """Rows in which every party is named and none of them is the uploader."""
    foreign = pa.scalar(True)
    for codes in coded:
        foreign = pc.and_(foreign, pc.not_equal(codes, institution))
    return foreign
