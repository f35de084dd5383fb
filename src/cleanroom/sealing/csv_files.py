"""CSV files as batches of text: rows of another width are noted and left out, blank lines at the end are no rows."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from cleanroom.contracts.specification import DatasetContract
from cleanroom.sealing.batches import BATCH_ROWS, RawBatch, in_order, no_table, rebatched
from cleanroom.sealing.encodings import BLOCK_BYTES, Looked, look
from cleanroom.sealing.folder import ClearFile
from cleanroom.sealing.ordinary import open_ordinary
from cleanroom.vocabulary.terms import Encoding

_CODECS = {Encoding.UTF_8: ("utf-8-sig", "utf8"), Encoding.CP950: ("cp950", "cp950")}  # Python's and Arrow's names


def read(file: ClearFile, contract: DatasetContract) -> Iterator[RawBatch]:
    """Raises UndeclaredEncoding (a byte that was not declared), MalformedRows (no table, other columns)."""
    looked = look(file.path, file.source.encoding)
    rows = _Rows(looked.lines)
    try:
        header = _header(file.path, file.source.encoding)
        with open_ordinary(file.path) as source, _opened(source, file, looked, header, rows) as reader:
            order = in_order(reader.schema, contract, file.path.name)
            batches = (b.select(order).rename_columns(contract.column_names) for b in reader)
            yield from rows.without_blanks_at_the_end(rows.numbered(rebatched(batches)), contract)
    except pa.ArrowException:
        raise no_table(file.path.name, "csv_form") from None


def _opened(
    source: BinaryIO, file: ClearFile, looked: Looked, header: list[str], rows: "_Rows"
) -> pyarrow.csv.CSVStreamingReader:
    encoding = "utf8" if looked.ascii else _CODECS[file.source.encoding][1]
    return pyarrow.csv.open_csv(
        source,
        read_options=pyarrow.csv.ReadOptions(use_threads=False, encoding=encoding, block_size=BLOCK_BYTES),
        parse_options=pyarrow.csv.ParseOptions(
            newlines_in_values=looked.quotes, ignore_empty_lines=False, invalid_row_handler=rows.note_ragged
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
        ),
    )


def _header(path: Path, encoding: Encoding) -> list[str]:
    """The names as they stand in the file: a column whose type is not told is guessed, and a guess drops zeros."""
    with open_ordinary(path) as source:
        # As much as the reader takes of a row. What the cut leaves of a character at the end is not of the header.
        beginning = source.read(BLOCK_BYTES)
    text = io.TextIOWrapper(io.BytesIO(beginning), encoding=_CODECS[encoding][0], errors="ignore", newline="")
    try:
        header = next(csv.reader(text), [])
    except csv.Error:
        raise no_table(path.name, "csv_form") from None
    if len(beginning) == BLOCK_BYTES and not text.read(1):
        # No end in sight. Arrow's reader would refuse it too, and may leave a thread behind that ends this process.
        raise no_table(path.name, "csv_form")
    return header


class _Rows:
    """Counts rows as they stand in the file: those that were left out keep their numbers."""

    def __init__(self, expected: int):
        self._next, self._ragged, self._untold, self._expected = 1, deque(), [], expected

    def note_ragged(self, row: pyarrow.csv.InvalidRow) -> str:
        # The parser is at or ahead of the batch that was last given, and counts the header.
        self._ragged.append(row.number - 1)
        self._untold.append(row.number - 1)
        return "skip"

    def numbered(self, batches: Iterator[pa.RecordBatch]) -> Iterator[RawBatch]:
        for batch in batches:
            yield RawBatch(batch, self._numbers(batch.num_rows))

    def _numbers(self, count: int) -> pa.Array:
        left_out, end = [], self._next + count
        while self._ragged and self._ragged[0] < end:
            left_out.append(self._ragged.popleft())
            end += 1
        numbers = pa.arange(self._next, end)
        self._next = end
        return numbers.filter(pc.invert(pc.is_in(numbers, pa.array(left_out, pa.int64())))) if left_out else numbers

    def without_blanks_at_the_end(self, batches: Iterator[RawBatch], contract: DatasetContract) -> Iterator[RawBatch]:
        """Empty lines at the end of a file are not rows; one in the middle is, and fails its rules. Of those that may
        be either, only the numbers are kept. The last batch tells what is still to be told."""
        waiting: list[pa.Array] = []
        any_given = False
        for batch in batches:
            filled = _rows_before_blanks(batch.columns)
            if filled:
                for numbers in waiting:
                    yield from _blank_rows(numbers, contract)
                waiting.clear()
                columns, numbers = batch.columns.slice(0, filled), batch.row_numbers.slice(0, filled)
                yield RawBatch(columns, numbers, self._told(), self._expected)
                any_given = True
            if filled < batch.columns.num_rows:
                waiting.append(batch.row_numbers.slice(filled))
        if self._untold or not any_given:
            yield RawBatch(_blank(0, contract), pa.array([], pa.int64()), self._told())

    def _told(self) -> tuple[int, ...]:
        told, self._untold = tuple(self._untold), []
        return told


def _rows_before_blanks(columns: pa.RecordBatch) -> int:
    if any(column[-1].as_py() for column in columns.columns):
        return columns.num_rows
    filled = pa.scalar(False)
    for column in columns.columns:
        filled = pc.or_(filled, pc.greater(pc.binary_length(column), 0))
    places = pc.indices_nonzero(filled)
    return places[-1].as_py() + 1 if len(places) else 0


def _blank_rows(numbers: pa.Array, contract: DatasetContract) -> Iterator[RawBatch]:
    for start in range(0, len(numbers), BATCH_ROWS):
        part = numbers.slice(start, BATCH_ROWS)
        yield RawBatch(_blank(len(part), contract), part)


def _blank(count: int, contract: DatasetContract) -> pa.RecordBatch:
    schema = pa.schema([pa.field(name, pa.string()) for name in contract.column_names])
    return pa.record_batch([pa.repeat(pa.scalar(""), count)] * len(schema), schema=schema)
