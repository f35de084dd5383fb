"""The tokens of all accounts in the order of their numbers: a file that only grows, so numbers never change."""

import mmap
import os
from functools import partial
from pathlib import Path

import google_crc32c
import numpy as np

from cleanroom.lookout.index.container import BLOCK, damaged, write_at
from cleanroom.lookout.index.threads import shares, side_by_side
from cleanroom.vocabulary.both import Both

_BYTES = 16


class TokenFile:
    """What the one writer appends to. `count` accounts are in the published state; what lies behind is overwritten."""

    def __init__(self, path: Path, count: int = 0, blocks: list[int] | None = None):
        self.path = path
        self.count = count
        self.blocks = list(blocks or [])

    def append(self, tokens: np.ndarray) -> None:
        """Durable when it returns. uint8[n, 16]."""
        if not len(tokens):
            return
        first = self.count * _BYTES // BLOCK
        file = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            content = os.pread(file, self.count * _BYTES - first * BLOCK, first * BLOCK) + tokens.tobytes()
            write_at(file, memoryview(content), first * BLOCK)
            os.fsync(file)
        finally:
            os.close(file)
        parts = (content[start : start + BLOCK] for start in range(0, len(content), BLOCK))
        self.blocks[first:] = [google_crc32c.value(part) for part in parts]
        self.count += len(tokens)


def map_tokens(path: Path, count: int) -> np.ndarray:
    """uint8[count, 16], read-only. Raises IndexDamaged where the file is shorter."""
    if not count:
        return np.empty((0, _BYTES), dtype=np.uint8)
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size < count * _BYTES:
            raise damaged(path.name, Both("is shorter than what was written", "較寫入時短少"))
        mapped = mmap.mmap(file.fileno(), count * _BYTES, access=mmap.ACCESS_READ)
    return np.frombuffer(mapped, dtype=np.uint8).reshape(-1, _BYTES)


def verify_tokens(tokens: np.ndarray, blocks: list[int], name: str, chosen=None) -> None:
    """All blocks, or the chosen ones. Raises IndexDamaged."""
    content = tokens.reshape(-1)
    if len(blocks) != -(-len(content) // BLOCK):
        raise damaged(name, Both("has another length than what was written", "長度與寫入時不同"))
    todo = range(len(blocks)) if chosen is None else chosen
    side_by_side(partial(_verify, content, blocks, name, todo[first:last]) for first, last in shares(len(todo)))


def _verify(content: np.ndarray, blocks: list[int], name: str, todo) -> None:
    for block in todo:
        if google_crc32c.value(content[block * BLOCK : (block + 1) * BLOCK]) != blocks[block]:
            raise damaged(name, Both("is not what was written", "與寫入時不同"))
