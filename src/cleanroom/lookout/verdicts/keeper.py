"""The one process that keeps verdicts up to date: with new transfers, late ones, new, changed and lifted listings.

It works on the buffer that nobody reads, publishes it with one word, and brings the other one up to it afterwards.
A keeper that is killed leaves the last published state; the next one copies it over the half-written buffer.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from cleanroom.errors import IndexDamaged
from cleanroom.lookout.graph import Graph
from cleanroom.lookout.kernels.loading import kernels
from cleanroom.lookout.verdicts import home as homes
from cleanroom.lookout.verdicts.head import Head, Slot
from cleanroom.lookout.verdicts.history import History
from cleanroom.lookout.verdicts.listings import Listing, standing
from cleanroom.lookout.verdicts.passing import Pass, Sources
from cleanroom.lookout.verdicts.periods import Period
from cleanroom.lookout.verdicts.places import BEGINNING_US, END_US, LEAST_TRANSFERS, cuts, moment_before, place_of
from cleanroom.lookout.verdicts.records import LAYER_BITS, MARKS, Records, blank, enlarge, mapped, rows_on_disk
from cleanroom.lookout.verdicts.sources import AccountOf, Placed, place, sources_of


class Keeper:
    """Opened with `open`; `close` lets another keeper in."""

    def __init__(self, folder: Path, lock, *, least: int = LEAST_TRANSFERS):
        self._folder, self._lock, self._least = folder, lock, least
        self._placed: tuple[Placed, ...] = ()
        self._sources = Sources((), ())
        self._buffers: list[Records] = []
        self._behind = False  # whether the hidden buffer differs from the published one
        self.rebuilt_because: str | None = None

    @classmethod
    def open(
        cls,
        folder: Path,
        graph: Graph,
        account_of: AccountOf,
        *,
        listings: Iterable[Listing] | None = None,
        as_of_us: int | None = None,
        least: int = LEAST_TRANSFERS,
    ) -> "Keeper":
        """The state in `folder` brought up to the graph; built anew where it is missing, damaged or another index's
        (`rebuilt_because` says why).

        `listings`: all of them, of which those that stand at `as_of_us` count; None keeps those that were kept.
        Raises NotAllowed where another keeper runs.
        """
        keeper = cls(folder, homes.lock(folder), least=least)
        wanted = None if listings is None else standing(listings, END_US if as_of_us is None else as_of_us)
        try:
            keeper._open(graph, account_of)
        except IndexDamaged as damage:
            keeper._build(graph, account_of, wanted or (), str(damage))
        else:
            keeper.update(graph, account_of, listings=wanted)
        return keeper

    def close(self) -> None:
        """Another keeper may come."""
        self._lock.close()

    def __enter__(self) -> "Keeper":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def slot(self) -> Slot:
        """The published state's facts."""
        return self._slot

    @property
    def placed(self) -> tuple[Placed, ...]:
        """Standing listings, in the graph."""
        return self._placed

    @property
    def sources(self) -> Sources:
        return self._sources

    @property
    def periods(self) -> tuple[Period, ...]:
        """What one can go back through, oldest first."""
        return self._history.periods

    @property
    def home(self) -> Path:
        return self._home

    @property
    def published(self) -> Records:
        """For reading."""
        return self._buffers[self._slot.generation & 1]

    def update(
        self,
        graph: Graph,
        account_of: AccountOf,
        *,
        changed_from_us: int | None = None,
        listings: Iterable[Listing] | None = None,
    ) -> Slot:
        """Bring the state up to `graph` and publish it.

        `changed_from_us`: the earliest moment of transfers that the graph has and the state has not (None: it has no
        others; a merge changes no transfer). `listings`: those that stand now; None leaves them as they are.
        """
        wanted = tuple(one.listing for one in self._placed) if listings is None else tuple(listings)
        placed = place(wanted, graph, account_of, self._placed, changed_from_us)
        sources = sources_of(placed)
        changed = changed_from_us if changed_from_us is not None else END_US
        moment = min(changed, sources.changed_since(self._sources))
        if moment == END_US and placed == self._placed and graph.state == self._slot.index_state:
            return self._slot
        self._catch_up_after_failure()
        self._make_room(graph.accounts)
        self._behind = True
        draft = replace(self._slot, listings=self._number_of(placed), accounts=graph.accounts)
        self._pass_on(graph, sources, placed, moment, draft)
        return self._slot

    def _open(self, graph: Graph, account_of: AccountOf) -> None:
        """Raises IndexDamaged."""
        self._home = homes.current(self._folder)
        self._head = Head(self._home, writable=True)
        self._slot = self._head.slot(self._head.generation)
        if not homes.belongs_to(self._slot, graph):
            raise IndexDamaged(
                "the kept verdicts belong to another index; they are built anew", zh="所存判定屬於另一索引；將重新計算"
            )
        self._map(self._slot.accounts)
        if self.published.digest(self._slot.accounts) != self._slot.digest:
            raise IndexDamaged(
                "the kept verdicts are not what was written; they are built anew", zh="所存判定與寫入者不同；將重新計算"
            )
        self._behind = True
        self._placed = place(homes.kept_listings(self._home, self._slot.listings), graph, account_of)
        self._sources = sources_of(self._placed)
        self._history = History(self._home, self._least, number=self._slot.period)
        self._history.read(self._slot.ledger)
        if (self._slot.index_state, self._slot.transfers) != (graph.state, graph.transfers):
            self.update(graph, account_of, changed_from_us=BEGINNING_US)

    def _build(self, graph: Graph, account_of: AccountOf, listings: tuple[Listing, ...], because: str) -> None:
        old = getattr(self, "_head", None)
        self.rebuilt_because = because
        self._home = homes.next_home(self._folder)
        self._head = Head.create(self._home)
        self._buffers, self._behind, self._history = [], False, History(self._home, self._least)
        placed = place(listings, graph, account_of)
        tokens, fingerprint = homes.fingerprint(graph)
        self._slot = Slot(0, 0, 0, graph.accounts, BEGINNING_US, 0, 1, 0, 0, tokens, fingerprint)
        homes.write_listings(self._home, 1, placed)
        self._make_room(graph.accounts)
        self._pass_on(graph, sources_of(placed), placed, BEGINNING_US, self._slot)
        homes.settle(self._folder, self._home)
        if old is not None:
            old.supersede()

    def _map(self, accounts: int) -> None:
        try:
            if min(rows_on_disk(self._home, 0), rows_on_disk(self._home, 1)) < accounts:
                raise IndexDamaged(
                    "the kept verdicts are cut off; they are built anew", zh="所存判定不完整；將重新計算"
                )
        except OSError as error:
            raise IndexDamaged(
                "a file of the kept verdicts is missing; they are built anew", zh="所存判定缺少檔案；將重新計算"
            ) from error
        self._buffers = [mapped(self._home, buffer, writable=True) for buffer in (0, 1)]

    def _make_room(self, accounts: int) -> None:
        if not self._buffers or len(self._buffers[0]) < accounts:
            enlarge(self._home, accounts)
            self._map(accounts)
        self._touched = np.empty(len(self._buffers[0]), dtype=np.uint32)

    def _catch_up_after_failure(self) -> None:
        """An update that was broken off has left the hidden buffer, and perhaps the history, somewhere between."""
        if self._behind:
            self._history.read(self._slot.ledger)
            self._hidden.copy_from(self.published)
            self._behind = False

    @property
    def _hidden(self) -> Records:
        return self._buffers[(self._slot.generation + 1) & 1]

    def _number_of(self, placed: tuple[Placed, ...]) -> int:
        """The listings' file; a new one where they have changed."""
        if placed == self._placed:
            return self._slot.listings
        homes.write_listings(self._home, self._slot.listings + 1, placed)
        return self._slot.listings + 1

    def _pass_on(self, graph: Graph, sources: Sources, placed: tuple[Placed, ...], moment: int, draft: Slot) -> None:
        touches = self._redo(graph, sources, moment)
        self._publish(graph, draft, touches)
        self._placed, self._sources = placed, sources
        self._bring_up_other(touches)
        self._thin_out(graph.accounts)

    def go_back(self, records: Records, moment: int) -> int:
        """Put a copy of the published records back to before `moment`; gives from when on to pass over it, and
        BEGINNING_US where nothing saved reaches so far: then the records are of no use."""
        return self._undo(records, moment, np.empty(len(records), dtype=np.uint32))[0]

    def _undo(self, records: Records, moment: int, touched: np.ndarray) -> tuple[int, int, int]:
        """(from when on to pass, how many periods stay, accounts noted as changed)."""
        if moment > self._slot.through_us and self._slot.through_us != BEGINNING_US:
            return self._slot.through_us + 1, len(self._history.periods), 0
        return self._history.go_back(records, moment, touched)

    def _redo(self, graph: Graph, sources: Sources, moment: int) -> int | None:
        """Go back before `moment` and pass on from there, in the hidden buffer. How many accounts are noted as
        changed; None where all may be."""
        since, stay, touches = self._undo(self._hidden, moment, self._touched)
        if since == BEGINNING_US:
            self._pass_over_all(graph, sources)
            return None
        work = Pass(graph, self._hidden, sources, self._touched, touches)
        self._history.record(work, [*cuts(graph, since, least=self._least), END_US], keep=stay)
        return work.touches

    def _pass_over_all(self, graph: Graph, sources: Sources) -> None:
        """In this process's own memory, where it is faster. Before the first cut nothing is saved."""
        records = blank(graph.accounts)
        work = Pass(graph, records, sources, np.empty(len(records), dtype=np.uint32))
        first, *moments = [*cuts(graph, BEGINNING_US, least=self._least), END_US]
        work.run(first, moments[0])
        self._history.record(work, moments, keep=0)
        records.hot[:, MARKS] &= LAYER_BITS
        self._hidden.copy_from(Records(records.hot[: graph.accounts], records.cold[: graph.accounts]))

    def _publish(self, graph: Graph, draft: Slot, touches: int | None) -> None:
        ledger = self._slot.ledger + 1
        self._history.write_ledger(ledger)
        self._slot = replace(
            draft,
            generation=self._slot.generation + 1,
            index_state=graph.state,
            transfers=graph.transfers,
            through_us=moment_before(graph, place_of(graph, END_US)),
            digest=self._digest(self._hidden, self.published, touches, graph.accounts),
            ledger=ledger,
            period=self._history.number,
        )
        self._head.publish(self._slot)

    def _thin_out(self, accounts: int) -> None:
        """After the state is out: readers do not wait for it."""
        self._history.thin_out(accounts)
        self._history.write_ledger(self._slot.ledger)
        listings = {f"listings-{n}" for n in (self._slot.listings - 1, self._slot.listings)}
        kept = {f"period-{period.number}" for period in self.periods}
        homes.sweep(self._home, {*kept, f"ledger-{self._slot.ledger}", *listings})

    def _bring_up_other(self, touches: int | None) -> None:
        """The buffer that was shown until now gets what is shown from now on."""
        shown, hidden = self.published, self._hidden
        if touches is None:
            hidden.copy_from(shown)
        else:
            kernels("tainting").taint_copy(self._touched, touches, shown.hot, shown.cold, hidden.hot, hidden.cold)
        self._behind = False

    def _digest(self, hidden: Records, shown: Records, touches: int | None, accounts: int) -> int:
        if touches is None:
            return hidden.digest(accounts)
        changed = kernels("tainting").taint_sum_changed(
            self._touched, touches, hidden.hot, hidden.cold, shown.hot, shown.cold
        )
        return (self._slot.digest + changed) % 2**64
