"""Files to columns of text, whatever their format; nothing is interpreted yet.

Raises UndeclaredEncoding where bytes do not fit the declaration, MalformedRows where there is no table to read.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from cleanroom.contracts.specification import DatasetContract
from cleanroom.errors import MalformedRows, UndeclaredEncoding, Where
from cleanroom.sealing.folder import ClearFile
from cleanroom.vocabulary.terms import Encoding, FileFormat

_BLOCK_BYTES = 4 * 1024 * 1024
_CENT_DIGITS = 2
_CJK_FROM = "\u3000"  # below stand letters whose UTF-8 bytes can also be read as CP950


@dataclass(frozen=True)
class RawTable:
    """`columns`: text, one per field of the contract. `row_numbers`: 1-based data rows. `ragged`: rows that had
    another number of columns and are not in `columns`. `gregorian`: columns whose times the file itself typed."""

    columns: pa.Table
    row_numbers: pa.Array
    ragged: tuple[int, ...] = ()
    gregorian: frozenset[str] = frozenset()


def read_raw(file: ClearFile, contract: DatasetContract) -> RawTable:
    return _read_parquet(file.path, contract) if file.source.format == FileFormat.PARQUET else _read_csv(file, contract)


# --- CSV ----------------------------------------------------------------------------------------------------------


def _read_csv(file: ClearFile, contract: DatasetContract) -> RawTable:
    _check_encoding(file.path, file.source.encoding)
    header = _header(file.path, file.source.encoding)
    ragged: list[int] = []

    def note(row: pyarrow.csv.InvalidRow) -> str:
        ragged.append(row.number - 1)  # the reader counts the header
        return "skip"

    try:
        table = pyarrow.csv.read_csv(
            file.path,
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False, encoding=_codec(file.source.encoding), block_size=_BLOCK_BYTES
            ),
            parse_options=pyarrow.csv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowException:
        raise _no_table(file.path.name, "csv_form") from None
    table = _in_order(table, contract, file.path.name)
    numbers = _numbers(table.num_rows, ragged)
    kept = _rows_before_trailing_blanks(table)
    return RawTable(table.slice(0, kept), numbers.slice(0, kept), ragged=tuple(ragged))


def _header(path: Path, encoding: Encoding) -> list[str]:
    """The names as they stand in the file: a column whose type is not told is guessed, and a guess drops zeros."""
    with path.open(encoding="utf-8-sig" if encoding == Encoding.UTF_8 else encoding.value, newline="") as file:
        try:
            return next(csv.reader(file), [])
        except csv.Error:
            raise _no_table(path.name, "csv_form") from None


def _numbers(count: int, ragged: list[int]) -> pa.Array:
    if not ragged:
        return pa.array(range(1, count + 1), pa.int64())
    left_out = set(ragged)
    return pa.array([n for n in range(1, count + len(ragged) + 1) if n not in left_out], pa.int64())


def _rows_before_trailing_blanks(table: pa.Table) -> int:
    """Empty lines at the end of a file are not rows; one in the middle is, and fails its rules."""
    kept = table.num_rows
    while kept and all(not column[kept - 1].as_py() for column in table.columns):
        kept -= 1
    return kept


def _codec(encoding: Encoding) -> str:
    return "utf8" if encoding == Encoding.UTF_8 else encoding.value


def _check_encoding(path: Path, encoding: Encoding) -> None:
    """Every byte must be what was declared; and a file that is plainly UTF-8 is not CP950 by accident."""
    row = _first_undecodable_row(path, encoding.value)
    if row is not None:
        raise _undeclared(path, row, f"bytes in this row are not {encoding.value}, the declared encoding")
    if encoding == Encoding.CP950 and _is_chinese_utf8(path):
        raise _undeclared(path, None, "the file is UTF-8, and cp950 is declared")


def _first_undecodable_row(path: Path, codec: str) -> int | None:
    decoder, row = codecs.getincrementaldecoder(codec)(), 0
    for block in _blocks(path):
        if b"\0" in block:
            return row + block[: block.index(b"\0")].count(b"\n")
        pending = decoder.getstate()[0]
        try:
            decoder.decode(block)
        except UnicodeDecodeError as e:
            return row + (pending + block)[: e.start].count(b"\n")
        row += block.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return row
    return None


def _is_chinese_utf8(path: Path) -> bool:
    decoder, chinese = codecs.getincrementaldecoder("utf-8")(), False
    try:
        for block in _blocks(path):
            text = decoder.decode(block)
            chinese = chinese or (not text.isascii() and max(text) >= _CJK_FROM)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return chinese


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            yield block


def _undeclared(path: Path, row: int | None, sentence: str) -> UndeclaredEncoding:
    # Row 0 is the header.
    where = Where(file=path.name, row=row or None)
    return UndeclaredEncoding(f"{sentence}; declare the right one", where=where, rule="declared_encoding")


# --- Parquet ------------------------------------------------------------------------------------------------------


def _read_parquet(path: Path, contract: DatasetContract) -> RawTable:
    try:
        table = _whole_table(path.read_bytes())
    except (pa.ArrowException, OSError, UnicodeDecodeError):  # the reader's own OSError: damaged pages and footers
        raise _no_table(path.name, "parquet_form") from None
    table = _in_order(table, contract, path.name)
    typed = frozenset(f.name for f in table.schema if pa.types.is_temporal(f.type))
    days = {spec.name for spec in contract.fields if spec.physical_type == "date"}
    columns = pa.table({f.name: _as_text(table[f.name], f, path.name, day=f.name in days) for f in table.schema})
    return RawTable(columns, _numbers(table.num_rows, []), gregorian=typed)


def _whole_table(raw: bytes) -> pa.Table:
    table = pq.read_table(io.BytesIO(raw))
    table.validate(full=True)  # the reader takes text and names as they are
    return table.rename_columns(table.column_names)


def _as_text(column: pa.ChunkedArray, field: pa.Field, file: str, *, day: bool) -> pa.ChunkedArray:
    if pa.types.is_floating(field.type):
        raise MalformedRows(
            "the column is floating point, which cannot hold numbers exactly; store decimal or text",
            where=Where(file=file, column=field.name),
            rule="no_floating_point",
        )
    try:
        if pa.types.is_timestamp(field.type):
            text = _timestamp_text(column, field.type)
            # Many programs know no days, only midnights.
            return pc.replace_substring_regex(text, r"T00:00:00(\.0+)?$", "") if day else text
        text = pc.cast(column, pa.string())
        # The type's scale, not the amount, asks for these zeros.
        wide = pa.types.is_decimal(field.type) and field.type.scale > _CENT_DIGITS
        return pc.replace_substring_regex(text, r"\.?0+$", "") if wide else text
    except pa.ArrowException:
        raise _no_table(file, "parquet_type") from None


def _timestamp_text(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if kind.tz is None:
        return pc.strftime(_micros(column, None), format="%Y-%m-%dT%H:%M:%S")
    utc = pc.cast(_micros(column, "UTC"), pa.timestamp("us"))
    return pc.binary_join_element_wise(pc.strftime(utc, format="%Y-%m-%dT%H:%M:%S"), "Z", "")


def _micros(column: pa.ChunkedArray, timezone: str | None) -> pa.ChunkedArray:
    """Nanoseconds are cut off: no rule asks for them."""
    return pc.cast(column, options=pc.CastOptions(pa.timestamp("us", timezone), allow_time_truncate=True))


# --- both ---------------------------------------------------------------------------------------------------------


def _in_order(table: pa.Table, contract: DatasetContract, file: str) -> pa.Table:
    """Exactly the contract's columns, in its order. A column that nobody agreed on is refused: it may name people."""
    names = [name.strip("\ufeff ") for name in table.column_names]
    for rule, wrong in (
        ("missing_column", [n for n in contract.column_names if n not in names]),
        ("unknown_column", [n for n in names if n not in contract.column_names]),
        ("repeated_column", [n for n in contract.column_names if names.count(n) > 1]),
    ):
        if wrong:
            shown = wrong[0] if rule != "unknown_column" else None  # a header may be a row of data by mistake
            raise MalformedRows(
                f"the header does not hold the specification's columns, each once ({len(wrong)} wrong)",
                where=Where(file=file, column=shown),
                rule=rule,
            )
    return table.rename_columns(names).select(contract.column_names)


def _no_table(file: str, rule: str) -> MalformedRows:
    return MalformedRows("the file cannot be read as a table of its declared format", where=Where(file=file), rule=rule)
