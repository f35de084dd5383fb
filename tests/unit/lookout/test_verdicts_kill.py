"""A keeper that is killed anywhere leaves the last published state, and readers never see half of one."""

import os
import signal
import time
from pathlib import Path

import pytest

from cleanroom.lookout.verdicts import Keeper, Verdicts
from tests.factories.killing import KILLED, killed_at
from tests.factories.verdicts import DAY_US, NOON, Paid, Room, as_kept, by_reference, listed, token

VICTIM, LISTED, OTHER, MORE = range(4)
REPORT = listed(LISTED, NOON + 20 * DAY_US, 10**9)
_CENTS = 10


def _room() -> Room:
    room = Room()
    room.append([Paid(n, NOON + n, VICTIM, LISTED, _CENTS) for n in range(3)])
    room.merge()
    return room


def _pay_in(room: Room, keeper: Keeper, n: int) -> None:
    """One more transfer to the listed account, and one from another that is nowhere downstream."""
    since = room.append([Paid(n, NOON + n, VICTIM, LISTED, _CENTS), Paid(n + 10**6, NOON + n, OTHER, MORE, 1)])
    keeper.update(room.graph, room.accounts.get, changed_from_us=since)


def _open(folder: Path, room: Room) -> Keeper:
    return Keeper.open(folder, room.graph, room.accounts.get, listings=[REPORT], least=2)


@pytest.mark.parametrize(
    "point",
    [
        "cleanroom.lookout.verdicts.passing:Pass.run",
        "cleanroom.lookout.verdicts.periods:write_ledger",
        "cleanroom.lookout.verdicts.head:Head.publish",
        "cleanroom.lookout.verdicts.keeper:Keeper._bring_up_other",
        "cleanroom.lookout.verdicts.keeper:Keeper._thin_out",
        "cleanroom.lookout.verdicts.home:sweep",
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_keeper_killed_within_an_update(tmp_path, point, when):
    room = _room()
    with _open(tmp_path, room) as keeper:
        _pay_in(room, keeper, 3)
    before = room.state

    def work():
        with _open(tmp_path, room) as keeper:
            _pay_in(room, keeper, 4)

    assert killed_at(point, work, when=when) == KILLED
    found = Verdicts.open(tmp_path).of(room.accounts[token(LISTED)])
    assert found.state in (before, before + 1)
    assert found.tainted_received_cents == _CENTS * (4 + found.state - before)
    room.append([Paid(4, NOON + 4, VICTIM, LISTED, _CENTS), Paid(4 + 10**6, NOON + 4, OTHER, MORE, 1)])
    with _open(tmp_path, room) as keeper:
        assert keeper.rebuilt_because is None
        assert as_kept(room, keeper.published) == by_reference(room, [REPORT])


@pytest.mark.parametrize(
    "point", ["cleanroom.lookout.verdicts.passing:Pass.run", "cleanroom.lookout.verdicts.home:settle"]
)
def test_a_keeper_killed_while_it_builds(tmp_path, point):
    room = _room()
    assert killed_at(point, lambda: _open(tmp_path, room), when="before") == KILLED
    with _open(tmp_path, room) as keeper:
        assert as_kept(room, keeper.published) == by_reference(room, [REPORT])
        assert [path.name for path in tmp_path.glob("home-*")] == [keeper.home.name]


@pytest.mark.parametrize(
    "point",
    [
        "periods.write",
        "periods.write_ledger",
        "keeper.Keeper._digest",
        "keeper.Keeper._bring_up_other",
        "home.sweep",
    ],
)
def test_an_update_that_is_broken_off_is_made_good_by_the_next(tmp_path, monkeypatch, point):
    room = _room()
    other = listed(OTHER, NOON + 20 * DAY_US, 5)

    def full(*_):
        raise OSError("no space left")

    with _open(tmp_path, room) as keeper:
        graph = room.graph_after([Paid(9, NOON + 1, OTHER, MORE, 1)])
        with monkeypatch.context() as broken:
            broken.setattr(f"cleanroom.lookout.verdicts.{point}", full)
            with pytest.raises(OSError, match="no space left"):
                keeper.update(graph, room.accounts.get, changed_from_us=NOON + 1, listings=[REPORT, other])
        keeper.update(graph, room.accounts.get, changed_from_us=NOON + 1, listings=[REPORT])
        assert as_kept(room, keeper.published) == by_reference(room, [REPORT])
        assert keeper.slot.digest == keeper.published.digest(len(room.accounts))
        _pay_in(room, keeper, 20)
        assert as_kept(room, keeper.published) == by_reference(room, [REPORT])


def test_a_reader_beside_a_busy_keeper_that_is_killed(tmp_path):
    room = _room()
    _open(tmp_path, room).close()
    child = os.fork()
    if child == 0:
        _keep_on(tmp_path, room)
    verdicts, account, states = Verdicts.open(tmp_path), room.accounts[token(LISTED)], set()
    ends = time.monotonic() + 1.0
    while time.monotonic() < ends or len(states) < 5:
        found = verdicts.of(account)
        assert found.tainted_received_cents == _CENTS * (2 + found.state - 1), "cents of one state, number of another"
        many = verdicts.of_many([account] * 3)
        assert (many.tainted_received_cents == _CENTS * (1 + many.state)).all()
        states.add(found.state)
    os.kill(child, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED
    last = Verdicts.open(tmp_path).of(account)
    assert last.tainted_received_cents == _CENTS * (1 + last.state)


def _keep_on(folder: Path, room: Room) -> None:
    try:
        keeper = _open(folder, room)
        for n in range(3, 10**6):
            _pay_in(room, keeper, n)
    finally:
        os._exit(1)
