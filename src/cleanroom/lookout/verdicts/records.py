"""What is kept per account, in two arrays of 32 bytes an account: hot (changed by every transfer) and cold.

The same layout as in kernels/source/tainting_records.py, where each word is explained.
"""

import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cleanroom.lookout.index.arranging import zeros
from cleanroom.lookout.kernels.loading import kernels

BALANCE, HELD, RECEIVED, MARKS = range(4)
AT, ID_FIRST, ID_SECOND, STARTS = range(4)
LAYER_BITS = 0x7F
REACHED_BITS = 0x7E
BYTES = 32  # of one account in one of the two arrays
_LEAST_ROWS = 1024


@dataclass(frozen=True)
class Records:
    """`hot` and `cold`: int64[rows, 4], row = account."""

    hot: np.ndarray
    cold: np.ndarray

    def __len__(self) -> int:
        return len(self.hot)

    def copy_from(self, other: "Records") -> None:
        """Rows of `other`, which has no more of them; the rest becomes blank."""
        for mine, theirs in ((self.hot, other.hot), (self.cold, other.cold)):
            mine[: len(theirs)] = theirs
            mine[len(theirs) :] = 0

    def digest(self, accounts: int) -> int:
        """The sum of all accounts' digests, modulo 2**64."""
        return kernels("tainting").taint_sum(self.hot, self.cold, 0, accounts) % 2**64

    def reached(self) -> np.ndarray:
        """bool[rows]: some walk of at least one transfer got there."""
        return (self.hot[:, MARKS] & REACHED_BITS) != 0


def blank(accounts: int) -> Records:
    """In this process's own memory; nothing has happened yet."""
    rows = max(accounts, 1)
    return Records(zeros(rows * 4, np.int64).reshape(rows, 4), zeros(rows * 4, np.int64).reshape(rows, 4))


def duplicate(records: Records) -> Records:
    """A copy in this process's own memory, without marks of changes and periods."""
    found = Records(records.hot.copy(), records.cold.copy())
    found.hot[:, MARKS] &= LAYER_BITS
    return found


def paths(folder: Path, buffer: int) -> tuple[Path, Path]:
    return folder / f"hot-{buffer}", folder / f"cold-{buffer}"


def enlarge(folder: Path, accounts: int) -> None:
    """Room for so many accounts in both buffers, with some to spare. Files only grow; what is new is blank."""
    for path in (*paths(folder, 0), *paths(folder, 1)):
        with path.open("ab") as file:
            if file.tell() < max(accounts, 1) * BYTES:
                file.truncate(max(accounts + accounts // 8, _LEAST_ROWS) * BYTES)


def rows_on_disk(folder: Path, buffer: int) -> int:
    """Accounts that both files have room for; OSError where one is missing."""
    return min(path.stat().st_size for path in paths(folder, buffer)) // BYTES


def mapped(folder: Path, buffer: int, *, writable: bool) -> Records:
    return Records(*(_map(path, writable=writable) for path in paths(folder, buffer)))


def _map(path: Path, *, writable: bool) -> np.ndarray:
    with path.open("r+b" if writable else "rb") as file:
        memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ)
    return np.frombuffer(memory, dtype=np.int64).reshape(-1, 4)
