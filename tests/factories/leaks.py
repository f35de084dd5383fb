"""Looking for what must be nowhere: secrets in every spelling, in files, archives, tables and open files."""

import base64
import gzip
import hashlib
import io
import os
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DEEP = 3  # archives within archives
_HEAD = 6  # bytes; no secret is shorter
_AT_ONCE = 1 << 20
# Half-written, damaged or locked by its owner: then its bytes alone are looked at.
UNREADABLE = (pa.ArrowException, OSError, EOFError, zlib.error, zipfile.BadZipFile, sqlite3.Error, duckdb.Error)


@dataclass(frozen=True)
class Leak:
    """Which secret (by its label) was found, and where."""

    label: str
    place: str


class Scanner:
    """`secrets`: label -> bytes. A label says what it is ("808: account, raw"); a found secret is told by label."""

    def __init__(self, secrets: dict[str, bytes]):
        if not secrets or min(map(len, secrets.values())) < _HEAD:
            raise ValueError("secrets must be there, and long enough not to be found by chance")
        self._needles = Needles((label, spelling) for label, raw in secrets.items() for spelling in spellings(raw))
        self.looked_at = 0
        self._clean: set[tuple] = set()
        self._clean_contents: set[bytes] = set()

    def leaks_in(self, folders: Iterable[Path]) -> list[Leak]:
        """Every regular file below the folders, opened up where it is an archive or holds tables."""
        found = []
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    found += self.leaks_in_file(path)
        return found

    def leaks_in_file(self, path: Path) -> list[Leak]:
        try:
            status = path.stat()
            seen = path, status.st_ino, status.st_size, status.st_mtime_ns
            if seen in self._clean:
                return []
            raw = path.read_bytes()
        except FileNotFoundError:  # ended between the listing and now
            return []
        self.looked_at += 1
        found = [leak for place, content in opened(path, raw) for leak in self.leaks_in_bytes(content, place)]
        self._clean |= set() if found else {seen}
        return found

    def leaks_in_bytes(self, content: bytes, place: str) -> list[Leak]:
        digest = hashlib.sha256(content).digest()  # many people see the same page
        if digest in self._clean_contents:
            return []
        found = [Leak(label, place) for label in self._needles.in_(content)]
        self._clean_contents |= set() if found else {digest}
        return found

    def leaks_in_process(self, pid: int) -> list[Leak]:
        """Files that the process and its descendants hold open, deleted ones and files in memory included."""
        found = []
        for process in family(pid):
            for number in _names(f"/proc/{process}/fd"):
                content = _read_open(f"/proc/{process}/fd/{number}")
                if content is not None:
                    self.looked_at += 1
                    found += self.leaks_in_bytes(content, f"open file {number} of a process")
        return found


class Needles:
    """Some thousand byte strings that are looked for together, in one pass: the first bytes of each point at it."""

    def __init__(self, labelled: Iterable[tuple[str, bytes]]):
        self._by_head: dict[int, list[tuple[int, str, bytes]]] = {}
        for place, (label, needle) in enumerate(labelled):
            self._by_head.setdefault(int(_heads(needle)[0]), []).append((place, label, needle))
        self._heads = np.array(sorted(self._by_head), dtype=np.uint64)
        self._may_begin = np.zeros(1 << 16, dtype=bool)
        self._may_begin[self._heads & 0xFFFF] = True

    def in_(self, content: bytes) -> list[str]:
        """The label of each needle that stands in the content, in their order, once for each of its spellings."""
        found = set()
        for start in range(0, len(content), _AT_ONCE):
            part = content[start : start + _AT_ONCE + _HEAD - 1]
            for offset, head in self._starts(part):
                found.update(n[:2] for n in self._by_head[head] if content.startswith(n[2], start + offset))
        return [label for _, label in sorted(found)]

    def _starts(self, part: bytes) -> Iterator[tuple[int, int]]:
        heads = _heads(part)
        offsets = np.flatnonzero(self._may_begin[heads & 0xFFFF])
        offsets = offsets[np.isin(heads[offsets], self._heads)]
        return zip(offsets.tolist(), heads[offsets].tolist(), strict=True)


def _heads(content: bytes) -> np.ndarray:
    """The number that the six bytes at each place make."""
    raw = np.frombuffer(content, dtype=np.uint8)
    heads = np.zeros(max(0, len(raw) - _HEAD + 1), dtype=np.uint64)
    for place in range(_HEAD if len(heads) else 0):
        heads |= raw[place : place + len(heads)].astype(np.uint64) << np.uint64(8 * place)
    return heads


def spellings(raw: bytes) -> list[bytes]:
    """As it is, in hex, and in base64 at each of the three ways in which its bytes may fall into groups of three."""
    forms = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + raw)
        first = -(-before * 4 // 3) if before else 0
        last = (before + len(raw)) * 8 // 6  # characters that depend on the secret alone
        forms |= {whole[first:last], whole[first:last].replace(b"+", b"-").replace(b"/", b"_")}
    return sorted(forms)


def opened(path: Path, raw: bytes, depth: int = DEEP) -> Iterator[tuple[str, bytes]]:
    """(place, bytes) of a file as it lies there, and of what it holds in another form."""
    name = str(path)
    yield name, raw
    with suppress(*UNREADABLE):
        if raw[:4] == b"PAR1":
            yield f"{name} (rows)", _rows_of(pq.read_table(io.BytesIO(raw)))
        elif raw[:16] == b"SQLite format 3\0":
            yield f"{name} (tables)", b"\n".join(_sqlite_cells(path))
        elif raw[8:12] == b"DUCK":
            yield from ((f"{name} ({table})", cells) for table, cells in _duckdb_tables(path))
        elif depth:
            yield from _unpacked(path, raw, depth - 1)


def _unpacked(path: Path, raw: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    if raw[:2] == b"\x1f\x8b":
        yield from opened(path / "(gzip)", gzip.decompress(raw), depth)
    elif zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for entry in archive.namelist():
                yield from opened(path / entry, archive.read(entry), depth)


def _rows_of(table: pa.Table) -> bytes:
    return b"\n".join(_cell(value) for column in table.columns for value in column.to_pylist())


def _cell(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def _sqlite_cells(path: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in database.execute(f'select * from "{table}"'):
                yield from map(_cell, row)


def _duckdb_tables(path: Path) -> Iterator[tuple[str, bytes]]:
    with duckdb.connect(str(path), read_only=True) as database:
        tables = database.execute("select table_schema, table_name from information_schema.tables").fetchall()
        for schema, table in tables:
            yield f"{schema}.{table}", _rows_of(database.sql(f'select * from "{schema}"."{table}"').to_arrow_table())


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        for task in _names(f"/proc/{found[-1]}/task"):
            try:
                children = Path(f"/proc/{found[-1]}/task/{task}/children").read_text().split()
            except OSError:
                continue
            waiting += map(int, children)
    return found


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _read_open(link: str) -> bytes | None:
    """Content of an open file; None for pipes, sockets, devices and what is gone."""
    try:
        if not os.path.isfile(link):
            return None
        return Path(link).read_bytes()
    except OSError:
        return None
