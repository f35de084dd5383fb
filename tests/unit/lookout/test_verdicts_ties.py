"""Cases that chance seldom draws: what happens in one and the same moment, and what is put back."""

from itertools import pairwise

import numpy as np
import pytest

from cleanroom.lookout.verdicts import Keeper
from cleanroom.lookout.verdicts.passing import Pass, Sources
from cleanroom.lookout.verdicts.places import BEGINNING_US, END_US, cuts
from cleanroom.lookout.verdicts.records import blank
from tests.factories.verdicts import DAY_US, NOON, Paid, Room, as_kept, by_reference, listed, token

HOUR_US = DAY_US // 24
FAR, NEAR, A, B, MIDDLE, END = range(6)
FAR_LISTED, NEAR_LISTED = listed(FAR, NOON, 1), listed(NEAR, NOON, 1)
MOMENT = NOON + 5 * HOUR_US
# Three transfers from FAR to MIDDLE; then, in one moment, one from NEAR to MIDDLE and one from MIDDLE on.
LONG_WAY = [Paid(1, NOON, FAR, A, 9), Paid(2, NOON + 1, A, B, 9), Paid(3, NOON + 2, B, MIDDLE, 9)]


def kept(tmp_path, paid: list[Paid], listings) -> tuple[Room, Keeper]:
    room = Room()
    room.append(paid)
    return room, Keeper.open(tmp_path, room.graph, room.accounts.get, listings=listings, least=1)


@pytest.mark.parametrize("keys", [(4, 5), (5, 4)])
def test_what_a_moment_brings_is_not_passed_on_within_it(tmp_path, keys):
    paid = [*LONG_WAY, Paid(keys[0], MOMENT, NEAR, MIDDLE, 9), Paid(keys[1], MOMENT, MIDDLE, END, 9)]
    room, keeper = kept(tmp_path, paid, (FAR_LISTED, NEAR_LISTED))
    with keeper:
        found = as_kept(room, keeper.published)
    assert found == by_reference(room, [FAR_LISTED, NEAR_LISTED])
    assert found[token(END).hex()]["layers"] == 1 << 4
    assert found[token(MIDDLE).hex()]["layers"] == 1 << 3 | 1 << 1


def test_a_nearer_arrival_is_put_back_to_the_farther_one(tmp_path):
    room, keeper = kept(tmp_path, LONG_WAY, (FAR_LISTED, NEAR_LISTED))
    with keeper:
        for late in (Paid(6, MOMENT, NEAR, MIDDLE, 9), Paid(7, MOMENT - 1, B, END, 9)):
            keeper.update(room.graph_after([late]), room.accounts.get, changed_from_us=late.at_us)
            assert as_kept(room, keeper.published) == by_reference(room, [FAR_LISTED, NEAR_LISTED])
        assert len(keeper.periods) > 1
        keeper.update(room.graph, room.accounts.get, listings=(FAR_LISTED,))
        assert as_kept(room, keeper.published) == by_reference(room, [FAR_LISTED])


def test_what_a_listing_brought_late_is_put_back_to_nothing(tmp_path):
    late = listed(NEAR, MOMENT + 30 * DAY_US, 9)
    paid = [*LONG_WAY, Paid(4, MOMENT + 1, NEAR, END, 9), Paid(5, MOMENT + 2, END, A, 5)]
    room, keeper = kept(tmp_path, paid, (late,))
    with keeper:
        assert keeper.published.reached().sum() == 2
        keeper.update(room.graph, room.accounts.get, listings=())
        assert not keeper.published.cold.any()
        assert not keeper.published.reached().any()


def test_a_late_transfer_of_exactly_the_sum_takes_the_report_from_earlier_ones(tmp_path):
    """The earlier ones are no longer tainted, though they happened before the late one."""
    report = listed(NEAR, NOON + DAY_US, 10)
    room, keeper = kept(tmp_path, [Paid(n, NOON + n, FAR, NEAR, 6) for n in range(4)], (report,))
    with keeper:
        late = Paid(9, NOON + 10, A, NEAR, 10)
        keeper.update(room.graph_after([late]), room.accounts.get, changed_from_us=late.at_us)
        assert as_kept(room, keeper.published) == by_reference(room, [report])


def test_a_saved_period_puts_back_exactly_what_was():
    """Each period undone in turn, of a graph in which arrivals are replaced again and again."""
    rng = np.random.default_rng(4)
    room = Room()
    drawn = np.c_[np.sort(rng.integers(0, 60, 200)), rng.integers(0, 12, (200, 2)), rng.integers(1, 99, 200)]
    room.append([Paid(key, NOON + int(at), int(s), int(r), int(c)) for key, (at, s, r, c) in enumerate(drawn)])
    graph = room.graph
    sources = Sources.of([(NOON + 5, 0), (NOON + 20, 1), (NOON + 30, 2), (NOON + 40, 3)], ())
    records, touched = blank(graph.accounts), np.empty(graph.accounts, dtype=np.uint32)
    work, before, saved = Pass(graph, records, sources, touched), [], []
    moments = [BEGINNING_US, *range(NOON + 1, NOON + 60, 3), END_US]
    for period, (since, until) in enumerate(pairwise(moments), 1):
        before.append((records.hot[:, :3].copy(), records.hot[:, 3] & 0x7F, records.cold.copy()))
        saved.append(work.run(since, until, period=period))
    assert sum(len(one.cold) for one in saved) > 3, "no arrival was ever replaced"
    for then, period in zip(reversed(before), reversed(saved), strict=True):
        period.undo(records, touched, len(touched))
        now = records.hot[:, :3], records.hot[:, 3] & 0x7F, records.cold
        assert all(np.array_equal(one, other) for one, other in zip(then, now, strict=True))


def test_periods_are_about_as_long_as_all_after_them():
    room = Room()
    room.append([Paid(key, NOON + key, 1, 2, 1) for key in range(1000)])
    lengths = np.diff([*(moment - NOON for moment in cuts(room.graph, NOON, least=10)), 1000])
    assert len(lengths) == 8
    assert all(abs(one - lengths[place + 1 :].sum()) <= 1 for place, one in enumerate(lengths[:-1]))
