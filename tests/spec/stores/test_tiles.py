"""A tree kept in tiles is the tree in memory, however it grew; what was published is never published otherwise."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.contracts import merkle
from cleanroom.contracts.checkpoints import AuditLog
from cleanroom.contracts.merkle import GrownTree
from cleanroom.errors import AuditBroken, StoreFault
from cleanroom.stores.objects_local import LocalObjectStore
from cleanroom.stores.tiles import Tiles

LEAVES = [merkle.leaf_hash(n.to_bytes(4, "big")) for n in range(70_000)]
LOG = AuditLog.ROOM


class MemoryStore:
    """Bytes by name, written once: so that a property can try many trees."""

    def __init__(self):
        self.held = {}

    def put_bytes(self, name, data):
        assert self.held.setdefault(name, data) == data

    def get_bytes(self, name, *, cap_bytes):
        assert len(self.held[name]) <= cap_bytes
        return self.held[name]


@settings(max_examples=40)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=6), st.data())
def test_a_tree_in_tiles_is_the_tree_in_memory(steps, data):
    tiles, size = Tiles(MemoryStore(), LOG, 0), 0
    for step in steps:
        tiles, size = tiles.extend(LEAVES[size : size + step]), size + step
    memory = GrownTree(LEAVES[:size])
    assert merkle.root_of(tiles, size) == merkle.root_of(memory, size)
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert merkle.inclusion_proof(tiles, index, size) == merkle.inclusion_proof(memory, index, size)
    assert merkle.consistency_proof(tiles, first, size) == merkle.consistency_proof(memory, first, size)


def test_more_than_two_levels_of_tiles():
    store = MemoryStore()
    tiles = Tiles(store, LOG, 0).extend(LEAVES[:65_535]).extend(LEAVES[65_535:])
    size = len(LEAVES)
    assert merkle.root_of(tiles, size) == merkle.root_of(GrownTree(LEAVES), size)
    assert {name.split("/")[4] for name in store.held} == {"0", "1", "2"}


def test_a_proof_reads_few_objects(tmp_path, monkeypatch):
    store = MemoryStore()
    Tiles(store, LOG, 0).extend(LEAVES)
    fresh = Tiles(store, LOG, len(LEAVES))
    merkle.inclusion_proof(fresh, 12_345, len(LEAVES))
    assert 1 <= len(fresh._read) <= 6


def test_every_old_checkpoint_still_has_its_tree(tmp_path):
    tiles, sizes = Tiles(LocalObjectStore(tmp_path), LOG, 0), [3, 255, 256, 257, 512, 1000]
    for before, size in zip([0, *sizes], sizes, strict=False):
        tiles = tiles.extend(LEAVES[before:size])
    for size in sizes:
        old = Tiles(LocalObjectStore(tmp_path), LOG, size)
        assert merkle.root_of(old, size) == merkle.root_of(GrownTree(LEAVES[:size]), size)


def test_the_same_growth_again_changes_nothing(tmp_path):
    objects = LocalObjectStore(tmp_path)
    for _ in range(2):
        Tiles(objects, LOG, 0).extend(LEAVES[:300])
    assert sum(1 for _ in objects.list("")) == 3  # one full tile, its remainder, one hash above


def test_other_hashes_than_were_published_are_an_alarm(tmp_path):
    objects = LocalObjectStore(tmp_path)
    Tiles(objects, LOG, 0).extend(LEAVES[:10])
    with pytest.raises(AuditBroken, match="published before"):
        Tiles(objects, LOG, 0).extend(LEAVES[1:11])


def test_a_damaged_tile_is_an_alarm_and_a_missing_one_a_fault(tmp_path):
    objects = LocalObjectStore(tmp_path)
    tiles = Tiles(objects, LOG, 0).extend(LEAVES[:10])
    [path] = (tmp_path / "checkpoints").rglob("*-10")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(AuditBroken, match="another size"):
        tiles(0, 0)
    path.unlink()
    with pytest.raises(StoreFault):
        tiles(0, 0)
