"""K2 is rotated while two institutions have delivered and the third has not: the graph is the same afterwards."""

import shutil
from pathlib import Path

import pytest

from cleanroom.errors import KeyRefused
from cleanroom.pipeline import epochs, rotation
from cleanroom.pipeline.keys import open_room_keys
from cleanroom.stores import retokening
from tests.factories.clean_room import CleanRoom
from tests.factories.graphs import assert_same_graph
from tests.factories.killing import KILLED, KeptPortal, killed_at

pytestmark = pytest.mark.slow

FIRST, LAST = ("808", "822"), "700"


@pytest.fixture(scope="module")
def half_way(tmp_path_factory):
    """Two institutions have delivered; the third has sealed and uploaded, and waits."""
    home = tmp_path_factory.mktemp("half_way") / "home"
    home.mkdir()
    room = CleanRoom.make(home, portal=KeptPortal.at(home / "portal.pickle"))
    room.portal.keep()
    for code in FIRST:
        deliver(room, code)
    room.seal(LAST)
    return home


@pytest.fixture
def clean_room(half_way, tmp_path):
    home = Path(shutil.copytree(half_way, tmp_path / "home"))
    return CleanRoom(home, KeptPortal.at(home / "portal.pickle"))


def deliver(room, code):
    room.seal(code)
    room.take_in(code)


def rotate(room, to):
    with room.opened() as opened:
        return rotation.rotate_k2(opened, to=to)


def tokens(room):
    with room.opened() as opened:
        return set(retokening.tokens_in(opened.warehouse).to_pylist())


def test_institutions_on_both_sides_of_a_rotation_join(clean_room, undisturbed):
    before = tokens(clean_room)
    result = rotate(clean_room, 2)
    after = tokens(clean_room)
    assert result.rows == len(before) == len(after) > 5
    assert not before & after
    clean_room.take_in(LAST)
    assert_same_graph(clean_room, undisturbed)


def test_several_epochs_follow_each_other(clean_room, undisturbed):
    for to in (2, 3, 4):
        rotate(clean_room, to)
    clean_room.take_in(LAST)
    rotate(clean_room, 5)
    assert_same_graph(clean_room, undisturbed)
    with clean_room.opened() as opened:
        assert opened.keys.epoch == 5
    assert [e.subject for e in clean_room.room_events() if e.verb == "keys.k2_rotated"] == [
        f"epoch:{n}" for n in (2, 3, 4, 5)
    ]


def test_the_same_rotation_again_changes_nothing(clean_room):
    rotate(clean_room, 2)
    kept, ring = tokens(clean_room), (clean_room.settings.keys / "keyring.json").read_bytes()
    assert rotate(clean_room, 2).rows == 0
    assert (tokens(clean_room), (clean_room.settings.keys / "keyring.json").read_bytes()) == (kept, ring)
    assert len([e for e in clean_room.room_events() if e.verb == "keys.k2_rotated"]) == 1


@pytest.mark.parametrize("to", [0, 3, 7])
def test_epochs_are_neither_skipped_nor_gone_back_to(clean_room, to):
    with pytest.raises(KeyRefused, match="epoch"):
        rotate(clean_room, to)
    assert open_room_keys(clean_room.settings).epoch == 1


def test_a_ring_that_went_ahead_takes_nothing_in(clean_room, undisturbed):
    """Killed between ring and warehouse: nothing may land under two epochs."""
    point = "cleanroom.stores.retokening:tokens_in"
    assert killed_at(point, lambda: rotate(clean_room, 2)) == KILLED
    assert open_room_keys(clean_room.settings).epoch == 2
    with pytest.raises(KeyRefused, match="rotate-k2 --to 2"):
        clean_room.take_in(LAST)
    assert not any(e.verb.startswith("submission.") and e.subject == LAST for e in clean_room.room_events())
    rotate(clean_room, 2)
    clean_room.take_in(LAST)
    assert_same_graph(clean_room, undisturbed)


POINTS = [
    ("cleanroom.contracts.whole_files:os.replace", 1, "before"),
    ("cleanroom.contracts.whole_files:os.replace", 1, "after"),
    ("cleanroom.pipeline.rotation:wrap", 1, "after"),
    ("cleanroom.stores.warehouse_duckdb:shared.named", 1, "before"),
    ("cleanroom.stores.warehouse_duckdb:shared.named", 4, "after"),
    ("cleanroom.stores.warehouse_duckdb:DuckDbWarehouse.transact", 1, "after"),
    ("cleanroom.pipeline.rotation:record", 1, "after"),
]


@pytest.mark.parametrize(("point", "call", "when"), POINTS)
def test_killed_anywhere_and_run_again(clean_room, undisturbed, point, call, when):
    before = tokens(clean_room)
    assert killed_at(point, lambda: rotate(clean_room, 2), call=call, when=when) == KILLED
    rotate(clean_room, 2)
    assert not before & tokens(clean_room)
    clean_room.take_in(LAST)
    assert_same_graph(clean_room, undisturbed)
    assert len([e for e in clean_room.room_events() if e.verb == "keys.k2_rotated"]) == 1


def test_another_rooms_ring_is_not_taken_for_a_later_epoch(clean_room):
    """A ring of epoch 1 beside a warehouse of epoch 2, as a restored backup would be."""
    backup = (clean_room.settings.keys / "keyring.json").read_bytes()
    rotate(clean_room, 2)
    (clean_room.settings.keys / "keyring.json").write_bytes(backup)
    with pytest.raises(KeyRefused, match="epoch"):
        clean_room.take_in(LAST)


def test_an_empty_warehouse_takes_the_rings_epoch(clean_room):
    """The warehouse was lost and comes back from the inbox: the ring has gone on, and no token is left behind it."""
    rotate(clean_room, 2)
    clean_room.settings.warehouse_file.unlink()
    clean_room.take_in(LAST)
    with clean_room.opened() as opened:
        assert opened.warehouse.query(f"select max(epoch) as e from {epochs.EPOCHS_TABLE}")["e"].to_pylist() == [2]
        epochs.check_epoch(opened)
