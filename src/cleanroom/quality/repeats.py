"""Rows that stand more than once in a whole file, however large: exact, in bounded memory, without keeping a value.

Of each row's key columns only a keyed digest is kept: 128 bits, two SipHash-2-4 (Aumasson, Bernstein 2012) under two
random keys of this file, which are forgotten with it. Two different rows get the same digest with a probability of
about n²/2^129: 4e-24 for 50 million rows. Each batch's digests are sorted, so that the batches can be compared one
range of digests after the other: a 64th of the file is in memory at a time.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

COLUMN, COLUMNS = "expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"
RANGES = 64
_SEPARATOR = "\x1f"  # a control character, which no checked field holds
_DIGEST = np.dtype([("high", "<u8"), ("low", "<u8"), ("row", "<i8")])


@dataclass(frozen=True)
class Secret:
    """The two keys of one file's digests, 16 characters each."""

    high: str = field(default_factory=lambda: secrets.token_hex(8), repr=False)
    low: str = field(default_factory=lambda: secrets.token_hex(8), repr=False)


@dataclass(frozen=True)
class Digests:
    """Of one batch and rule, sorted; in memory or in the file `spilled`. `bounds`: where each range begins and ends."""

    bounds: tuple[int, ...]
    kept: Any = None
    spilled: Path | None = None

    def range(self, number: int) -> np.ndarray:
        first, last = self.bounds[number : number + 2]
        if self.spilled is None:
            return self.kept[first:last]
        return np.fromfile(self.spilled, _DIGEST, last - first, offset=first * _DIGEST.itemsize)


def digests_of(rows: pa.Table, kind: str, arguments: Mapping[str, Any], secret: Secret, spill: Path | None) -> Digests:
    """Of the rows that can be repeated: a unique column's empty values can't, nor rows with all key columns empty.

    `spill`: a folder that only its owner may read, None to keep them in memory. Raises OSError.
    """
    names = [arguments["column"]] if kind == COLUMN else list(arguments["column_list"])
    filled = rows.filter(_any_filled(rows, names))
    found = _sorted(_texts(filled, names), filled["row_number"], secret)
    edges = np.arange(1, RANGES, dtype="<u8") << np.uint64(64 - RANGES.bit_length() + 1)
    bounds = (0, *np.searchsorted(found["high"], edges).tolist(), len(found))
    if spill is None:
        return Digests(bounds, kept=found)
    path = spill / f"{secrets.token_hex(16)}.digests"
    found.tofile(path)
    return Digests(bounds, spilled=path)


def repeated_rows(batches: Sequence[Digests], *, cap: int | None) -> tuple[int, tuple[int, ...]]:
    """How many rows stand more than once, and the lowest of their numbers, ascending, at most `cap` (None: all)."""
    count, lowest = 0, np.empty(0, "<i8")
    for number in range(RANGES):
        rows = _repeated(np.concatenate([batch.range(number) for batch in batches]))
        count += len(rows)
        lowest = np.sort(np.concatenate([lowest, rows]))[:cap]
    return count, tuple(lowest.tolist())


def _any_filled(rows: pa.Table, names: Iterable[str]) -> pa.ChunkedArray:
    some = pa.scalar(False)
    for name in names:
        some = pc.or_(some, pc.is_valid(rows[name]))
    return some


def _texts(rows: pa.Table, names: Sequence[str]) -> np.ndarray:
    """One text per row, equal for equal keys only. Times and numbers by their integer."""
    if len(names) == 1:
        return _text(rows[names[0]]).to_numpy()
    # A value has a mark before it and an absent one has not, so that "" is another key than none.
    marked = [pc.fill_null(pc.binary_join_element_wise("=", _text(rows[name]), ""), "") for name in names]
    return pc.binary_join_element_wise(*marked, _SEPARATOR).to_numpy()


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        column = pc.cast(column, pa.int64())
    return pc.cast(column, pa.string())


def _sorted(texts: np.ndarray, numbers: pa.ChunkedArray, secret: Secret) -> np.ndarray:
    found = np.empty(len(texts), _DIGEST)
    for half in ("high", "low"):
        found[half] = pd.util.hash_array(texts, hash_key=getattr(secret, half), categorize=False)
    found["row"] = numbers.to_numpy()
    return found[np.argsort(found["high"], kind="stable")]


def _repeated(found: np.ndarray) -> np.ndarray:
    """Row numbers of the digests that are there more than once. Half a digest decides for nearly all of them."""
    found = found[np.argsort(found["high"], kind="stable")]
    found = found[_has_a_twin(found["high"])]
    found = found[np.lexsort((found["low"], found["high"]))]
    same_low = found["low"][1:] == found["low"][:-1]
    same = same_low & (found["high"][1:] == found["high"][:-1])
    return found["row"][_beside(same, len(found))]


def _has_a_twin(ordered: np.ndarray) -> np.ndarray:
    return _beside(ordered[1:] == ordered[:-1], len(ordered))


def _beside(same: np.ndarray, count: int) -> np.ndarray:
    """`same[i]`: i and i + 1 are equal. Gives which elements are equal to a neighbour."""
    twins = np.zeros(count, bool)
    twins[1:] |= same
    twins[:-1] |= same
    return twins
