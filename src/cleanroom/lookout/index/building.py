"""Parquet to a ready index. Rows may come in any order; order that is there costs nothing but the look."""

import resource
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from cleanroom.errors import NotAllowed, NothingToDo, TooLarge
from cleanroom.lookout.graph import Graph, Segment, Side
from cleanroom.lookout.index import catalogue
from cleanroom.lookout.index.arranging import full_side, put_in_order
from cleanroom.lookout.index.catalogue import State
from cleanroom.lookout.index.container import ContainerWriter, Named
from cleanroom.lookout.index.fingerprints import Fingerprints, build_fingerprints
from cleanroom.lookout.index.locking import WriterLock, writing
from cleanroom.lookout.index.ordering import sorted_rows
from cleanroom.lookout.index.reading import read, survey
from cleanroom.lookout.index.segments import WALKED, base_arrays, column_sources, side_sources
from cleanroom.lookout.index.threads import side_by_side
from cleanroom.lookout.index.tokenfile import TokenFile
from cleanroom.lookout.index.tokens import GrowingTable
from cleanroom.lookout.index.twins import repeated_rows, without
from cleanroom.lookout.index.tying import read_ties, ties_name, write_ties

MOST = (1 << 31) - 1  # transfers, and accounts: numbers of 32 bits whose sign stays clear
Progress = Callable[[str], None]
AccountsOf = Callable[[np.ndarray], np.ndarray]
"""Tokens uint8[n, 16] to account numbers uint32[n], 2**32 - 1 for those that the graph does not have."""
Ready = Callable[[Graph, AccountsOf], None]


@dataclass
class Facts:
    """What was built and what it took: `bytes_of` each array on disk, `seconds` of each stage, in the order of work.

    A walk in one direction reads the times, accounts and amounts that both share, and its own side:
    `walk_bytes_per_direction` is half of what both read together, per transfer.
    """

    transfers: int = 0
    accounts: int = 0
    repeated: int = 0
    bytes_of: dict[str, int] = field(default_factory=dict)
    walk_bytes_per_direction: float = 0.0
    peak_memory_bytes: int = 0
    was_ordered: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def bytes_on_disk(self) -> int:
        return sum(self.bytes_of.values())

    @property
    def total_seconds(self) -> float:
        return sum(self.seconds.values())


@dataclass
class _Columns:
    """The transfers, in the order of rows until they are put in order by time.

    `room`, 8 bytes a transfer, is scratch for one stage after the other, and `spare`, 4 bytes where there is any, for
    the last: memory that the system gives anew has to be cleared first, and that takes as long as working in it.
    """

    time_us: np.ndarray
    sender: np.ndarray
    receiver: np.ndarray
    amount_cents: np.ndarray
    transfer_id: np.ndarray
    spare: np.ndarray | None = None

    def __post_init__(self) -> None:
        self.room = np.empty(len(self.time_us), dtype=np.uint64)

    def keep(self, start: int, ids: np.ndarray, moments: np.ndarray, cents: np.ndarray) -> None:
        """All but the accounts, which get their numbers in the order of rows."""
        part = slice(start, start + len(ids))
        self.transfer_id[part], self.time_us[part], self.amount_cents[part] = ids, moments, cents

    def all(self) -> tuple[np.ndarray, ...]:
        return self.time_us, self.sender, self.receiver, self.amount_cents, self.transfer_id


