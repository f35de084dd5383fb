"""What a reader is told, and what both sides refuse."""

import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from cleanroom.errors import IndexDamaged, NotAllowed, RequestInvalid
from cleanroom.lookout.verdicts import Keeper, Verdict, Verdicts
from cleanroom.lookout.verdicts.listings import as_table, read_listings, standing
from cleanroom.lookout.verdicts.periods import Period, affordable
from tests.factories.verdicts import DAY_US, NOON, Paid, Room, listed, moment, token, transfer_id

HOUR_US = DAY_US // 24
VICTIM, LISTED, FIRST, SECOND, APART = range(5)
CHAIN = [
    Paid(1, NOON, VICTIM, LISTED, 1000),
    Paid(2, NOON + HOUR_US, LISTED, FIRST, 600),
    Paid(3, NOON + 2 * HOUR_US, FIRST, SECOND, 1200),
    Paid(4, NOON + 3 * HOUR_US, APART, VICTIM, 50),
]
NOTICE = listed(LISTED, NOON + DAY_US, 1000)


@pytest.fixture
def room() -> Room:
    room = Room()
    room.append(CHAIN)
    room.merge()
    return room


_OPENED: list[Keeper] = []


@pytest.fixture(autouse=True)
def _closed():
    yield
    while _OPENED:
        _OPENED.pop().close()


def kept(tmp_path, room: Room, listings=(NOTICE,), **options) -> Keeper:
    _OPENED.append(Keeper.open(tmp_path, room.graph, room.accounts.get, listings=listings, **options))
    return _OPENED[-1]


def of(folder, room: Room, account: int) -> Verdict:
    return Verdicts.open(folder).of(room.accounts[token(account)])


def test_a_payee_two_transfers_away(tmp_path, room):
    kept(tmp_path, room)
    start = room.accounts[token(LISTED)]
    assert of(tmp_path, room, SECOND) == Verdict(
        True, 2, 600, 600, moment(NOON + 2 * HOUR_US), transfer_id(3), start, False, room.state
    )
    passed_on = of(tmp_path, room, FIRST)
    assert (passed_on.layer, passed_on.tainted_received_cents, passed_on.tainted_held_cents) == (1, 600, 0)


def test_the_listed_account_itself(tmp_path, room):
    kept(tmp_path, room)
    found = of(tmp_path, room, LISTED)
    assert (found.layer, found.is_watch_listed, found.downstream) == (0, True, False)
    assert (found.since, found.via) == (moment(NOTICE.begins_us), None)
    assert (found.tainted_received_cents, found.tainted_held_cents) == (1000, 400)


@pytest.mark.parametrize("account", [VICTIM, APART])
def test_who_is_not_downstream(tmp_path, room, account):
    kept(tmp_path, room)
    assert of(tmp_path, room, account) == Verdict(False, None, 0, 0, None, None, None, False, room.state)


def test_an_account_that_the_state_does_not_know_yet(tmp_path, room):
    kept(tmp_path, room)
    assert Verdicts.open(tmp_path).of(10**6) == Verdict(False, None, 0, 0, None, None, None, False, room.state)


def test_many_at_once_are_the_same_as_each(tmp_path, room):
    kept(tmp_path, room)
    verdicts = Verdicts.open(tmp_path)
    wanted = [4, 0, 3, 1, 2, 99]
    columns, single = verdicts.of_many(wanted), [verdicts.of(account) for account in wanted]
    assert columns.layer.tolist() == [-1 if one.layer is None else one.layer for one in single]
    assert columns.downstream.tolist() == [one.downstream for one in single]
    assert columns.is_watch_listed.tolist() == [one.is_watch_listed for one in single]
    assert columns.tainted_received_cents.tolist() == [one.tainted_received_cents for one in single]
    assert columns.tainted_held_cents.tolist() == [one.tainted_held_cents for one in single]
    assert [moment(us) if us else None for us in columns.since_us.tolist()] == [one.since for one in single]


def test_an_open_reader_sees_what_the_keeper_publishes(tmp_path, room):
    keeper = kept(tmp_path, room)
    verdicts = Verdicts.open(tmp_path)
    new = 77
    since = room.append([Paid(9, NOON + 4 * HOUR_US, SECOND, new, 300)])
    keeper.update(room.graph, room.accounts.get, changed_from_us=since)
    found = verdicts.of(room.accounts[token(new)])
    assert (found.layer, found.tainted_received_cents, found.state) == (3, 150, room.state)


def test_an_open_reader_follows_more_accounts_than_the_files_had_room_for(tmp_path, room):
    keeper = kept(tmp_path, room)
    verdicts = Verdicts.open(tmp_path)
    many = [Paid(100 + n, NOON + 5 * HOUR_US, FIRST, 100 + n, 1) for n in range(1500)]
    keeper.update(room.graph_after(many), room.accounts.get, changed_from_us=NOON + 5 * HOUR_US)
    assert verdicts.of(room.accounts[token(1599)]).layer == 2


def test_a_lifted_listing_is_gone(tmp_path, room):
    keeper = kept(tmp_path, room)
    verdicts = Verdicts.open(tmp_path)
    keeper.update(room.graph, room.accounts.get, listings=())
    assert not any(verdicts.of_many(range(5)).downstream)
    assert verdicts.listed().tolist() == []


