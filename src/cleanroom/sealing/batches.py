"""What files and queries are read into, whatever their form: batches of text columns, in which nothing is interpreted.

A batch is a bounded piece of the file, so memory does not grow with it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from cleanroom.contracts.specification import DatasetContract
from cleanroom.errors import MalformedRows, Where

BATCH_ROWS = 250_000  # of one part as well
BATCH_BYTES = 256 * 1024**2  # a batch of long values is cut before
TYPED = {b"calendar": b"gregorian"}  # metadata of a column whose days and times the file itself typed


@dataclass(frozen=True)
class RawBatch:
    """`columns`: text, one per field of the contract. `row_numbers`: 1-based data rows of the file. `ragged`: rows
    that had another number of columns and are in no batch. `expected`: rows of the whole file, about, where that is
    known. Pickled as Arrow IPC, which carries the batch alone and not the larger table that it is a slice of."""

    columns: pa.RecordBatch
    row_numbers: pa.Array
    ragged: tuple[int, ...] = ()
    expected: int | None = None

    @property
    def gregorian(self) -> frozenset[str]:
        """Columns whose times are Gregorian whatever is declared."""
        return frozenset(f.name for f in self.columns.schema if f.metadata == TYPED)

    def __reduce__(self) -> tuple:
        batch = self.columns.append_column("row_numbers", self.row_numbers)
        return _unpacked, (batch.schema.serialize().to_pybytes(), batch.serialize(), self.ragged, self.expected)


def _unpacked(schema: bytes, batch: pa.Buffer, ragged: tuple[int, ...], expected: int | None) -> RawBatch:
    columns = pa.ipc.read_record_batch(batch, pa.ipc.read_schema(pa.py_buffer(schema)))
    return RawBatch(columns.remove_column(columns.num_columns - 1), columns["row_numbers"], ragged, expected)


def numbered(batches: Iterable[pa.RecordBatch], *, expected: int | None = None) -> Iterator[RawBatch]:
    """For sources in which nothing is left out."""
    first = 1
    for batch in batches:
        yield RawBatch(batch, pa.arange(first, first + batch.num_rows), expected=expected)
        first += batch.num_rows


def rebatched(
    batches: Iterable[pa.RecordBatch], *, rows: int = BATCH_ROWS, most_bytes: int = BATCH_BYTES
) -> Iterator[pa.RecordBatch]:
    """Of `rows` rows each but the last, fewer where they would take more than `most_bytes`; none of no rows."""
    waiting: list[pa.RecordBatch] = []
    count = size = 0
    for batch in batches:
        waiting.append(batch)
        count, size = count + batch.num_rows, size + batch.nbytes
        while count >= rows or (size > most_bytes and count):
            whole = _whole(waiting)
            yield whole.slice(0, rows)
            waiting = [whole.slice(rows)] if count > rows else []
            count, size = max(count - rows, 0), waiting[0].nbytes if waiting else 0
    if count:
        yield _whole(waiting)


def _whole(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def in_order(schema: pa.Schema, contract: DatasetContract, file: str) -> list[int]:
    """Where each column of the contract stands. A column that nobody agreed on is refused: it may name people."""
    names = [name.strip("\ufeff ") for name in schema.names]
    for rule, wrong in (
        ("missing_column", [n for n in contract.column_names if n not in names]),
        ("unknown_column", [n for n in names if n not in contract.column_names]),
        ("repeated_column", [n for n in contract.column_names if names.count(n) > 1]),
    ):
        if wrong:
            shown = wrong[0] if rule != "unknown_column" else None  # a header may be a row of data by mistake
            raise MalformedRows(
                f"the header does not hold the specification's columns, each once ({len(wrong)} wrong)",
                zh=f"欄名列未恰含資料規格之各欄位一次（{len(wrong)} 處不符）",
                where=Where(file=file, column=shown),
                rule=rule,
            )
    return [names.index(n) for n in contract.column_names]


def no_table(file: str, rule: str, column: str | None = None) -> MalformedRows:
    where = Where(file=file, column=column)
    return MalformedRows(
        "the file cannot be read as a table of its declared format",
        zh="檔案無法依其申報格式讀為表格",
        where=where,
        rule=rule,
    )
