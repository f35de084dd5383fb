"""Arrow columns to plain arrays, without a copy where the types allow it; what can't be meant is refused by its row."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cleanroom.errors import MalformedRows, Where
from cleanroom.lookout.kernels.loading import kernels
from cleanroom.vocabulary.both import Both

ENDS = "sender_account_token", "receiver_account_token"
REST = "transfer_id", "executed_at", "amount_cents"
COLUMNS = (*REST, *ENDS)
_BYTES = 16


@dataclass(frozen=True)
class Rows:
    """Transfers as they come: int64[n] times and cents, uint8[n, 16] ids and tokens."""

    time_us: np.ndarray
    amount_cents: np.ndarray
    transfer_id: np.ndarray
    sender: np.ndarray
    receiver: np.ndarray

    def __len__(self) -> int:
        return len(self.time_us)


def rows_of(table: pa.Table | pa.RecordBatch, *, file: str | None = None, before: int = 0) -> Rows:
    """`before`: rows of the file that come before these, for messages.

    Raises MalformedRows where a column is missing or of another type, a value is missing or can't be one.
    """
    transfer_id, time_us, amount = rest_of(table, file=file, before=before)
    return Rows(time_us, amount, transfer_id, *ends_of(table, file=file, before=before))


def ends_of(table: pa.Table | pa.RecordBatch, *, file: str | None, before: int) -> tuple[np.ndarray, ...]:
    """Senders' and receivers' tokens of what has these columns; raises as `rows_of`."""
    reader = Reader(table, file, before)
    return tuple(reader.sixteen_bytes(name) for name in ENDS)


def rest_of(table: pa.Table | pa.RecordBatch, *, file: str | None, before: int) -> tuple[np.ndarray, ...]:
    """Ids, moments and amounts of what has these columns; raises as `rows_of`."""
    reader = Reader(table, file, before)
    transfer_id, time_us, amount = REST
    return reader.sixteen_bytes(transfer_id), reader.moments(time_us), reader.amounts(amount)


@dataclass(frozen=True)
class Reader:
    """Columns of a table as arrays; what can't be one is refused by its row. `before`: rows of the file before them."""

    table: pa.Table | pa.RecordBatch
    file: str | None
    before: int

    def column(self, name: str) -> pa.Array:
        if name not in self.table.schema.names:
            raise self.refused(Both("the column is missing", "缺少此欄位"), name)
        column = self.table.column(name)
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
            column = column if isinstance(column, pa.Array) else pa.concat_arrays(column.chunks)
        if column.null_count:
            raise self.refused(Both("a value is missing", "有空值"), name, int(np.argmax(np.asarray(column.is_null()))))
        return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column

    def moments(self, name: str) -> np.ndarray:
        column = self.column(name)
        if not pa.types.is_timestamp(column.type):
            raise self.refused(Both("must be a timestamp", "須為時間戳記"), name)
        if column.type.unit == "us":  # `cast` would import more of pyarrow
            return _values(column, np.int64)
        try:
            exact = column.cast(pa.timestamp("us", column.type.tz))
        except pa.ArrowInvalid:
            raise self.refused(Both("must be whole microseconds", "須為整數微秒"), name) from None
        return _values(exact, np.int64)

    def amounts(self, name: str) -> np.ndarray:
        column = self.column(name)
        if column.type != pa.int64():
            raise self.refused(Both("must be int64", "須為 int64"), name)
        values = _values(column, np.int64)
        if len(values) and values.min() <= 0:
            raise self.refused(Both("must be over 0", "須大於 0"), name, int(np.argmax(values <= 0)))
        return values

    def sixteen_bytes(self, name: str) -> np.ndarray:
        column = self.column(name)
        if column.type == pa.binary(_BYTES):
            return _values(column, np.uint8, _BYTES).reshape(-1, _BYTES)
        if pa.types.is_string(column.type):
            return self._decoded(column, name, np.int32)
        if pa.types.is_large_string(column.type):
            return self._decoded(column, name, np.int64)
        raise self.refused(Both("must be 16 bytes or 32 hex digits", "須為 16 位元組或 32 位十六進位"), name)

    def _decoded(self, column: pa.Array, name: str, offset_dtype) -> np.ndarray:
        if not len(column):
            return np.empty((0, _BYTES), dtype=np.uint8)
        _, bounds, text = column.buffers()
        ends = np.frombuffer(bounds, dtype=offset_dtype)[column.offset : column.offset + len(column) + 1]
        wrong = np.flatnonzero(np.diff(ends) != 2 * _BYTES)
        if len(wrong):
            raise self.refused(Both("must be 32 lower-case hex digits", "須為 32 位小寫十六進位"), name, int(wrong[0]))
        digits = np.frombuffer(text, dtype=np.uint8)[int(ends[0]) : int(ends[-1])]
        out = np.empty((len(column), _BYTES), dtype=np.uint8)
        row = kernels("indexing_tokens").decode_hex(digits, len(column), out)
        if row < len(column):
            raise self.refused(Both("must be 32 lower-case hex digits", "須為 32 位小寫十六進位"), name, row)
        return out

    def refused(self, said: Both, column: str, row: int | None = None) -> MalformedRows:
        number = None if row is None else self.before + row + 1
        return MalformedRows(said.en, zh=said.zh_hant, where=Where(self.file, number, column))


def _values(column: pa.Array, dtype, width: int = 1) -> np.ndarray:
    buffer = column.buffers()[1]
    if buffer is None:
        return np.empty(0, dtype=dtype)
    return np.frombuffer(buffer, dtype=dtype)[column.offset * width : (column.offset + len(column)) * width]