def build(
    parquet_files: Sequence[Path],
    folder: Path,
    *,
    ties: Path | None = None,
    progress: Progress | None = None,
    ready: Ready | None = None,
) -> Facts:
    """Index of the transfers in the files, in a folder that has none. Whole and durable when it returns, or not there.

    The same transfer twice counts once. `ties`: a published file of them. `progress` hears each stage's name as
    it begins. `ready` is called with the whole graph before any of it is written: who can't wait asks there. What it
    learns is true of the files; the index is published after it, and not at all where it raises or the disk refuses.
    Raises MalformedRows (with the place of the row), NothingToDo without files, NotAllowed where the folder has an
    index or a writer is at work.
    """
    if not parquet_files:
        raise NothingToDo(
            "there is no Parquet file of transfers to build an index from", zh="無可建立索引之交易 Parquet 檔"
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = WriterLock(folder)
    try:
        if (folder / catalogue.CURRENT).exists():
            raise NotAllowed(
                "this folder has an index; `cleanroom lookout build --anew` puts another in its place",
                zh="此資料夾已有索引；以 cleanroom lookout build --anew 可取代之",
            )
        catalogue.remove_others(folder, None)
        catalogue.remove_unfinished(folder)
        return _Build([Path(file) for file in parquet_files], folder, ties, progress).run(ready)
    finally:
        lock.release()


class _Build:
    def __init__(self, files: Sequence[Path], folder: Path, ties: Path | None, progress: Progress | None):
        self.files, self.folder, self.ties, self.progress = files, folder, ties, progress
        self.seed = secrets.randbits(62)
        self.facts = Facts()

    @contextmanager
    def stage(self, name: str):
        if self.progress:
            self.progress(name)
        began = time.perf_counter()
        yield
        self.facts.seconds[name] = time.perf_counter() - began

    def run(self, ready: Ready | None) -> Facts:
        with self.stage("read and intern"):
            columns, table = self._read()
        with self.stage("look for repeated ids"):
            columns, fingerprints = self._once_each(columns)
        with self.stage("order"):
            self._order(columns)
        with self.stage("sides"):
            base = Segment(*columns.all(), *_sides(columns, len(table)))
        if ready:
            ready(Graph(table.tokens, base, None, state=1, generation=1), table.find)
        with self.stage("write"), writing():
            container = self._written(base, fingerprints, table)
        with self.stage("publish"), writing():
            self._publish(container.finish(), table)
        return self._tell(base, table)

    def _read(self) -> tuple[_Columns, GrowingTable]:
        found = survey(self.files)
        self.found = found
        if found.rows > MOST:
            raise TooLarge(
                f"an index holds {MOST} transfers, and the files have {found.rows}",
                zh=f"索引至多容納 {MOST} 筆交易，而檔案共有 {found.rows} 筆",
            )
        table, columns = GrowingTable(self.seed), _empty(found.rows)

        def look_up(start: int, tokens: np.ndarray) -> None:
            table.find_into(tokens, columns.receiver[start : start + len(tokens)])

        for start, senders, receivers in read(found, columns.keep, look_up):
            part = slice(start, start + len(senders))
            table.intern_into(senders, columns.sender[part])
            table.intern_rest(receivers, columns.receiver[part])
        return columns, table

    def _once_each(self, columns: _Columns) -> tuple[_Columns, Fingerprints]:
        fingerprints, twins = build_fingerprints(columns.transfer_id, self.seed, room=columns.room)
        if not twins:
            return columns, fingerprints
        repeated = repeated_rows(columns.all(), self.seed, self.found.place)
        self.facts.repeated = len(repeated)
        once = _Columns(*(without(column, repeated) for column in columns.all()))
        return once, build_fingerprints(once.transfer_id, self.seed, room=once.room)[0]

    def _order(self, columns: _Columns) -> None:
        found = sorted_rows(columns.time_us, columns.transfer_id, room=columns.room)
        self.facts.was_ordered = found is None
        if found is not None:
            columns.time_us, columns.spare = found
            ends_and_rest = columns.all()[1:]
            columns.sender, columns.receiver, columns.amount_cents, columns.transfer_id = put_in_order(
                ends_and_rest, columns.spare
            )

    def _written(self, base: Segment, fingerprints: Fingerprints, table: GrowingTable) -> ContainerWriter:
        accounts = len(table)
        arrays = base_arrays(len(base), accounts, len(fingerprints.offsets) - 1)
        self.facts.bytes_of = {n: int(np.prod(shape)) * np.dtype(kind).itemsize for n, (kind, shape) in arrays.items()}
        self.facts.bytes_of["tokens"] = 16 * accounts
        container = ContainerWriter(self.folder / "base-1", arrays)
        container.put(
            {
                **column_sources(base),
                **side_sources("outgoing", base.outgoing),
                **side_sources("incoming", base.incoming),
                "slots": table.packed(),
                "fingerprints.offsets": fingerprints.offsets,
                "fingerprints.tags": fingerprints.tags,
            }
        )
        return container

    def _publish(self, base: Named, table: GrowingTable) -> None:
        tokens = TokenFile(self.folder / "tokens-1")
        tokens.append(table.tokens)
        state = State(1, 1, self.seed, len(table), "tokens-1", tokens.blocks, base, None, self._tied())
        catalogue.publish(self.folder, state)

    def _tied(self) -> Named | None:
        if self.ties is None:
            return None
        content = self.ties.read_bytes()
        return write_ties(self.folder / ties_name(content), read_ties(content, file=self.ties.name))

    def _tell(self, base: Segment, table: GrowingTable) -> Facts:
        facts = self.facts
        facts.transfers, facts.accounts = len(base), len(table)
        walked = sum(size for name, size in facts.bytes_of.items() if name in WALKED)
        facts.walk_bytes_per_direction = walked / 2 / max(facts.transfers, 1)
        facts.peak_memory_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return facts


def _empty(rows: int) -> _Columns:
    numbers = (np.empty(rows, dtype=dtype) for dtype in (np.int64, np.uint32, np.uint32, np.int64))
    return _Columns(*numbers, np.empty((rows, 16), dtype=np.uint8))


def _sides(columns: _Columns, accounts: int) -> list[Side]:
    """Both sides, in the scratch as far as it goes."""
    transfers, halves = len(columns.sender), columns.room.view(np.uint32)
    spare = np.empty(transfers, np.uint32) if columns.spare is None else columns.spare
    rooms = (halves[:transfers], halves[transfers:]), (spare, np.empty(transfers, np.uint32))
    ends = columns.sender, columns.receiver
    work = zip((ends, ends[::-1]), rooms, strict=True)
    return side_by_side(partial(full_side, own, other, accounts, room) for (own, other), room in work)
