"""The files of transfers that come in: Arrow IPC, Parquet, JSON rows. Checked before anything is appended."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleanroom.errors import MalformedRows
from cleanroom.lookout.service.questions import TransferRow
from cleanroom.vocabulary.both import Both

COLUMNS = ("transfer_id", "executed_at", "sender_account_token", "receiver_account_token", "amount_cents")
_NAMES = ("transfer_id", "sender_account_token", "receiver_account_token")
_BYTES = pa.binary(16)
_MOMENT = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema([
    ("transfer_id", _BYTES),
    ("executed_at", _MOMENT),
    ("sender_account_token", _BYTES),
    ("receiver_account_token", _BYTES),
    ("amount_cents", pa.int64()),
])  # fmt: skip
PIECE_ROWS = 500_000
_FILE_MAGIC = b"ARROW1"
_NIBBLES = np.full(256, 255, np.uint8)
_NIBBLES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)


def pieces(path: Path, form: str) -> Iterator[pa.Table]:
    """The batch in tables of `SCHEMA`, none longer than PIECE_ROWS. Raises MalformedRows."""
    try:
        for piece in _raw_pieces(path, form):
            yield checked(piece)
    except (pa.ArrowException, OSError, EOFError) as e:
        raise _unreadable(form, e) from None


def check_form(path: Path, form: str) -> None:
    """The columns alone, without reading a row. Raises MalformedRows."""
    try:
        schema = pq.read_schema(path) if form == "parquet" else _opened(path).schema
    except (pa.ArrowException, OSError, EOFError) as e:
        raise _unreadable(form, e) from None
    _check_columns(schema)


def of_rows(rows: list[TransferRow]) -> pa.Table:
    """JSON rows as a table of `SCHEMA`."""
    columns = [
        pa.array([bytes.fromhex(r.transfer_id) for r in rows], _BYTES),
        pa.array([r.executed_at for r in rows], _MOMENT),
        pa.array([bytes.fromhex(r.sender_account_token) for r in rows], _BYTES),
        pa.array([bytes.fromhex(r.receiver_account_token) for r in rows], _BYTES),
        pa.array([r.amount_cents for r in rows], pa.int64()),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def as_stream(table: pa.Table) -> bytes:
    """Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def checked(table: pa.Table) -> pa.Table:
    """Cast to `SCHEMA`; nothing missing, no amount below one cent. Raises MalformedRows that names the column."""
    _check_columns(table.schema)
    for name in COLUMNS:
        if table.column(name).null_count:
            count = table.column(name).null_count
            raise _refused(Both(f"{count:,} rows have no {name}", f"{count:,} 列缺少 {name}"))
    table = pa.Table.from_arrays([_cast(table.column(n), n) for n in COLUMNS], schema=SCHEMA)
    low = pc.sum(pc.less(table.column("amount_cents"), 1)).as_py()
    if low:
        raise _refused(Both(f"{low:,} rows have an amount_cents below 1", f"{low:,} 列之 amount_cents 小於 1"))
    return table


def _raw_pieces(path: Path, form: str) -> Iterator[pa.Table]:
    if form == "parquet":
        with pq.ParquetFile(path) as file:
            _check_columns(file.schema_arrow)
            for batch in file.iter_batches(PIECE_ROWS, columns=list(COLUMNS)):
                yield pa.Table.from_batches([batch])
        return
    for batch in _record_batches(path):
        batch.validate(full=True)  # offsets of a crafted file may point anywhere
        for start in range(0, batch.num_rows, PIECE_ROWS):
            yield pa.Table.from_batches([batch.slice(start, PIECE_ROWS)])


def _record_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Both forms of Arrow IPC: the stream, and the file that begins with its name."""
    with _opened(path) as reader:
        if isinstance(reader, pa.RecordBatchFileReader):
            yield from (reader.get_batch(i) for i in range(reader.num_record_batches))
        else:
            yield from reader


def _opened(path: Path) -> pa.RecordBatchStreamReader | pa.RecordBatchFileReader:
    source = pa.memory_map(str(path))
    begins = source.read(len(_FILE_MAGIC))
    source.seek(0)
    return pa.ipc.open_file(source) if begins == _FILE_MAGIC else pa.ipc.open_stream(source)


def _check_columns(schema: pa.Schema) -> None:
    missing = [name for name in COLUMNS if name not in schema.names]
    if missing:
        raise _refused(Both(f"columns are missing: {', '.join(missing)}", f"缺少欄位：{'、'.join(missing)}"))
    for name in _NAMES:
        kind = schema.field(name).type
        if not (kind == _BYTES or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise _refused(
                Both(
                    f"{name} must be 16 bytes of a fixed size or 32 hex digits",
                    f"{name} 須為固定 16 位元組或 32 位十六進位",
                )
            )
    if not pa.types.is_timestamp(schema.field("executed_at").type):
        raise _refused(Both("executed_at must be a timestamp", "executed_at 須為時間戳記"))
    if not pa.types.is_integer(schema.field("amount_cents").type):
        raise _refused(Both("amount_cents must be an integer", "amount_cents 須為整數"))


def _cast(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    try:
        if name in _NAMES:
            return column if column.type == _BYTES else _from_hex(column, name)
        # A time without zone is UTC, as everywhere in the warehouse (ADR 20).
        return column.cast(_MOMENT if name == "executed_at" else pa.int64())
    except pa.ArrowInvalid:
        raise _refused(Both(f"{name} holds a value that does not fit its type", f"{name} 有不符其型別之值")) from None


def _from_hex(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    try:
        text = column.combine_chunks().cast(pa.large_binary()).cast(pa.binary(32))
    except pa.ArrowInvalid:
        raise _refused(Both(f"{name} must be 32 hex digits", f"{name} 須為 32 位十六進位")) from None
    digits = np.frombuffer(text.buffers()[1], np.uint8)[32 * text.offset : 32 * (text.offset + len(text))]
    nibbles = _NIBBLES[digits]
    if (nibbles == 255).any():
        raise _refused(Both(f"{name} must be 32 hex digits in lower case", f"{name} 須為 32 位小寫十六進位"))
    whole = (nibbles[0::2] << 4) | nibbles[1::2]
    return pa.chunked_array([pa.FixedSizeBinaryArray.from_buffers(_BYTES, len(text), [None, pa.py_buffer(whole)])])


def _unreadable(form: str, error: Exception) -> MalformedRows:
    why = type(error).__name__
    return _refused(Both(f"the file can't be read as {form} ({why})", f"檔案無法以 {form} 格式讀取（{why}）"))


def _refused(said: Both) -> MalformedRows:
    return MalformedRows(
        f"{said.en}; nothing of the batch was taken", zh=f"{said.zh_hant}；此批次全數未收", rule="batch_form"
    )
