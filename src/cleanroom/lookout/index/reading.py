"""Parquet files to rows, in the order of files and rows; row groups are decoded ahead, in threads."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.errors import MalformedRows, Where
from cleanroom.lookout.index.rows import COLUMNS, Rows, rows_of
from cleanroom.lookout.index.threads import THREADS

_AHEAD = THREADS + 1  # decoded groups that may wait
_LARGE_GROUP = 4 << 20  # rows; more are read in parts, so that memory stays small
_PART = 1 << 20


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
            raise MalformedRows("the file is not Parquet", where=Where(file.name)) from None
        for column in COLUMNS:
            if column not in footer.schema.to_arrow_schema().names:
                raise MalformedRows("the column is missing", where=Where(file.name, column=column))
        footers.append(footer)
    return Survey(tuple(files), tuple(footers))


Keep = Callable[[int, Rows], None]
"""(number of the first row over all files, rows): called in the thread that decoded them."""


def read(found: Survey, keep: Keep) -> Iterator[tuple[int, Rows]]:
    """(number of the first row over all files, rows), in order. Raises MalformedRows with the place."""
    start = 0
    with ThreadPoolExecutor(THREADS, thread_name_prefix="decoding") as pool:
        waiting: deque = deque()
        for file, footer in zip(found.files, found.footers, strict=True):
            before = 0
            for number in range(footer.num_row_groups):
                group = _Group(file, footer, number, before, start + before, keep)
                if footer.row_group(number).num_rows > _LARGE_GROUP:
                    yield from _finished(waiting)
                    yield from group.in_parts()
                else:
                    waiting.append(pool.submit(group.whole))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
                before += footer.row_group(number).num_rows
            start += before
        yield from _finished(waiting)


def _finished(waiting: deque) -> Iterator[tuple[int, Rows]]:
    while waiting:
        yield waiting.popleft().result()


@dataclass(frozen=True)
class _Group:
    """A row group: `before` rows come before it in its file, `start` over all files."""

    file: Path
    footer: pq.FileMetaData
    number: int
    before: int
    start: int
    keep: Keep

    def whole(self) -> tuple[int, Rows]:
        with self._opened() as parquet:
            return self._kept(parquet.read_row_group(self.number, columns=list(COLUMNS), use_threads=False), 0)

    def in_parts(self) -> Iterator[tuple[int, Rows]]:
        done = 0
        with self._opened() as parquet:
            for batch in parquet.iter_batches(_PART, row_groups=[self.number], columns=list(COLUMNS)):
                yield self._kept(batch, done)
                done += len(batch)

    @contextmanager
    def _opened(self) -> Iterator[pq.ParquetFile]:
        try:
            with pq.ParquetFile(self.file, metadata=self.footer, memory_map=True) as parquet:
                yield parquet
        except (pa.ArrowInvalid, OSError):
            place = Where(self.file.name, self.before + 1)
            raise MalformedRows("the row group that begins here can't be read", where=place) from None

    def _kept(self, table: pa.Table | pa.RecordBatch, done: int) -> tuple[int, Rows]:
        rows = rows_of(table, file=self.file.name, before=self.before + done)
        self.keep(self.start + done, rows)
        return self.start + done, rows
