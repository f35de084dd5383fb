"""Parquet files to plain arrays: two threads decode, one the accounts in the order of rows and one the rest.

They decode so few rows at a time that these are still in the processor's cache when they are put in their place, and
that the decoder's memory is used again instead of being asked of the system.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.errors import MalformedRows, Where
from cleanroom.lookout.index.rows import COLUMNS, ENDS, REST, ends_of, rest_of

_PART = 1 << 17  # rows decoded at a time
_AHEAD = 4  # decoded parts that may wait


@dataclass(frozen=True)
class Survey:
    """The files and what their footers say."""

    files: tuple[Path, ...]
    footers: tuple[pq.FileMetaData, ...]

    @property
    def rows(self) -> int:
        return sum(footer.num_rows for footer in self.footers)

    def place(self, row: int) -> Where:
        """File and 1-based row of the row with this number over all files."""
        for file, footer in zip(self.files, self.footers, strict=True):
            if row < footer.num_rows:
                return Where(file.name, row + 1)
            row -= footer.num_rows
        raise IndexError(row)


def survey(files: Sequence[Path]) -> Survey:
    """Raises MalformedRows where a file is no Parquet or a column is missing."""
    footers = []
    for file in files:
        try:
            footer = pq.read_metadata(file)
        except pa.ArrowInvalid:
            raise MalformedRows("the file is not Parquet", zh="檔案非 Parquet", where=Where(file.name)) from None
        for column in COLUMNS:
            if column not in footer.schema.to_arrow_schema().names:
                raise MalformedRows("the column is missing", zh="缺少此欄位", where=Where(file.name, column=column))
        footers.append(footer)
    return Survey(tuple(files), tuple(footers))


Keep = Callable[[int, np.ndarray, np.ndarray, np.ndarray], None]
"""(number of the first row over all files, ids, moments, cents)."""


LookUp = Callable[[int, np.ndarray], None]
"""(number of the first row over all files, receivers' tokens)."""


def read(found: Survey, keep: Keep, look_up: LookUp) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """(number of the first row over all files, senders' and receivers' tokens), in order, after `look_up` in the thread
    that decodes them. Meanwhile another thread gives the other columns to `keep`: all are kept once the last is given.
    Raises MalformedRows with the place."""
    with ThreadPoolExecutor(1, "keeping") as beside, ThreadPoolExecutor(1, "decoding") as pool:
        rest = beside.submit(_keep_rest, found, keep, wanted := [True])
        try:
            yield from _ahead(pool, _looked_up(_parts(found, ENDS, ends_of), look_up))
            rest.result()
        finally:
            wanted.clear()


def _looked_up(parts: Iterator, look_up: LookUp) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    for start, (senders, receivers) in parts:
        look_up(start, receivers)
        yield start, senders, receivers


def _keep_rest(found: Survey, keep: Keep, wanted: list) -> None:
    """Until nobody wants it any more, because the accounts were refused."""
    for start, columns in _parts(found, REST, rest_of):
        if not wanted:
            return
        keep(start, *columns)


def _ahead(pool: ThreadPoolExecutor, parts: Iterator) -> Iterator:
    """The parts, made in the pool's one thread while those before are worked on."""
    waiting: deque[Future] = deque(pool.submit(next, parts, None) for _ in range(_AHEAD))
    while (part := waiting.popleft().result()) is not None:
        waiting.append(pool.submit(next, parts, None))
        yield part


def _parts(found: Survey, columns: Sequence[str], arrays_of: Callable) -> Iterator[tuple[int, tuple[np.ndarray, ...]]]:
    """(number of the first row over all files, its columns as arrays), in order."""
    start = 0
    for file, footer in zip(found.files, found.footers, strict=True):
        done = 0
        for batch in _batches(file, footer, columns):
            yield start + done, arrays_of(batch, file=file.name, before=done)
            done += len(batch)
        start += footer.num_rows


def _batches(file: Path, footer: pq.FileMetaData, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    done = 0
    try:
        with pq.ParquetFile(file, metadata=footer, memory_map=True) as parquet:
            batches = parquet.iter_batches(_PART, columns=list(columns), use_threads=False)
            while (batch := next(batches, None)) is not None:
                yield batch
                done += len(batch)
    except (pa.ArrowInvalid, OSError):
        raise MalformedRows(
            "the rows from here on can't be read", zh="自此列起無法讀取", where=Where(file.name, done + 1)
        ) from None
