"""The keeper's way with batches: small ones together in one append, a large one in pieces, none taken by halves."""

import json
import time
from collections.abc import Callable
from itertools import accumulate, takewhile

import pyarrow as pa

from cleanroom.errors import MalformedRows, Refusal
from cleanroom.lookout.service import batches, spool
from cleanroom.lookout.service.folders import Folders, write_whole
from cleanroom.lookout.service.metrics import KeeperMetrics
from cleanroom.lookout.service.spool import Batch

GROUP_BYTES = 32 * 1024**2
Append = Callable[[pa.Table], int]


class Intake:
    """`append` makes a table's transfers durable and visible and returns the state; known ones change nothing.

    `after_crash`: the keeper before this one died of a fault in its own memory, so one of the batches it was reading
    may be what killed it. They are taken one by one, and what kills alone is put aside.
    """

    def __init__(self, folders: Folders, append: Append, metrics: KeeperMetrics, *, after_crash: bool):
        self._folders, self._append, self._metrics = folders, append, metrics
        self._suspects = self._read_at_work() if after_crash else []
        if len(self._suspects) == 1:
            self._refuse_the_killer(self._suspects.pop())

    def take(self) -> int:
        """The next of what waits, in its order, as one append. Returns the number of batches that went."""
        group = self._next_group()
        if not group:
            return 0
        write_whole(self._at_work, json.dumps([b.path.name for b in group]).encode(), durable=False)
        if len(group) == 1 and group[0].path.stat().st_size > GROUP_BYTES:
            self._take_large(group[0])
        else:
            self._take_together(group)
        self._suspects = [name for name in self._suspects if name != group[0].path.name]
        return len(group)

    def _next_group(self) -> list[Batch]:
        waiting = spool.waiting(self._folders)
        if self._suspects:
            return [b for b in waiting if b.path.name in self._suspects][:1] or self._cleared()
        sizes = accumulate(b.path.stat().st_size for b in waiting)
        return [b for b, _ in takewhile(lambda pair: pair[1] <= GROUP_BYTES, zip(waiting, sizes, strict=True))] or (
            waiting[:1]
        )

    def _cleared(self) -> list[Batch]:
        self._suspects = []
        return []

    def _take_together(self, group: list[Batch]) -> None:
        read = [(batch, table) for batch in group if (table := self._table_of(batch)) is not None]
        if not read:
            return
        try:
            state = self._append(pa.concat_tables([table for _, table in read]))
        except Refusal as e:
            self._take_apart(read, e)
            return
        for batch, table in read:
            self._settle(batch, rows=len(table), state=state)

    def _take_apart(self, read: list[tuple[Batch, pa.Table]], refusal: Refusal) -> None:
        """One of the group can't be appended: find which."""
        if len(read) == 1:
            self._refuse(read[0][0], refusal)
            return
        for pair in read:
            try:
                state = self._append(pair[1])
            except Refusal as e:
                self._refuse(pair[0], e)
            else:
                self._settle(pair[0], rows=len(pair[1]), state=state)

    def _take_large(self, batch: Batch) -> None:
        """Checked to its end before its first piece is appended. Killed between pieces, it comes again from the
        beginning, and what is known changes nothing."""
        try:
            rows = sum(len(piece) for piece in batches.pieces(batch.path, batch.form))
            for piece in batches.pieces(batch.path, batch.form):
                state = self._append(piece)
        except Refusal as e:
            self._refuse(batch, e)
        else:
            self._settle(batch, rows=rows, state=state)

    def _table_of(self, batch: Batch) -> pa.Table | None:
        try:
            return pa.concat_tables([batches.SCHEMA.empty_table(), *batches.pieces(batch.path, batch.form)])
        except Refusal as e:
            self._refuse(batch, e)
            return None

    def _settle(self, batch: Batch, *, rows: int, state: int) -> None:
        spool.settle(self._folders, batch, rows=rows, state=state)
        self._metrics.rows.inc(rows)
        self._metrics.batches.labels("applied").inc()
        self._metrics.visible.observe(max(0.0, time.time() - batch.arrived))

    def _refuse(self, batch: Batch, error: Refusal) -> None:
        spool.refuse(self._folders, batch, error)
        self._metrics.batches.labels("refused").inc()

    @property
    def _at_work(self):
        return self._folders.run / "at-work.json"

    def _read_at_work(self) -> list[str]:
        try:
            return json.loads(self._at_work.read_bytes())
        except (FileNotFoundError, ValueError):
            return []

    def _refuse_the_killer(self, name: str) -> None:
        for batch in spool.waiting(self._folders):
            if batch.path.name == name:
                self._refuse(
                    batch,
                    MalformedRows(
                        "the keeper died over this batch; look at it by hand",
                        zh="維護程序處理此批次時異常結束；請人工檢視該批次",
                    ),
                )
