"""Parquet files to rows, in the order of files and rows; row groups are decoded ahead, in threads."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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


def read(found: Survey) -> Iterator[Rows]:
    """Raises MalformedRows with the place of what is wrong."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="decoding") as pool:
        waiting: deque = deque()
        for file, footer in zip(found.files, found.footers, strict=True):
            before = 0
            for group in range(footer.num_row_groups):
                rows = footer.row_group(group).num_rows
                if rows > _LARGE_GROUP:
                    yield from _finished(waiting)
                    yield from _in_parts(file, footer, group, before)
                else:
                    waiting.append(pool.submit(_whole, file, footer, group, before))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
                before += rows
        yield from _finished(waiting)


def _finished(waiting: deque) -> Iterator[Rows]:
    while waiting:
        yield waiting.popleft().result()


def _whole(file: Path, footer: pq.FileMetaData, group: int, before: int) -> Rows:
    with pq.ParquetFile(file, metadata=footer, memory_map=True) as parquet:
        try:
            table = parquet.read_row_group(group, columns=list(COLUMNS), use_threads=False)
        except (pa.ArrowInvalid, OSError):
            raise MalformedRows("the rows after this one can't be read", where=Where(file.name, before)) from None
        return rows_of(table, file=file.name, before=before)


def _in_parts(file: Path, footer: pq.FileMetaData, group: int, before: int) -> Iterator[Rows]:
    with pq.ParquetFile(file, metadata=footer, memory_map=True) as parquet:
        for batch in parquet.iter_batches(_PART, row_groups=[group], columns=list(COLUMNS), use_threads=True):
            yield rows_of(batch, file=file.name, before=before)
            before += len(batch)
