"""Columns of transfers, in any order, to a segment: in order of (time, id), with both sides."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from cleanroom.lookout.graph import Segment, Side
from cleanroom.lookout.index.ordering import sorted_rows
from cleanroom.lookout.index.threads import shares, side_by_side
from cleanroom.lookout.kernels.loading import kernels

_COUNTS = 1 << 11
_PIECE, _LARGE_PIECE = 1 << 16, 1 << 22  # rows


def arrange(
    time_us: np.ndarray,
    sender: np.ndarray,
    receiver: np.ndarray,
    amount_cents: np.ndarray,
    transfer_id: np.ndarray,
    *,
    accounts: int | None = None,
    compact: bool = False,
) -> Segment:
    """A segment of the transfers, whatever order they come in.

    int64[n], uint32[n], uint32[n], int64[n], uint8[n, 16]; the segment shares those that are in order already.
    `accounts`: rows of each side, at least the greatest account plus one. `compact`: rows only for accounts that occur.
    Every (time, id) stands once: duplicates are the caller's to find.
    """
    if len({len(column) for column in (time_us, sender, receiver, amount_cents, transfer_id)}) != 1:
        raise ValueError("the columns of transfers must be of one length")
    columns = time_us, sender, receiver, amount_cents, transfer_id
    if (found := sorted_rows(time_us, transfer_id)) is not None:
        times, rows = found
        columns = times, *(taken(column, rows) for column in columns[1:])
    return with_sides(*columns, accounts=accounts, compact=compact)


def with_sides(
    time_us: np.ndarray,
    sender: np.ndarray,
    receiver: np.ndarray,
    amount_cents: np.ndarray,
    transfer_id: np.ndarray,
    *,
    accounts: int | None = None,
    compact: bool = False,
) -> Segment:
    """As `arrange`, of columns that are in order."""
    if accounts is None:
        accounts = 1 + max(int(sender.max()), int(receiver.max())) if len(sender) else 0
    sides = side_by_side(
        partial(compact_side, own, other) if compact else partial(full_side, own, other, accounts)
        for own, other in ((sender, receiver), (receiver, sender))
    )
    return Segment(time_us, sender, receiver, amount_cents, transfer_id, *sides)


def full_side(
    own: np.ndarray, other: np.ndarray, accounts: int, room: tuple[np.ndarray, np.ndarray] | None = None
) -> Side:
    """Entries of each account, with a row for each of `accounts`; in `room`, twice uint32[transfers], if given."""
    starts = zeros(accounts + 2, np.uint32)
    number, others = room or (np.empty_like(own), np.empty_like(own))
    kernels("indexing").place_side(own, other, len(own), starts, accounts, number, others)
    return Side(None, starts[: accounts + 1], number, others)


def compact_side(own: np.ndarray, other: np.ndarray) -> Side:
    """Entries of each account that has any."""
    transfers = len(own)
    keys, spare_keys = np.empty(transfers, dtype=np.uint64), np.empty(transfers, dtype=np.uint64)
    accounts, spare_rows, number, others = (np.empty_like(own) for _ in range(4))
    offsets = np.empty(transfers + 1, dtype=np.uint32)
    counts = np.empty(_COUNTS, dtype=np.int64)
    rows = kernels("indexing").place_compact_side(
        own, other, transfers, keys, spare_keys, spare_rows, counts, accounts, offsets, number, others
    )
    return Side(accounts[:rows].copy(), offsets[: rows + 1].copy(), number, others)


def put_in_order(columns: Sequence[np.ndarray], rows: np.ndarray) -> list[np.ndarray]:
    """Each column as `column[rows]`, in its own memory where the rows allow it: files have their rows mostly by time.

    A piece of `rows` that has only numbers of its own places is put in order by itself, in the processor's cache.
    """
    ends = np.empty(len(rows) // _PIECE + 2, dtype=np.int64)
    ends[0] = 0
    pieces = kernels("indexing").closed_pieces(rows, len(rows), _PIECE, ends)
    ends = ends[: pieces + 1]
    if np.diff(ends).max() > _LARGE_PIECE:
        return [taken(column, rows) for column in columns]
    for column in columns:
        side_by_side(partial(_in_pieces, column, rows, ends[first : last + 1]) for first, last in shares(pieces))
    return list(columns)


def _in_pieces(column: np.ndarray, rows: np.ndarray, ends: np.ndarray) -> None:
    room = np.empty((int(np.diff(ends).max()), *column.shape[1:]), dtype=column.dtype)
    for first, last in pairwise(ends.tolist()):
        take(column, rows, first, last, room)
        column[first:last] = room[: last - first]


def taken(column: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """`column[rows]`, in threads. uint32[n], int64[n] or uint8[n, 16]."""
    out = np.empty((len(rows), *column.shape[1:]), dtype=column.dtype)
    side_by_side(partial(take, column, rows, first, last, out[first:last]) for first, last in shares(len(rows)))
    return out


def take(column: np.ndarray, rows: np.ndarray, first: int, last: int, out: np.ndarray) -> None:
    """`out[:] = column[rows[first:last]]`."""
    kernel = kernels("indexing")
    if column.dtype == np.uint32:
        kernel.take_u32(column, rows, first, last, out)
    elif column.dtype == np.int64:
        kernel.take_i64(column, rows, first, last, out)
    else:
        kernel.take_pairs(words(column), rows, first, last, words(out))


def words(ids: np.ndarray) -> np.ndarray:
    """uint8[n, 16] seen as uint64[2 n]."""
    return ids.reshape(-1).view(np.uint64)


def zeros(length: int, dtype: type) -> np.ndarray:
    """In huge pages where the system has them, which `numpy.zeros` does not ask for; these are jumped about in."""
    out = np.empty(length, dtype=dtype)
    out.fill(0)
    return out
