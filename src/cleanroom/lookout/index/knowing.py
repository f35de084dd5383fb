"""Which of new transfers an index has already: by fingerprint first, then by place, and at last by every id."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from cleanroom.errors import MalformedRows, Where
from cleanroom.lookout.graph import Graph, Segment
from cleanroom.lookout.index.arranging import words
from cleanroom.lookout.index.fingerprints import Fingerprints, among
from cleanroom.lookout.index.ordering import sorted_rows
from cleanroom.lookout.index.threads import shares, side_by_side
from cleanroom.lookout.index.twins import SAID
from cleanroom.lookout.kernels.loading import kernels


@dataclass(frozen=True)
class Batch:
    """New transfers: times, senders, receivers, amounts, ids. A number that no account has yet is UNKNOWN."""

    columns: tuple[np.ndarray, ...]
    file: str | None = None

    def refused(self, row: int) -> MalformedRows:
        return MalformedRows(SAID.en, zh=SAID.zh_hant, where=Where(self.file, row + 1))

    def place(self, row: int) -> Where:
        return Where(self.file, row + 1)

    def __len__(self) -> int:
        return len(self.columns[0])


@dataclass(frozen=True)
class Known:
    """What is there: the base with its buckets, the delta with its sorted fingerprints."""

    base: Segment
    buckets: Fingerprints
    delta: Segment | None
    fingerprints: np.ndarray

    def rows_in(self, batch: Batch, ordered: np.ndarray, order: np.ndarray) -> np.ndarray:
        """Rows of the batch (ascending) that are here. `ordered`: the batch's fingerprints sorted, its rows `order`.

        Raises MalformedRows where one is here under its id with another content.
        """
        suspects = np.sort(order[self.buckets.may_hold(ordered) | among(ordered, self.fingerprints)])
        here = np.zeros(len(suspects), dtype=bool)
        for segment in self._segments() if len(suspects) else ():
            here |= _same_in(segment, batch, suspects)
        rest = suspects[~here]
        if len(rest) and (elsewhere := self._ids_among(batch.columns[4][rest])).any():
            raise batch.refused(int(rest[elsewhere].min()))
        return suspects[here]

    def _segments(self):
        return [self.base] if self.delta is None else [self.base, self.delta]

    def _ids_among(self, ids: np.ndarray) -> np.ndarray:
        """bool[n]: which ids are anywhere, whatever their time. Reads all ids, so only what can't be ruled out."""
        pairs = words(ids).reshape(-1, 2)
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
        firsts, seconds = (np.ascontiguousarray(pairs[order, half]) for half in (0, 1))
        hits = np.zeros(len(ids), dtype=np.uint8)
        kernel = kernels("indexing_ids").find_ids
        for segment in self._segments():
            everything = words(segment.transfer_id)
            side_by_side(
                partial(kernel, everything, first, last, firsts, seconds, len(ids), hits)
                for first, last in shares(len(segment))
            )
        found = np.zeros(len(ids), dtype=bool)
        found[order] = hits.astype(bool)
        return found


def _same_in(segment: Segment, batch: Batch, rows: np.ndarray) -> np.ndarray:
    """bool[rows]: which are in the segment. Raises MalformedRows where time and id are and the rest differs."""
    time_us, ids = batch.columns[0][rows], batch.columns[4][rows]
    found = sorted_rows(time_us, ids)
    if found is not None:
        rows = rows[found[1]]
    places, equal = places_in(segment, batch.columns[0][rows], batch.columns[4][rows])
    there, ours = places[equal], rows[equal]
    theirs = (segment.sender, segment.receiver, segment.amount_cents)
    differs = np.any([a[there] != b[ours] for a, b in zip(theirs, batch.columns[1:4], strict=True)], axis=0)
    if differs.any():
        raise batch.refused(int(ours[differs].min()))
    if found is None:
        return equal
    back = np.empty_like(equal)
    back[found[1]] = equal
    return back


def held(graph: Graph, time_us: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """bool[n]: which of transfers in order are in the graph, by time and id."""
    return np.any([places_in(segment, time_us, ids)[1] for segment in graph.segments], axis=0)


def places_in(segment: Segment, time_us: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of transfers in order: int64[n], how many of the segment are less; bool[n], whether it stands just there."""
    places, equal = np.empty(len(time_us), dtype=np.int64), np.empty(len(time_us), dtype=np.uint8)
    kernels("indexing_merging").merge_places(
        segment.time_us,
        segment.transfer_id.reshape(-1),
        len(segment),
        time_us,
        ids.reshape(-1),
        len(time_us),
        places,
        equal,
    )
    return places, equal.astype(bool)
