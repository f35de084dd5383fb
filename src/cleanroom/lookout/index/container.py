"""A file of arrays: written once, each block with its CRC-32C, then mapped by everybody and written to by nobody.

The arrays lie one after the other at multiples of 4 KiB; at the end stands a directory (JSON: name, dtype, shape,
offset, the blocks' checksums), whose SHA-256 the catalogue keeps. CRC-32C finds damage at 20 GB/s; it is no signature.
"""

import hashlib
import json
import mmap
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import google_crc32c
import numpy as np

from cleanroom.errors import IndexDamaged
from cleanroom.lookout.index.threads import shares, side_by_side
from cleanroom.vocabulary.both import Both

BLOCK = 1 << 20
_ALIGNED = 4096

Produce = Callable[[int, int, np.ndarray], np.ndarray]
"""(first row, last row, room for them) -> these rows, in the room or where they lie already."""


@dataclass(frozen=True)
class Named:
    """What the catalogue knows of a container."""

    file: str
    bytes: int
    directory: int
    sha256: str


@dataclass(frozen=True)
class _Entry:
    dtype: str
    shape: tuple[int, ...]
    offset: int
    blocks: list[int]

    @property
    def bytes(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize


class ContainerWriter:
    """Takes each of the declared arrays once; `finish` makes the file durable and says how to know it again."""

    def __init__(self, path: Path, arrays: Mapping[str, tuple[type, tuple[int, ...]]]):
        self.path = path
        self._entries: dict[str, _Entry] = {}
        end = 0
        for name, (dtype, shape) in arrays.items():
            entry = _Entry(np.dtype(dtype).str, tuple(shape), end, [])
            entry.blocks.extend([0] * -(-entry.bytes // BLOCK))
            self._entries[name] = entry
            end += -(-entry.bytes // _ALIGNED) * _ALIGNED
        self._end = end
        self._handle = os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "r+b", buffering=0)
        self._file = self._handle.fileno()

    def put(self, sources: Mapping[str, np.ndarray | Produce]) -> None:
        """Write the arrays, from memory or as they are produced block by block, in threads."""
        works = [
            partial(self._write, self._entries[name], source, first, last)
            for name, source in sources.items()
            for first, last in shares(len(self._entries[name].blocks))
        ]
        try:
            side_by_side(works)
        except BaseException:  # the file stays unfinished, and no state names it
            self._handle.close()
            raise

    def _write(self, entry: _Entry, source: np.ndarray | Produce, first: int, last: int) -> None:
        row_bytes = np.dtype(entry.dtype).itemsize * int(np.prod(entry.shape[1:], dtype=np.int64))
        rows = BLOCK // row_bytes
        produce = source if callable(source) else partial(_lying, source)
        room = np.empty((rows, *entry.shape[1:]), dtype=entry.dtype)
        for block in range(first, last):
            start, end = block * rows, min((block + 1) * rows, entry.shape[0])
            content = produce(start, end, room[: end - start]).reshape(-1).view(np.uint8)
            entry.blocks[block] = google_crc32c.value(content)
            write_at(self._file, memoryview(content), entry.offset + block * BLOCK)

    def finish(self) -> Named:
        directory = json.dumps({name: asdict(entry) for name, entry in self._entries.items()}).encode()
        with self._handle:
            write_at(self._file, memoryview(directory), self._end)
            os.fsync(self._file)
        total = self._end + len(directory)
        return Named(self.path.name, total, self._end, hashlib.sha256(directory).hexdigest())


def _lying(array: np.ndarray, first: int, last: int, room: np.ndarray) -> np.ndarray:
    return array[first:last]


def write_at(file: int, content: memoryview, offset: int) -> None:
    while len(content):
        written = os.pwrite(file, content, offset)
        content, offset = content[written:], offset + written


class Container:
    """A mapped file of arrays, shared by all processes that map it. Raises IndexDamaged where it is another."""

    def __init__(self, folder: Path, named: Named):
        self._name = named.file
        with open(folder / named.file, "rb") as file:
            if os.fstat(file.fileno()).st_size != named.bytes:
                raise damaged(named.file, Both("has another length than what was written", "長度與寫入時不同"))
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        directory = self._map[named.directory :]
        if hashlib.sha256(directory).hexdigest() != named.sha256:
            raise damaged(named.file, Both("has another directory than what was written", "目錄與寫入時不同"))
        entries = json.loads(directory)
        self._entries = {name: _Entry(**{**entry, "shape": tuple(entry["shape"])}) for name, entry in entries.items()}
        self._end = named.directory

    def array(self, name: str) -> np.ndarray:
        """Read-only, and valid as long as anybody holds it, whatever becomes of the file's name."""
        entry = self._entries[name]
        count = int(np.prod(entry.shape, dtype=np.int64))
        return np.frombuffer(self._map, dtype=entry.dtype, count=count, offset=entry.offset).reshape(entry.shape)

    def verify_all(self) -> None:
        """Every byte: the blocks' checksums and the zeros between arrays. Raises IndexDamaged."""
        side_by_side(
            partial(self._verify, entry, range(first, last))
            for entry in self._entries.values()
            for first, last in shares(len(entry.blocks))
        )
        ends = sorted((entry.offset, entry.offset + entry.bytes) for entry in self._entries.values())
        starts = [start for start, _ in ends[1:]] + [self._end]
        if any(self._map[end:start].strip(b"\0") for (_, end), start in zip(ends, starts, strict=True)):
            raise damaged(self._name, Both("has bytes that nobody wrote", "含有未曾寫入之內容"))

    def verify_sample(self) -> None:
        """One block of each array, another one each time. Raises IndexDamaged."""
        for entry in self._entries.values():
            if entry.blocks:
                self._verify(entry, [secrets.randbelow(len(entry.blocks))])

    def _verify(self, entry: _Entry, blocks) -> None:
        view = memoryview(self._map)
        for block in blocks:
            start = entry.offset + block * BLOCK
            end = min(start + BLOCK, entry.offset + entry.bytes)
            if google_crc32c.value(np.frombuffer(view[start:end], dtype=np.uint8)) != entry.blocks[block]:
                raise damaged(self._name, Both("is not what was written", "與寫入時不同"))


def damaged(file: str, how: Both) -> IndexDamaged:
    return IndexDamaged(
        f"the index's file {file} {how.en}; build the index again from the published transfers",
        zh=f"索引檔 {file} {how.zh_hant}；請以已發布之交易重建索引",
    )
