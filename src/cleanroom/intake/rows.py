"""Opened rows to rows that land: whose they are, then the second hash. First hashes end here."""

from collections.abc import Callable, Iterable

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.specification import DatasetContract
from cleanroom.contracts.tables import HANDLES, incoming_schema, landed_schema
from cleanroom.crypto.columns import hash_columns, kinds_of
from cleanroom.crypto.encoding import to_text
from cleanroom.errors import NotTheOwner, Refusal, UnknownInstitution, Where
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import Dataset

SecondHash = Callable[[str, list], list]
"""(identifier kind, distinct first hashes) -> final tokens, in order."""


def check_owner(rows: pa.Table, contract: DatasetContract, *, participant: str, known: Iterable[str]) -> None:
    """Every institution code is known, and the uploader is a party of every row. Raises naming the first row."""
    coded = [spec.name for spec in contract.fields if spec.institution_code]
    allowed = pa.array(sorted({*known, participant}), pa.string())
    for name in coded:
        unknown = pc.invert(pc.is_in(rows[name], allowed))
        _refuse_rows(unknown, rows, name, UnknownInstitution, _UNKNOWN)
    if coded:
        foreign = pc.not_equal(rows[coded[0]], participant)
        for name in coded[1:]:
            foreign = pc.and_(foreign, pc.not_equal(rows[name], participant))
        _refuse_rows(foreign, rows, coded[0], NotTheOwner, _NO_PARTY)


def second_hash(rows: pa.Table, contract: DatasetContract, hash_of_kind: SecondHash) -> pa.Table:
    """Rows as they land, still without whose they are."""
    schema = incoming_schema(landed_schema(contract))
    names = [n for n in rows.column_names if n not in ("row_number", "handle")]
    sealed = dict(zip([spec.name for spec in contract.fields], names, strict=True))
    identifiers = {
        spec.name: (kinds_of(spec, rows), rows[sealed[spec.name]].combine_chunks())
        for spec in contract.fields
        if spec.is_identifier
    }
    tokens = hash_columns(identifiers, hash_of_kind, pa.string())
    columns = [tokens.get(spec.name, rows[sealed[spec.name]]) for spec in contract.fields]
    return pa.table([rows["row_number"], *columns], schema=schema)


def handles_of(rows: pa.Table, landed: pa.Table, contract: DatasetContract) -> pa.Table | None:
    """The way back, for datasets that carry it: token -> handle, one row per account."""
    if contract.dataset != Dataset.ACCOUNTS:
        return None
    handles = pa.array([to_text(handle) for handle in rows["handle"].to_pylist()], pa.string())
    return pa.table([landed["account_token"], handles], schema=incoming_schema(HANDLES))


_UNKNOWN = Both("name an unknown institution", "之機構代碼不明")
_NO_PARTY = Both("do not name the uploader as a party", "之當事機構均非上傳機構")


def _refuse_rows(bad: pa.ChunkedArray, rows: pa.Table, column: str, kind: type[Refusal], what: Both) -> None:
    numbers = rows["row_number"].filter(pc.fill_null(bad, False))
    if len(numbers):
        where = Where(row=numbers[0].as_py(), column=column)
        rule = "known_institution" if kind is UnknownInstitution else "owner"
        count = len(numbers)
        raise kind(f"{count} rows {what.en}", zh=f"{count} 列{what.zh_hant}", where=where, rule=rule)
