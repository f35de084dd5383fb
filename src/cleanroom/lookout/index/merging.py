"""Base and delta to a new base, by one pass over each; what it takes in memory are the new sides."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from cleanroom.lookout.graph import Segment, Side
from cleanroom.lookout.index.arranging import words, zeros
from cleanroom.lookout.index.container import ContainerWriter, Named, Produce
from cleanroom.lookout.index.fingerprints import Fingerprints, build_fingerprints
from cleanroom.lookout.index.knowing import places_in
from cleanroom.lookout.index.segments import base_arrays, side_sources
from cleanroom.lookout.index.threads import side_by_side
from cleanroom.lookout.index.tokens import TokenTable, move, packed_capacity
from cleanroom.lookout.kernels.loading import kernels

_SHIFT = 9  # transfers of the base in a block of the places' directory: 512
_CROWDED = 16  # ids per bucket on average from which on the buckets are made anew


def merged_base(
    path: Path,
    base: Segment,
    delta: Segment,
    fingerprints: tuple[Fingerprints, np.ndarray],
    tables: tuple[TokenTable, TokenTable],
    seed: int,
) -> Named:
    """Write the base that holds both. `fingerprints`: the base's buckets and the delta's, sorted; `tables`: accounts of
    the base, and those that came after it."""
    places, _ = places_in(base, delta.time_us, delta.transfer_id)
    accounts = len(tables[0]) + len(tables[1])
    buckets = _buckets(base, delta, *fingerprints, seed)
    container = ContainerWriter(path, base_arrays(len(base) + len(delta), accounts, len(buckets.offsets) - 1))
    container.put(
        {
            **{name: _column(base, delta, name, places) for name in ("time_us", "sender", "receiver", "amount_cents")},
            "slots": _slots(*tables),
            "fingerprints.offsets": buckets.offsets,
            "fingerprints.tags": buckets.tags,
            "transfer_id": _column(base, delta, "transfer_id", places),
        }
    )
    for name in ("outgoing", "incoming"):
        side = _side(getattr(base, name), getattr(delta, name), places, len(base), accounts)
        container.put(side_sources(name, side))
    return container.finish()


def _column(base: Segment, delta: Segment, name: str, places: np.ndarray) -> Produce:
    old, new = getattr(base, name), getattr(delta, name)
    if name == "transfer_id":
        old, new = words(old), words(new)
    kernel = _MERGES[name]()

    def produce(first: int, last: int, room: np.ndarray) -> np.ndarray:
        kernel(old, new, places, len(places), first, last, words(room) if name == "transfer_id" else room)
        return room

    return produce


_MERGES: dict[str, Callable] = {
    "time_us": lambda: kernels("indexing_merging").merge_i64,
    "sender": lambda: kernels("indexing_merging").merge_u32,
    "receiver": lambda: kernels("indexing_merging").merge_u32,
    "amount_cents": lambda: kernels("indexing_merging").merge_i64,
    "transfer_id": lambda: kernels("indexing_merging").merge_pairs,
}


def _side(base: Side, delta: Side, places: np.ndarray, transfers: int, accounts: int) -> Side:
    kernel = kernels("indexing_merging")
    blocks = (transfers >> _SHIFT) + 1
    before = np.empty(blocks + 1, dtype=np.int64)
    kernel.count_before(places, len(places), _SHIFT, blocks, before)
    offsets = np.empty(accounts + 1, dtype=np.uint32)
    number = np.empty(len(base.number) + len(delta.number), dtype=np.uint32)
    other = np.empty_like(number)
    rows, delta_rows = len(base.offsets) - 1, len(delta.accounts)
    kernel.merge_offsets(base.offsets, rows, delta.accounts, delta.offsets, delta_rows, 0, accounts + 1, offsets)
    ends = np.searchsorted(offsets, [len(number) * i // 2 for i in range(3)])  # halves of the entries
    ends[0], ends[-1] = 0, accounts
    side_by_side(
        partial(
            kernel.merge_side,
            *(base.offsets, base.number, base.other, rows),
            *(delta.accounts, delta.offsets, delta.number, delta.other, delta_rows),
            *(places, len(places), before, _SHIFT, int(first), int(last), number, other),
        )
        for first, last in pairwise(ends)
    )
    return Side(None, offsets, number, other)


def _buckets(base: Segment, delta: Segment, old: Fingerprints, found: np.ndarray, seed: int) -> Fingerprints:
    if len(base) + len(delta) <= _CROWDED * (len(old.offsets) - 1):
        return old.with_these(found)
    return build_fingerprints(np.concatenate((base.transfer_id, delta.transfer_id)), seed)[0]


def _slots(base: TokenTable, newer: TokenTable) -> np.ndarray:
    slots = zeros(packed_capacity(len(base) + len(newer)), np.uint64)
    move(base.slots, slots, 0)
    move(newer.slots, slots, len(base))
    return slots
