"""Parquet files as batches of text, without loading the file: a few thousand rows are unpacked at a time."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleanroom.contracts.specification import DatasetContract
from cleanroom.errors import MalformedRows, Where
from cleanroom.sealing.batches import TYPED, RawBatch, in_order, no_table, numbered, rebatched
from cleanroom.sealing.folder import ClearFile
from cleanroom.sealing.ordinary import open_ordinary

_UNPACKED_ROWS = 16_384  # a page of a few bytes may unpack to long values
_READ_BYTES = 1024 * 1024
_CENT_DIGITS = 2


def read(file: ClearFile, contract: DatasetContract) -> Iterator[RawBatch]:
    """Raises MalformedRows: no table, other columns, floating point, a type that is no text."""
    name = file.path.name
    try:
        with open_ordinary(file.path) as source:
            table = pq.ParquetFile(source, buffer_size=_READ_BYTES, pre_buffer=False)
            texts = _Texts(table.schema_arrow, contract, name)
            batches = rebatched(texts.of(b) for b in table.iter_batches(_UNPACKED_ROWS, use_threads=False))
            given = False
            for batch in numbered(batches, expected=table.metadata.num_rows):
                yield batch
                given = True
            if not given:
                yield from numbered([texts.of(pa.RecordBatch.from_pylist([], table.schema_arrow))])
    except (pa.ArrowException, OSError, UnicodeDecodeError):  # the reader's own OSError: damaged pages and footers
        raise no_table(name, "parquet_form") from None


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

    def of(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        batch.validate(full=True)  # the reader takes text as it is
        columns = [self._text(batch.column(i), n) for n, i in zip(self._names, self._order, strict=True)]
        return pa.record_batch(columns, schema=pa.schema(self._fields))

    def _text(self, column: pa.Array, name: str) -> pa.Array:
        if pa.types.is_floating(column.type):
            raise MalformedRows(
                "the column is floating point, which cannot hold numbers exactly; store decimal or text",
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
    text = pc.cast(column, pa.string())
    # The type's scale, not the amount, asks for these zeros.
    wide = pa.types.is_decimal(column.type) and column.type.scale > _CENT_DIGITS
    return pc.replace_substring_regex(text, r"\.?0+$", "") if wide else text


def _timestamp_text(column: pa.Array) -> pa.Array:
    if column.type.tz is None:
        return pc.strftime(_micros(column, None), format="%Y-%m-%dT%H:%M:%S")
    utc = pc.cast(_micros(column, "UTC"), pa.timestamp("us"))
    return pc.binary_join_element_wise(pc.strftime(utc, format="%Y-%m-%dT%H:%M:%S"), "Z", "")


def _micros(column: pa.Array, timezone: str | None) -> pa.Array:
    """Nanoseconds are cut off: no rule asks for them."""
    return pc.cast(column, options=pc.CastOptions(pa.timestamp("us", timezone), allow_time_truncate=True))
