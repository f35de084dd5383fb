"""Whatever happens to a kept state, it equals the one computed from scratch, which equals the reference."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.lookout.verdicts.keeper import Keeper
from cleanroom.lookout.verdicts.passing import Pass
from cleanroom.lookout.verdicts.places import BEGINNING_US, END_US
from cleanroom.lookout.verdicts.records import LAYER_BITS, MARKS, Records, blank
from cleanroom.lookout.verdicts.sources import place, sources_of
from tests.factories.laws import LAW
from tests.factories.verdicts import DAY_US, NOON, Paid, Room, as_kept, by_reference, listed

HOUR_US = DAY_US // 24
# Few accounts and few moments: ties, cycles, self-transfers and exact sums are common. Some lie before the look-back.
accounts = st.integers(0, 6)
moments = st.one_of(
    st.integers(0, 12).map(lambda hour: NOON + hour * HOUR_US),
    st.integers(-40, -20).map(lambda day: NOON + day * DAY_US),
)
cents = st.sampled_from([1, 2, 3, 5, 100, 250, 999, 10**6 + 1])
transfers = st.tuples(moments, accounts, accounts, cents)
batches = st.lists(transfers, min_size=1, max_size=12)
first_batches = st.lists(transfers, min_size=12, max_size=40)
# Listed a look-back after the transfers too: their walks begin among them, so a lifted one undoes a part only.
notices = st.one_of(moments, st.integers(-1, 12).map(lambda hour: NOON + 30 * DAY_US + hour * HOUR_US))
listings = st.lists(st.builds(listed, accounts, notices, cents), max_size=4)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), batches),
        st.tuples(st.just("list"), listings),
        st.tuples(st.just("both"), st.tuples(batches, listings)),
        st.tuples(st.sampled_from(["merge", "reopen", "new keeper without a ledger"]), st.none()),
    ),
    min_size=1,
    max_size=7,
)


@given(first_batches, listings, steps)
@LAW
def test_a_kept_state_equals_the_reference_after_each_step(first, listed_first, happenings):
    happenings = [("list", listed_first), *happenings]
    with tempfile.TemporaryDirectory() as folder:
        room = Room()
        room.append(_paid(first, room))
        play = _Play(Path(folder), room)
        for what, content in happenings:
            play.do(what, content)
            assert as_kept(room, play.keeper.published) == by_reference(room, play.listings)
            assert _same(play.keeper.published, play.from_scratch())
            play.check_itself()
        play.keeper.close()


def _paid(batch, room: Room) -> list[Paid]:
    known = len(room.base) + len(room.delta)
    return [Paid(known + place, *one) for place, one in enumerate(batch)]


class _Play:
    def __init__(self, folder: Path, room: Room):
        self._folder, self._room, self.listings = folder, room, []
        self.keeper = self._open()

    def _open(self) -> Keeper:
        # Periods of two transfers, so that there is much to go back through.
        return Keeper.open(self._folder, self._room.graph, self._room.accounts.get, least=2)

    def do(self, what: str, content) -> None:
        room, earliest = self._room, None
        if what in ("append", "both"):
            batch = content[0] if what == "both" else content
            earliest = room.append(_paid(batch, room))
        if what in ("list", "both"):
            self.listings = list(dict.fromkeys(content[1] if what == "both" else content))
        if what == "merge":
            room.merge()
        if what in ("reopen", "new keeper without a ledger"):
            self.keeper.close()
            if what != "reopen":
                for path in self.keeper.home.glob("ledger-*"):
                    path.unlink()
            self.keeper = self._open()
            return
        self.keeper.update(room.graph, room.accounts.get, changed_from_us=earliest, listings=self.listings)

    def from_scratch(self) -> Records:
        """One pass over everything, with nothing to go back to."""
        graph = self._room.graph
        records = blank(graph.accounts)
        sources = sources_of(place(self.listings, graph, self._room.accounts.get))
        Pass(graph, records, sources, np.empty(1, dtype=np.uint32)).run(BEGINNING_US, END_US)
        return records

    def check_itself(self) -> None:
        slot, published = self.keeper.slot, self.keeper.published
        assert slot.digest == published.digest(slot.accounts)
        assert (slot.index_state, slot.accounts) == (self._room.state, len(self._room.accounts))


def _same(one: Records, other: Records) -> bool:
    rows = min(len(one), len(other))
    marks = (one.hot[:rows, MARKS] ^ other.hot[:rows, MARKS]) & LAYER_BITS
    return (
        not marks.any()
        and np.array_equal(one.hot[:rows, :MARKS], other.hot[:rows, :MARKS])
        and np.array_equal(one.cold[:rows], other.cold[:rows])
    )
