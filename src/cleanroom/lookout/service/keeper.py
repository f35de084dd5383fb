"""The one process that writes: takes batches, keeps the verdicts up to date, merges, chains the access log."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pyarrow as pa

from cleanroom.errors import CleanroomError, NotAllowed, ServiceFault, StoreFault
from cleanroom.lookout.index import Index, Writer
from cleanroom.lookout.service import access_chain, batches, family, metrics, rebuilding, spool, syncing
from cleanroom.lookout.service.folders import Folders, write_whole
from cleanroom.lookout.service.intake import Intake
from cleanroom.lookout.service.judging import Judging
from cleanroom.lookout.service.settings import LookoutSettings

PAUSE_SECONDS = 0.02
LOCK_SECONDS = 15.0  # the keeper of a supervisor that was killed may still be ending
GIVEN_UP_SECONDS = 3600.0
_NO_MOMENTS = pa.chunked_array([pa.array([], batches.SCHEMA.field("executed_at").type)])


@dataclass
class Chore:
    """Something to do now and then; what goes wrong with it must not stop the intake."""

    every: float
    work: Callable[[], object]
    due: float = 0.0
    told: str = ""

    def look(self, now: float) -> None:
        if now < self.due:
            return
        self.due = now + self.every
        try:
            self.work()
        except (CleanroomError, OSError) as e:
            self._tell(e.sentence if isinstance(e, CleanroomError) else type(e).__name__)
        else:
            self.told = ""

    def _tell(self, sentence: str) -> None:
        """Once, however often the same goes wrong one time after the other."""
        if sentence != self.told:
            self.told = sentence
            print(f"lookout keeper: {sentence}", file=sys.stderr, flush=True)


@dataclass
class Keeper:
    folders: Folders
    settings: LookoutSettings
    room_graph: Path | None
    after_crash: bool
    _state_at: float = field(default_factory=time.time)
    _merging: Future | None = None
    _checking: Future | None = None
    _tying: Future | None = None
    _ties_mark: list[int] | None = None

    def run(self, stopping: Callable[[], bool]) -> None:
        """Until it is told to stop; what was begun is brought to its end."""
        self._writer = _patiently(lambda: Writer.open(self.folders.index))
        self._index = Index.open(self.folders.index)
        if self.room_graph is not None:  # before anybody is told that an account is downstream of none
            Chore(0, lambda: syncing.sync(self.room_graph, self.folders, names=(syncing.LISTINGS,))).look(0)
        self._judging = _patiently(lambda: Judging(self.folders, self._index))
        self._metrics = metrics.KeeperMetrics()
        self._intake = Intake(self.folders, self._append, self._metrics, after_crash=self.after_crash)
        with ThreadPoolExecutor(1, thread_name_prefix="beside") as self._beside:
            self._checking = self._beside.submit(Index.open, self.folders.index, verify="full")
            self._tell()
            self._work(stopping, self._chores())
        self._chain()

    def _work(self, stopping: Callable[[], bool], chores: list[Chore]) -> None:
        while not stopping():
            self._look_at_check()
            taken = self._intake.take()
            if taken:
                self._tell()
            now = time.monotonic()
            for chore in chores:
                chore.look(now)
            if not taken:
                time.sleep(PAUSE_SECONDS)

    def _sync(self) -> None:
        """Raises KeyRefused or ServiceFault with what to do where the index does not fit what is published any more."""
        syncing.sync(self.room_graph, self.folders)
        if outdated := rebuilding.why_anew(self.folders):
            raise ServiceFault(outdated.en, zh=outdated.zh_hant, rule="outdated")

    def _chain(self) -> None:
        access_chain.chain(self.folders, part_bytes=self.settings.access_part_bytes)

    def _look_at_check(self) -> None:
        """A start looked at samples; the rest is read beside the work. Raises IndexDamaged, and nothing is served."""
        if self._checking is not None and self._checking.done():
            checking, self._checking = self._checking, None
            checking.result()

    def _chores(self) -> list[Chore]:
        chores = [
            Chore(0.5, self._tell),
            Chore(0.25, self._chain),
            Chore(1.0, self._judging.look_at_listings),
            Chore(0.1, self._look_at_merge),
            Chore(1.0, self._look_at_ties),
            Chore(600.0, self._tidy),
        ]
        if self.room_graph is not None:
            chores.append(Chore(1.0, self._sync))
        return chores

    def _append(self, table: pa.Table) -> int:
        """Durable and visible to workers, the verdicts brought up to it."""
        self._writer.append(table)
        before = self._index.graph
        if self._index.refresh():
            self._judging.advance(before, earliest=table.column("executed_at"))
            self._state_at = time.time()
        return self._index.graph.state

    def _look_at_merge(self) -> None:
        """Merges run beside the intake; what comes in meanwhile waits in the next delta. Raises what a merge raised."""
        if self._merging is not None:
            if self._merging.done():
                merging, self._merging = self._merging, None
                self._metrics.merge.observe(merging.result())
                self._follow()
        elif self._writer.waiting >= max(self.settings.merge_least, self.settings.merge_share * self._base):
            self._merging = self._beside.submit(self._merge)

    def _merge(self) -> float:
        began = time.perf_counter()
        self._writer.merge()
        return time.perf_counter() - began

    def _look_at_ties(self) -> None:
        """Taken beside the intake, as merges are. Raises MalformedRows for a file of another form, once; StoreFault,
        and it is tried again."""
        if self._tying is not None:
            if self._tying.done():
                self._take_note_of_ties()
            return
        mark = syncing.mark_of(self.folders.ties)
        if mark is not None and mark != self._ties_mark:
            self._ties_mark, self._tying = mark, self._beside.submit(self._writer.take_ties, self.folders.ties)

    def _take_note_of_ties(self) -> None:
        tying, self._tying = self._tying, None
        try:
            is_new = tying.result()
        except StoreFault:
            self._ties_mark = None
            raise
        if is_new:
            self._follow()

    def _follow(self) -> None:
        """A merge, or other ties, is a state like another, with the same transfers."""
        before = self._index.graph
        if self._index.refresh():
            self._judging.advance(before, earliest=_NO_MOMENTS)

    @property
    def _base(self) -> int:
        return len(self._index.graph.base)

    def _tidy(self) -> None:
        spool.forget_receipts(self.folders, older_than_s=3600 * self.settings.receipt_hours)
        for path in spool.strangers(self.folders, older_than_s=GIVEN_UP_SECONDS):
            path.unlink(missing_ok=True)

    def _tell(self) -> None:
        """A sign of life, for the workers' /health and for monitoring."""
        graph = self._index.graph
        waiting = len(spool.waiting(self.folders))
        delta = 0 if graph.delta is None else len(graph.delta)
        state = {
            "at": time.time(),
            "state": graph.state,
            "state_at": self._state_at,
            "verdict_state": self._judging.state,
            "transfers": graph.transfers,
            "accounts": graph.accounts,
            "delta": delta,
            "waiting": waiting,
        }
        write_whole(self.folders.keeper_state, msgspec.json.encode(state), durable=False)
        self._metrics.set(
            transfers=graph.transfers,
            delta_transfers=delta,
            accounts=graph.accounts,
            state=graph.state,
            waiting_batches=waiting,
            state_timestamp_seconds=self._state_at,
        )


def _patiently(open_it: Callable):
    """What one process may hold at a time may still be held by one that is ending. Raises NotAllowed."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return open_it()
        except NotAllowed:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    folders = Folders(options.home)
    stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: stop.append(number))

    def work() -> None:
        family.end_with(options.parent)
        metrics.use(folders.metrics)
        settings = LookoutSettings.from_environment()
        Keeper(folders, settings, options.room_graph, options.after_crash).run(lambda: bool(stop))

    return family.ended_well(work, told_in=options.told_in)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cleanroom.lookout.service.keeper")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--told-in", type=Path, required=True)
    parser.add_argument("--room-graph", type=Path)
    parser.add_argument("--after-crash", action="store_true", help="the keeper before died of a fault in its memory")
    return parser


if __name__ == "__main__":
    sys.exit(main())
