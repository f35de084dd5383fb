"""The one writer of an index: takes transfers in, and folds them into the base while more come in."""

import threading
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

import numpy as np
import pyarrow as pa

from cleanroom.errors import NotAllowed, TooLarge
from cleanroom.lookout.graph import Segment
from cleanroom.lookout.index import catalogue
from cleanroom.lookout.index.arranging import arrange
from cleanroom.lookout.index.building import MOST
from cleanroom.lookout.index.catalogue import State
from cleanroom.lookout.index.container import ContainerWriter, Named
from cleanroom.lookout.index.fingerprints import fingerprints_of, joined
from cleanroom.lookout.index.knowing import Batch, Known
from cleanroom.lookout.index.locking import WriterLock, writing
from cleanroom.lookout.index.merging import merged_base
from cleanroom.lookout.index.opening import Opened, Verify, load, numbers_of
from cleanroom.lookout.index.rows import Rows, rows_of
from cleanroom.lookout.index.segments import delta_sources, fingerprints_in, shapes_of
from cleanroom.lookout.index.tokenfile import TokenFile
from cleanroom.lookout.index.tokens import UNKNOWN, GrowingTable
from cleanroom.lookout.index.twins import repeated_rows
from cleanroom.lookout.index.tying import read_ties, ties_name, write_ties

_NONE = np.empty(0, dtype=np.uint64)


@dataclass(frozen=True)
class _New:
    """Transfers that the index does not have yet, in any order; and their fingerprints, sorted."""

    columns: tuple[np.ndarray, ...]
    fingerprints: np.ndarray