def test_an_open_reader_follows_to_a_state_that_was_built_anew(tmp_path, room):
    keeper = kept(tmp_path, room)
    verdicts = Verdicts.open(tmp_path)
    account = room.accounts[token(SECOND)]
    assert verdicts.of(account).downstream
    (keeper.home / "listings-1").write_bytes(b"not what it was")
    keeper.close()
    anew = kept(tmp_path, room)
    assert anew.rebuilt_because
    anew.update(room.graph, room.accounts.get, listings=())
    assert not verdicts.of(account).downstream


def test_a_second_keeper_is_refused(tmp_path, room):
    keeper = kept(tmp_path, room)
    with pytest.raises(NotAllowed, match="another keeper"):
        kept(tmp_path, room)
    keeper.close()
    assert kept(tmp_path, room).rebuilt_because is None


def test_a_reader_without_a_keeper_is_told(tmp_path):
    with pytest.raises(IndexDamaged, match="no kept verdicts yet"):
        Verdicts.open(tmp_path)


def _flip(path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)


def _shown(keeper: Keeper) -> int:
    return keeper.slot.generation & 1


DAMAGES = {
    "a bit of a balance": lambda keeper: _flip(keeper.home / f"hot-{_shown(keeper)}", 33),
    "a bit of an arrival": lambda keeper: _flip(keeper.home / f"cold-{_shown(keeper)}", 3 * 32 + 9),
    "a file cut short": lambda keeper: (keeper.home / "cold-0").write_bytes(b""),
    "a file missing": lambda keeper: (keeper.home / "hot-1").unlink(),
    "another version": lambda keeper: _flip(keeper.home / "head", 8),
    "a fact": lambda keeper: _flip(keeper.home / "head", (512, 1024)[_shown(keeper)] + 20),
    "no first page": lambda keeper: (keeper.home / "head").unlink(),
    "no folder": lambda keeper: shutil.rmtree(keeper.home),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_what_was_damaged_is_built_anew(tmp_path, room, damage):
    keeper = kept(tmp_path, room)
    keeper.close()
    damage(keeper)
    again = kept(tmp_path, room)
    assert again.rebuilt_because
    assert of(tmp_path, room, SECOND).tainted_received_cents == 600
    assert [path.name for path in tmp_path.glob("home-*")] == [again.home.name]


@pytest.mark.parametrize("name", ["a file cut short", "a file missing", "another version", "a fact", "no first page"])
def test_a_reader_refuses_what_is_damaged(tmp_path, room, name):
    keeper = kept(tmp_path, room)
    DAMAGES[name](keeper)
    with pytest.raises(IndexDamaged):
        Verdicts.open(tmp_path)


def test_the_state_of_another_index_is_not_taken(tmp_path, room):
    kept(tmp_path, room).close()
    other = Room()
    other.append([Paid(1, NOON, 8, 9, 10), *CHAIN])
    other.merge()
    assert "another index" in kept(tmp_path, other).rebuilt_because


def test_the_same_again_publishes_nothing(tmp_path, room):
    keeper = kept(tmp_path, room)
    before = keeper.slot
    assert keeper.update(room.graph, room.accounts.get, listings=(NOTICE,)) == before


def test_saved_periods_stay_within_their_bound(tmp_path, room):
    keeper = kept(tmp_path, room, least=1)
    for key in range(40):
        since = room.append([Paid(1000 + key, NOON + (5 + key) * HOUR_US, key % 5, (key + 1) % 5, 10)])
        keeper.update(room.graph, room.accounts.get, changed_from_us=since)
    named = {f"period-{period.number}" for period in keeper.periods}
    assert {path.name for path in keeper.home.glob("period-*")} == named
    assert 1 < len(named) < 12, "the number of periods grows with the logarithm of the transfers"


def test_the_oldest_periods_are_forgotten_first():
    periods = [Period(number, number, 10, hot=100, cold=10, check=0) for number in range(5)]
    assert [period.number for period in affordable(periods, 250)] == [3, 4]


def test_listings_are_read_as_they_were_published(tmp_path):
    ended = listed(3, NOON, 5)
    all_of_them = (NOTICE, type(ended)(ended.token, ended.listed_us, NOON + DAY_US, 5, "C"))
    pq.write_table(as_table(all_of_them), tmp_path / "listings.parquet")
    assert read_listings(tmp_path / "listings.parquet") == all_of_them
    assert standing(all_of_them, NOON + HOUR_US) == all_of_them[1:]
    assert standing(all_of_them, NOON + 2 * DAY_US) == all_of_them[:1]


def test_listings_without_a_column_are_refused(tmp_path):
    pq.write_table(as_table((NOTICE,)).drop_columns(["case_no"]), tmp_path / "listings.parquet")
    with pytest.raises(RequestInvalid, match="lack case_no"):
        read_listings(tmp_path / "listings.parquet")


def test_an_empty_index_has_a_state(tmp_path):
    room = Room()
    keeper = kept(tmp_path, room)
    keeper.update(room.graph_after(CHAIN), room.accounts.get, changed_from_us=NOON)
    assert of(tmp_path, room, SECOND).tainted_received_cents == 600
    assert np.array_equal(Verdicts.open(tmp_path).listed(), [room.accounts[token(LISTED)]])
