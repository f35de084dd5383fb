"""Order and sides of a segment, against numpy's own sorts."""

import numpy as np
import pytest

from cleanroom.lookout.index import arranging
from cleanroom.lookout.index.arranging import arrange, put_in_order

_START = 1_700_000_000_000_000


def columns(transfers: int, accounts: int, span_us: int, same_halves: bool = False):
    """Time, sender, receiver, amount, id; times within `span_us`, so with ties where it is short."""
    draw = np.random.default_rng(transfers + span_us)
    ids = draw.integers(0, 256, (transfers, 16), dtype=np.uint8)
    if same_halves:
        ids[:, :9] = 7
    ends = (draw.integers(0, accounts, transfers).astype(np.uint32) for _ in range(2))
    return _START + draw.integers(0, span_us, transfers), *ends, draw.integers(1, 10**9, transfers), ids


def expected_order(time_us, ids):
    halves = ids.view(">u8")
    return np.lexsort((halves[:, 1], halves[:, 0], time_us))


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("same_halves, by_time", [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize("span_us", [1, 3, 1_000, 10**13])
@pytest.mark.parametrize("transfers", [0, 1, 2, 60, 20_000])
def test_a_segment_is_in_order_with_both_sides(transfers, span_us, same_halves, by_time, compact):
    accounts = max(transfers // 4, 2)
    given = columns(transfers, accounts, span_us, same_halves)
    if by_time:
        given = [column[np.argsort(given[0], kind="stable")] for column in given]
    order = expected_order(given[0], given[4])
    time_us, sender, receiver, amount, ids = (column[order] for column in given)
    segment = arrange(*given, accounts=accounts, compact=compact)
    assert np.array_equal(segment.time_us, time_us) and np.array_equal(segment.transfer_id, ids)
    assert np.array_equal(segment.sender, sender) and np.array_equal(segment.receiver, receiver)
    assert np.array_equal(segment.amount_cents, amount)
    for side, own, other in ((segment.outgoing, sender, receiver), (segment.incoming, receiver, sender)):
        by_account = np.argsort(own, kind="stable")
        assert np.array_equal(side.number, by_account) and np.array_equal(side.other, other[by_account])
        rows, counts = np.unique(own, return_counts=True)
        assert side.offsets[0] == 0 and len(side.offsets) == 1 + (len(rows) if compact else accounts)
        if compact:
            assert np.array_equal(side.accounts, rows) and np.array_equal(np.diff(side.offsets), counts)
        else:
            assert side.accounts is None
            assert np.array_equal(np.diff(side.offsets), np.bincount(own, minlength=accounts))


def test_columns_that_are_in_order_are_not_copied():
    time_us, *others, ids = columns(50, 5, 10**12)
    order = expected_order(time_us, ids)
    given = [column[order] for column in (time_us, *others, ids)]
    segment = arrange(*given)
    assert segment.time_us is given[0] and segment.transfer_id is given[4]


def test_columns_of_different_length_are_refused():
    time_us, *others = columns(5, 2, 100)
    with pytest.raises(ValueError, match="one length"):
        arrange(time_us[:4], *others)


@pytest.mark.parametrize("piece", [1, 7, 40])
@pytest.mark.parametrize("slices", [[120], [30, 1, 2, 60, 17], [5] * 30])
def test_columns_are_put_in_order_where_they_lie_as_far_as_rows_stay_in_their_slice(piece, slices, monkeypatch):
    monkeypatch.setattr(arranging, "_PIECE", piece)
    monkeypatch.setattr(arranging, "_LARGE_PIECE", 110)
    draw, ends = np.random.default_rng(3), np.cumsum([0, *slices])
    rows = np.concatenate([start + draw.permutation(length) for start, length in zip(ends, slices, strict=False)])
    given = columns(len(rows), 9, 10**6)[1:]
    expected = [column[rows] for column in given]
    found = put_in_order(given, rows.astype(np.uint32))
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))
    in_place = [one is column for one, column in zip(found, given, strict=True)]
    assert in_place == [max(slices) <= 110] * 4