class Writer:
    """Threads may share it. What `append` and `merge` say is done is durable and visible to every reader."""

    def __init__(self, folder: Path, lock: WriterLock):
        self.folder = folder
        self._lock = lock
        self._changing = threading.RLock()
        self._merging = threading.Lock()
        self._carried: list[_New] | None = None  # taken in while a merge is under way
        self._return_to_published()
        catalogue.remove_others(folder, self._opened.state)
        catalogue.remove_unfinished(folder)

    @classmethod
    def open(cls, folder: Path) -> "Writer":
        """Raises NotAllowed where another writer is at work, IndexDamaged where the index is not what was written."""
        catalogue.read(folder)
        lock = WriterLock(folder)
        try:
            return cls(folder, lock)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Waits for a merge that is under way."""
        with self._merging, self._changing:
            self._lock.release()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def state(self) -> int:
        return self._opened.state.state

    @property
    def waiting(self) -> int:
        """Transfers in the delta: what a merge would fold in."""
        delta = self._opened.graph.delta
        return 0 if delta is None else len(delta)

    def append(self, table: pa.Table | pa.RecordBatch, *, file: str | None = None) -> int:
        """Take the transfers in, whatever their times; gives the state that has them.

        What is there already is skipped. Raises MalformedRows, and takes nothing in, where a row can't be one or has
        the id of another transfer (its place is the row of `file`); StoreFault where the disk refuses.
        """
        rows = rows_of(table, file=file)
        with self._changing, writing():
            fresh = self._fresh_rows(rows, file)
            if len(fresh.kept):
                self._take_in(rows, fresh)
            return self.state

    def merge(self) -> bool:
        """Fold the delta into a new base; appends go on meanwhile. False where there is nothing to fold in.

        Raises NotAllowed where a merge is under way, StoreFault where the disk refuses.
        """
        if not self._merging.acquire(blocking=False):
            raise NotAllowed("a merge of this index is under way", zh="此索引正在合併")
        try:
            with self._changing:
                frozen, self._carried = self._opened, []
            if frozen.delta is None:
                return False
            with writing():
                self._replace_base(frozen, self._merged(frozen))
            return True
        finally:
            self._carried = None
            self._merging.release()

    def take_ties(self, file: Path) -> bool:
        """Replace all ties by those of a published file. False where they are these already.

        Appends go on while the file is read. Raises MalformedRows, and leaves the former ties, where it has another
        form; StoreFault where the disk refuses.
        """
        with writing():
            content = file.read_bytes()
        name, known = ties_name(content), self._opened.state.ties
        if known is not None and known.file == name:
            return False
        ties = read_ties(content, file=file.name)
        with self._changing, writing():
            self._replace_ties(write_ties(self.folder / name, ties))
        return True

    def _replace_ties(self, named: Named) -> None:
        before = self._opened.state
        try:
            self._make_current(replace(before, state=before.state + 1, ties=named))
        except BaseException:
            self._return_to_published()
            raise

    # --- taking in ---

    def _fresh_rows(self, rows: Rows, file: str | None) -> "_Fresh":
        opened, seed = self._opened, self._opened.state.seed
        found = fingerprints_of(rows.transfer_id, seed)
        order = np.argsort(found)
        ordered = found[order]
        ends = [numbers_of(tokens, opened.base_table, self._newer) for tokens in (rows.sender, rows.receiver)]
        batch = Batch((rows.time_us, *ends, rows.amount_cents, rows.transfer_id), file)
        keep = np.ones(len(rows), dtype=bool)
        if (ordered[1:] == ordered[:-1]).any():
            content = (rows.time_us, rows.sender, rows.receiver, rows.amount_cents, rows.transfer_id)
            keep[repeated_rows(content, seed, batch.place)] = False
        known = Known(opened.graph.base, fingerprints_in(opened.base), opened.graph.delta, self._fingerprints)
        keep[known.rows_in(batch, ordered, order)] = False
        return _Fresh(batch, np.flatnonzero(keep), ordered[keep[order]])

    def _take_in(self, rows: Rows, fresh: "_Fresh") -> None:
        state = self._opened.state
        if self._opened.graph.transfers + len(fresh.kept) > MOST:
            raise TooLarge(f"an index holds {MOST} transfers", zh=f"一個索引至多 {MOST} 筆交易")
        try:
            new = self._numbered(rows, fresh)
            delta = self._opened.graph.delta
            before = [] if delta is None else [_New(_columns(delta), self._fingerprints)]
            new_tokens = self._newer.tokens[state.accounts - self._opened.base_accounts :]
            self._publish(_together([*before, new]), state.base, state.generation, new_tokens)
        except BaseException:
            self._return_to_published()
            raise
        if self._carried is not None:
            self._carried.append(new)

    def _numbered(self, rows: Rows, fresh: "_Fresh") -> _New:
        """New accounts get their numbers: the senders' first, in the order of rows."""
        time_us, *ends, amount, ids = (column[fresh.kept] for column in fresh.batch.columns)
        for numbers, tokens in zip(ends, (rows.sender, rows.receiver), strict=True):
            unknown = np.flatnonzero(numbers == UNKNOWN)
            numbers[unknown] = self._newer.intern(tokens[fresh.kept[unknown]]) + np.uint32(self._opened.base_accounts)
        return _New((time_us, *ends, amount, ids), fresh.fingerprints)

    # --- merging ---

    def _merged(self, frozen: Opened) -> Named:
        """The new base, durable, under a name that no state knows yet."""
        path = self.folder / f"merging-{frozen.state.generation + 1}"
        delta, fingerprints = frozen.graph.delta, frozen.delta.array("fingerprints")
        tables = frozen.base_table, frozen.newer_table
        known = fingerprints_in(frozen.base), fingerprints
        return merged_base(path, frozen.graph.base, delta, known, tables, frozen.state.seed)

    def _replace_base(self, frozen: Opened, merged: Named) -> None:
        """What came in meanwhile is the new delta."""
        generation = frozen.state.generation + 1
        base = replace(merged, file=f"base-{generation}")
        with self._changing:
            (self.folder / merged.file).rename(self.folder / base.file)
            try:
                self._newer = _table_of(self._opened.graph.tokens[frozen.state.accounts :], frozen.state.seed)
                carried = _together(self._carried) if self._carried else None
                self._publish(carried, base, generation, self._newer.tokens[:0])
            except BaseException:
                self._return_to_published()
                raise

    # --- publishing ---

    def _publish(
        self, delta: tuple[Segment, np.ndarray] | None, base: Named, generation: int, new_tokens: np.ndarray
    ) -> None:
        """Files first, durable; then the state that names them; then what nobody needs any more goes."""
        before = self._opened.state
        number, accounts = before.state + 1, before.accounts + len(new_tokens)
        self._tokens.append(new_tokens)
        named = self._written(f"delta-{number}", *delta) if delta else None
        blocks = self._tokens.blocks
        tokens = before.tokens, list(blocks)
        self._make_current(State(number, generation, before.seed, accounts, *tokens, base, named, before.ties))
        self._fingerprints = delta[1] if delta else _NONE

    def _make_current(self, state: State) -> None:
        catalogue.publish(self.folder, state)
        self._opened = load(self.folder, Verify.QUICK, self._opened)
        catalogue.remove_others(self.folder, state)

    def _written(self, name: str, delta: Segment, fingerprints: np.ndarray) -> Named:
        sources = delta_sources(delta, fingerprints, self._newer.packed())
        container = ContainerWriter(self.folder / name, shapes_of(sources))
        container.put(sources)
        return container.finish()

    def _return_to_published(self) -> None:
        """What was begun and not published is as if it had never been."""
        self._opened = opened = load(self.folder, Verify.QUICK)
        state = opened.state
        self._newer = _table_of(opened.graph.tokens[opened.base_accounts :], state.seed)
        self._fingerprints = opened.delta.array("fingerprints") if opened.delta else _NONE
        self._tokens = TokenFile(self.folder / state.tokens, state.accounts, state.token_blocks)


@dataclass(frozen=True)
class _Fresh:
    """`kept`: the rows of the batch that are new, ascending; `fingerprints` theirs, sorted."""

    batch: Batch
    kept: np.ndarray
    fingerprints: np.ndarray


def _columns(segment: Segment) -> tuple[np.ndarray, ...]:
    return segment.time_us, segment.sender, segment.receiver, segment.amount_cents, segment.transfer_id


def _together(parts: list[_New]) -> tuple[Segment, np.ndarray]:
    """The parts as one delta, and its sorted fingerprints."""
    columns = (np.concatenate(column) for column in zip(*(part.columns for part in parts), strict=True))
    return arrange(*columns, compact=True), reduce(joined, (part.fingerprints for part in parts))


def _table_of(tokens: np.ndarray, seed: int) -> GrowingTable:
    table = GrowingTable(seed)
    table.intern(tokens)
    return table
