"""Opened rows to landed rows: whose they are, then the second hash. First hashes end here."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.contracts.specification import DatasetContract
from cleanroom.contracts.tables import HANDLES, landed_schema
from cleanroom.crypto.columns import HashOfKind, hash_columns, kinds_of
from cleanroom.crypto.encoding import to_text
from cleanroom.errors import NotTheOwner, Refusal, UnknownInstitution, Where
from cleanroom.vocabulary.terms import Dataset, IdentifierKind


def check_owner(rows: pa.Table, contract: DatasetContract, *, participant: str, known: Iterable[str]) -> None:
    """Every institution code is known, and the uploader is a party of every row. Raises naming the first row."""
    coded = [spec.name for spec in contract.fields if spec.institution_code]
    allowed = pa.array(sorted({*known, participant}), pa.string())
    for name in coded:
        _refuse_rows(
            pc.invert(pc.is_in(rows[name], allowed)), rows, name, UnknownInstitution, "name an unknown institution"
        )
    if coded:
        foreign = pc.not_equal(rows[coded[0]], participant)
        for name in coded[1:]:
            foreign = pc.and_(foreign, pc.not_equal(rows[name], participant))
        _refuse_rows(foreign, rows, coded[0], NotTheOwner, "do not name the uploader as a party")


def second_hash(
    rows: pa.Table, contract: DatasetContract, second: HashOfKind, *, participant: str, submission_id: str
) -> pa.Table:
    """Rows of `landed_schema`. `second`: the second hash of this submission's key."""
    count = rows.num_rows
    columns = [pa.repeat(participant, count), pa.repeat(submission_id, count), rows["row_number"]]
    names = [n for n in rows.column_names if n not in ("row_number", "handle")]
    first = {
        name: (kinds_of(spec, rows), rows[name].combine_chunks())
        for spec, name in zip(contract.fields, names, strict=True)
        if spec.is_identifier
    }
    tokens = hash_columns(first, second, pa.string())
    for spec, name in zip(contract.fields, names, strict=True):
        columns.append(tokens[name] if spec.is_identifier else rows[name])
    return pa.table(columns, schema=landed_schema(contract))


def handles_of(rows: pa.Table, landed: pa.Table, contract: DatasetContract) -> pa.Table | None:
    """The way back, for datasets that carry it: token -> handle, one row per account."""
    if contract.dataset != Dataset.ACCOUNTS:
        return None
    handles = pa.array([to_text(handle) for handle in rows["handle"].to_pylist()], pa.string())
    columns = [landed["participant"], landed["submission_id"], landed["account_token"], handles]
    return pa.table(columns, schema=HANDLES)


def own_accounts(landed: pa.Table, dataset: Dataset) -> tuple[str, pa.Array] | None:
    """Column and tokens of the accounts that the uploader says it keeps, where the dataset says so."""
    if dataset == Dataset.ACCOUNTS:
        return "account", landed["account_token"].combine_chunks()
    if dataset == Dataset.LIST_EVENTS:
        account = pc.equal(landed["subject_kind"], IdentifierKind.ACCOUNT.value)
        return "subject", landed["subject_token"].filter(account).combine_chunks()
    return None


def check_not_kept_elsewhere(landed: pa.Table, dataset: Dataset, kept_by_others: pa.Array) -> None:
    """`kept_by_others`: account tokens that another participant issued handles for."""
    own = own_accounts(landed, dataset)
    if own is None:
        return
    column, tokens = own
    taken = pc.sum(pc.is_in(tokens, kept_by_others)).as_py() or 0
    if taken:
        raise NotTheOwner(
            f"{taken} rows claim accounts that another participant keeps",
            where=Where(column=column),
            rule="kept_elsewhere",
        )


def _refuse_rows(bad: pa.ChunkedArray, rows: pa.Table, column: str, kind: type[Refusal], what: str) -> None:
    numbers = rows["row_number"].filter(pc.fill_null(bad, False))
    if len(numbers):
        where = Where(row=numbers[0].as_py(), column=column)
        rule = "known_institution" if kind is UnknownInstitution else "owner"
        raise kind(f"{len(numbers)} rows {what}", where=where, rule=rule)
