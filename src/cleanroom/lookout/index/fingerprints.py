"""Which transfer ids are there: 4 bytes of fingerprint an id, in buckets, so one or two reads judge an id."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from cleanroom.lookout.index.arranging import words
from cleanroom.lookout.index.threads import shares, side_by_side
from cleanroom.lookout.kernels.loading import kernels

_COARSE_BITS = 11
_COARSE = 1 << _COARSE_BITS
_PER_BUCKET = 8  # ids a bucket holds at most on average when it is built


@dataclass(frozen=True)
class Fingerprints:
    """Buckets by the first bits of the fingerprint: `offsets` uint32[2**bits + 1], `tags` uint32[transfers]."""

    offsets: np.ndarray
    tags: np.ndarray

    @property
    def bits(self) -> int:
        return (len(self.offsets) - 1).bit_length() - 1

    def may_hold(self, found: np.ndarray) -> np.ndarray:
        """bool[n]: which of the sorted fingerprints uint64[n] may be here (one in 500 million others is named too)."""
        hits = np.empty(len(found), dtype=np.uint8)
        kernels("indexing_ids").in_buckets(found, len(found), self.bits, self.offsets, self.tags, hits)
        return hits.astype(bool)

    def with_these(self, found: np.ndarray) -> "Fingerprints":
        """The same buckets with the sorted fingerprints put in."""
        offsets, tags = np.zeros_like(self.offsets), np.empty(len(self.tags) + len(found), dtype=np.uint32)
        merge = kernels("indexing_ids").merge_buckets
        side_by_side(
            partial(merge, found, len(found), self.bits, self.offsets, self.tags, first, last, offsets, tags)
            for first, last in shares(len(self.offsets) - 1)
        )
        return Fingerprints(offsets, tags)


def bits_for(transfers: int) -> int:
    return max(_COARSE_BITS, (transfers // _PER_BUCKET).bit_length())


def fingerprints_of(transfer_id: np.ndarray, seed: int) -> np.ndarray:
    """uint64[n], in the order of the ids uint8[n, 16]."""
    found = np.empty(len(transfer_id), dtype=np.uint64)
    kernel = kernels("indexing_ids").fingerprints_of
    given = words(transfer_id)
    side_by_side(partial(kernel, given, first, last, seed, found) for first, last in shares(len(found)))
    return found


def build_fingerprints(
    transfer_id: np.ndarray, seed: int, *, room: np.ndarray | None = None
) -> tuple[Fingerprints, int]:
    """Buckets of all ids; and how many fingerprints stand twice: where any does, a closer look is due.

    `room`, uint64[n] or more, is scratch.
    """
    dealt = np.empty(len(transfer_id), dtype=np.uint64) if room is None else room
    starts = _dealt(transfer_id, seed, dealt)
    bits = bits_for(len(transfer_id))
    offsets = np.zeros((1 << bits) + 1, dtype=np.uint32)
    tags = np.empty(len(transfer_id), dtype=np.uint32)
    twins = side_by_side(
        partial(_fill, dealt, starts, first, last, bits, offsets, tags) for first, last in shares(_COARSE)
    )
    return Fingerprints(offsets, tags), sum(twins)


def _dealt(transfer_id: np.ndarray, seed: int, dealt: np.ndarray) -> np.ndarray:
    """Fills `dealt` with the fingerprints, by their first bits; gives where each of these starts."""
    kernel, given, parts = kernels("indexing_ids"), words(transfer_id), shares(len(transfer_id))
    counts = np.zeros((len(parts), _COARSE), dtype=np.int64)
    side_by_side(partial(kernel.count_coarse, given, *part, seed, counts[i]) for i, part in enumerate(parts))
    before = np.concatenate(([0], np.cumsum(counts.T.reshape(-1))))
    places = before[:-1].reshape(_COARSE, len(parts)).T.copy(order="C")
    side_by_side(partial(kernel.deal_coarse, given, *part, seed, places[i], dealt) for i, part in enumerate(parts))
    return np.ascontiguousarray(before[:: len(parts)])


def _fill(dealt, starts, first: int, last: int, bits: int, offsets, tags) -> int:
    cursors = np.empty(1 << (bits - _COARSE_BITS), dtype=np.int64)
    spare = np.empty(int(np.diff(starts[first : last + 1]).max()), dtype=np.uint64)
    kernel = kernels("indexing_ids").fill_buckets
    return kernel(dealt, starts, first, last, bits, cursors, spare, offsets, tags)


def among(found: np.ndarray, others: np.ndarray) -> np.ndarray:
    """bool[n]: which of the sorted fingerprints are among the sorted others."""
    hits = np.empty(len(found), dtype=np.uint8)
    kernels("indexing_ids").in_sorted(found, len(found), others, len(others), hits)
    return hits.astype(bool)


def joined(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Both of the sorted arrays in one."""
    out = np.empty(len(one) + len(two), dtype=np.uint64)
    kernels("indexing_ids").merge_sorted(one, len(one), two, len(two), out)
    return out
