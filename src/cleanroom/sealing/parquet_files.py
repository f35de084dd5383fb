"""Parquet files as batches of text, without loading the file: a few thousand rows are unpacked at a time.

A few bytes can stand for long values many times over, by a dictionary or by common beginnings. So the dictionary of
each group is looked at first; long texts are cut where they stand in it, once. One page takes what its header says, at
most the format's 2 GiB.
"""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleanroom.contracts.specification import DatasetContract
from cleanroom.errors import MalformedRows, Where
from cleanroom.sealing.batches import TYPED, RawBatch, in_order, no_table, numbered, rebatched
from cleanroom.sealing.folder import ClearFile
from cleanroom.sealing.ordinary import open_ordinary

_UNPACKED_ROWS = 16_384  # at a time
_UNPACKED_BYTES = 64 * 1024**2  # at a time, of a column whose values have one length
_PREFIXED_ROWS = 256  # at a time, where values are written as differences: how long they get is not known before
_LONGEST_TEXT = 1000  # characters; every rule refuses a longer text, so more of it is of no use
_READ_BYTES = 1024 * 1024
_CENT_DIGITS = 2


def read(file: ClearFile, contract: DatasetContract) -> Iterator[RawBatch]:
    """Raises MalformedRows: no table, other columns, floating point, a type that is no text."""
    name = file.path.name
    try:
        with open_ordinary(file.path) as source:
            table = pq.ParquetFile(source, buffer_size=_READ_BYTES, pre_buffer=False)
            texts = _Texts(table.schema_arrow, contract, name)
            batches = rebatched(texts.of(b) for b in _unpacked(file, table))
            given = False
            for batch in numbered(batches, expected=table.metadata.num_rows):
                yield batch
                given = True
            if not given:
                yield from numbered([texts.of(pa.RecordBatch.from_pylist([], table.schema_arrow))])
    except (pa.ArrowException, OSError, UnicodeDecodeError):  # the reader's own OSError: damaged pages and footers
        raise no_table(name, "parquet_form") from None


def _unpacked(file: ClearFile, table: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    texts = [f.name for f in table.schema_arrow if _has_lengths(f.type)]
    with open_ordinary(file.path) as source:
        packed = pq.ParquetFile(source, buffer_size=_READ_BYTES, pre_buffer=False, read_dictionary=texts)
        for group in range(table.metadata.num_row_groups):
            if table.metadata.row_group(group).num_rows:
                reader, rows = _how(table, packed, group)
                yield from reader.iter_batches(rows, row_groups=[group], use_threads=False)


def _how(table: pq.ParquetFile, packed: pq.ParquetFile, group: int) -> tuple[pq.ParquetFile, int]:
    """Which reader unpacks a group, and how many rows at a time. `packed` leaves values in their dictionary: slow, and
    only for groups whose dictionary holds longer texts than any that passes."""
    # Asked about a column that is encrypted, the library ends the process; asked for a row of it, it says so.
    next(table.iter_batches(1, row_groups=[group], use_threads=False), None)
    chunks = [table.metadata.row_group(group).column(i) for i in range(table.metadata.num_columns)]
    if any("DELTA" in encoding for c in chunks if c.physical_type == "BYTE_ARRAY" for encoding in c.encodings):
        return table, _PREFIXED_ROWS
    widest = max(f.type.byte_width if pa.types.is_fixed_size_binary(f.type) else 1 for f in table.schema_arrow)
    rows = max(1, min(_UNPACKED_ROWS, _UNPACKED_BYTES // widest))
    return (packed if _has_long_texts(packed, group) else table), rows


def _has_long_texts(packed: pq.ParquetFile, group: int) -> bool:
    """The first row brings the whole dictionary of its group along."""
    first = next(packed.iter_batches(1, row_groups=[group], use_threads=False), None)
    columns = first.columns if first else []
    dictionaries = [c.dictionary for c in columns if pa.types.is_dictionary(c.type)]
    return any(_longest(d) > _LONGEST_TEXT for d in dictionaries if _has_lengths(d.type))


def _has_lengths(kind: pa.DataType) -> bool:
    asked = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(ask(kind) for ask in asked)


def _longest(texts: pa.Array) -> int:
    """Bytes of the longest."""
    return pc.max(pc.binary_length(texts)).as_py() or 0


class _Texts:
    """Batches of the file's own types to text, in the contract's order."""

    def __init__(self, schema: pa.Schema, contract: DatasetContract, file: str):
        # Names that are no text come to light here.
        self._order = in_order(pa.schema([pa.field(f.name, f.type) for f in schema]), contract, file)
        self._file, self._names = file, contract.column_names
        self._days = {spec.name for spec in contract.fields if spec.physical_type == "date"}
        self._fields = [
            pa.field(n, pa.string(), metadata=TYPED if pa.types.is_temporal(schema.field(i).type) else None)
            for n, i in zip(self._names, self._order, strict=True)
        ]
        self.of(pa.RecordBatch.from_pylist([], schema))  # types that are no text come to light before a page is read

    def of(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        batch.validate(full=True)  # the reader takes text as it is
        columns = [self._text(batch.column(i), n) for n, i in zip(self._names, self._order, strict=True)]
        return pa.record_batch(columns, schema=pa.schema(self._fields))

    def _text(self, column: pa.Array, name: str) -> pa.Array:
        if pa.types.is_floating(column.type):
            raise MalformedRows(
                "the column is floating point, which cannot hold numbers exactly; store decimal or text",
                zh="此欄為浮點數，無法精確表示數值；請改存為十進位數或文字",
                where=Where(file=self._file, column=name),
                rule="no_floating_point",
            )
        try:
            if pa.types.is_timestamp(column.type):
                text = _timestamp_text(column)
                # Many programs know no days, only midnights.
                return pc.replace_substring_regex(text, r"T00:00:00(\.0+)?$", "") if name in self._days else text
            return _plain_text(column)
        except pa.ArrowException:
            raise no_table(self._file, "parquet_type", name) from None


def _plain_text(column: pa.Array) -> pa.Array:
    text = _cut(column)
    # The type's scale, not the amount, asks for these zeros.
    wide = pa.types.is_decimal(column.type) and column.type.scale > _CENT_DIGITS
    return pc.replace_substring_regex(text, r"\.?0+$", "") if wide else text


def _cut(column: pa.Array) -> pa.Array:
    """Text, none of it much longer than a text that passes; in a dictionary each is cut once."""
    if pa.types.is_dictionary(column.type) and _has_lengths(column.type.value_type):
        return pc.cast(pa.DictionaryArray.from_arrays(column.indices, _cut(column.dictionary)), pa.string())
    text = pc.cast(column, pa.string())
    return pc.utf8_slice_codeunits(text, 0, _LONGEST_TEXT + 1) if _longest(text) > _LONGEST_TEXT else text


def _timestamp_text(column: pa.Array) -> pa.Array:
    if column.type.tz is None:
        return pc.strftime(_micros(column, None), format="%Y-%m-%dT%H:%M:%S")
    utc = pc.cast(_micros(column, "UTC"), pa.timestamp("us"))
    return pc.binary_join_element_wise(pc.strftime(utc, format="%Y-%m-%dT%H:%M:%S"), "Z", "")


def _micros(column: pa.Array, timezone: str | None) -> pa.Array:
    """Nanoseconds are cut off: no rule asks for them."""
    return pc.cast(column, options=pc.CastOptions(pa.timestamp("us", timezone), allow_time_truncate=True))
