"""Following given reports by every method, against the reference."""

from hypothesis import given
from hypothesis import strategies as st

from cleanroom.lookout.verdicts.following import Followed, follow
from cleanroom.lookout.verdicts.reported import Entry
from cleanroom.moneyflow import reference
from cleanroom.moneyflow.reference import Injection, TaintMethod
from tests.factories.laws import LAW
from tests.factories.verdicts import NOON, Paid, Room, moment, transfer_id

paid = st.tuples(
    st.integers(0, 9).map(lambda hour: NOON + hour), st.integers(0, 5), st.integers(0, 5), st.integers(1, 300)
)


@given(
    st.lists(paid, min_size=1, max_size=30),
    st.integers(0, 30),
    st.lists(st.tuples(st.integers(0, 29), st.integers(1, 400)), max_size=6),
    st.sampled_from(list(TaintMethod)),
    st.tuples(st.sampled_from([None, NOON + 2]), st.sampled_from([None, NOON + 7])),
)
@LAW
def test_every_method_gives_the_references_cents(drawn, in_base, wanted, method, window):
    room = Room()
    transfers = [Paid(key, *one) for key, one in enumerate(drawn)]
    room.append(transfers[:in_base])
    room.merge()
    room.append(transfers[in_base:])
    reports = [(transfers[key], cents) for key, cents in wanted if key < len(transfers)]
    bounds = {name: at for name, at in zip(("after_us", "before_us"), window, strict=True) if at is not None}
    found = follow(room.graph, [Entry(p.at_us, transfer_id(p.key), c) for p, c in reports], method, **bounds)
    inside = [t for t in room.transfers if _is_inside(t, window)]
    injections = [Injection(transfer_id(p.key).hex(), str(case), c) for case, (p, c) in enumerate(reports)]
    expected = reference.follow(inside, injections, method)
    names = [name.hex() for name in room.accounts]
    assert _some(found.received, names) == expected.received
    assert _some(found.held, names) == expected.held
    assert _carried(room, found) == expected.carried


def _is_inside(transfer, window) -> bool:
    after, before = (None if at is None else moment(at) for at in window)
    return (after is None or after < transfer.executed_at) and (before is None or transfer.executed_at < before)


def _some(cents, names) -> dict[str, int]:
    return {name: int(value) for name, value in zip(names, cents, strict=True) if value}


def _carried(room: Room, found: Followed) -> dict[str, int]:
    return {
        segment.transfer_id[first + place].tobytes().hex(): int(value)
        for segment, (first, carried) in zip(room.graph.segments, found.carried, strict=True)
        for place, value in enumerate(carried)
        if value
    }
