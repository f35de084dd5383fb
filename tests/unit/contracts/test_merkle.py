"""The tree against the RFC's own words, written as plainly as the RFC has them, and against its laws."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.contracts import merkle
from cleanroom.contracts.merkle import Frontier, GrownTree

# --- RFC 6962 section 2.1, as it stands there: slow, recursive, on the entries themselves ---------------------------


def mth(entries):
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = largest_power_of_two_below(len(entries))
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m, entries):
    if len(entries) == 1:
        return []
    k = largest_power_of_two_below(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m, entries, complete):
    if m == len(entries):
        return [] if complete else [mth(entries)]
    k = largest_power_of_two_below(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], complete), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def largest_power_of_two_below(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


# --------------------------------------------------------------------------------------------------------------------

ENTRIES = [bytes([n]) * (n % 5) for n in range(70)]


def tree(entries):
    return GrownTree(merkle.leaf_hash(e) for e in entries)


def test_the_roots_of_nothing_and_of_one_empty_entry():
    """The published values: SHA-256 of the empty string, and of one zero byte."""
    assert merkle.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@pytest.mark.parametrize("size", range(len(ENTRIES) + 1))
def test_roots_are_those_of_the_rfc(size):
    entries = ENTRIES[:size]
    grown = Frontier()
    for entry in entries:
        grown.append(merkle.leaf_hash(entry))
    assert grown.root() == merkle.root_of(tree(entries), size) == mth(entries)
    assert Frontier.of(tree(entries), size).root() == mth(entries)


def test_a_frontier_taken_up_again_goes_on_alike():
    for size in range(1, 40):
        again = Frontier.of(tree(ENTRIES[:size]), size)
        for entry in ENTRIES[size:]:
            again.append(merkle.leaf_hash(entry))
        assert (again.size, again.root()) == (len(ENTRIES), mth(ENTRIES))


def test_the_example_of_the_rfc():
    """RFC 6962 section 2.1.3: seven leaves; the paths of d0, d3, d4, d6 and the proofs from 3, 4 and 6 leaves."""
    d = ENTRIES[:7]
    a, b, c, e, f, j = (merkle.leaf_hash(d[n]) for n in (0, 1, 2, 3, 4, 6))
    g, h = mth(d[0:2]), mth(d[2:4])
    i, k = mth(d[4:6]), mth(d[0:4])
    low = mth(d[4:7])
    hashes = tree(d)
    assert merkle.inclusion_proof(hashes, 0, 7) == [b, h, low]
    assert merkle.inclusion_proof(hashes, 3, 7) == [c, g, low]
    assert merkle.inclusion_proof(hashes, 4, 7) == [merkle.leaf_hash(d[5]), j, k]
    assert merkle.inclusion_proof(hashes, 6, 7) == [i, k]
    assert merkle.consistency_proof(hashes, 3, 7) == [c, e, g, low]
    assert merkle.consistency_proof(hashes, 4, 7) == [low]
    assert merkle.consistency_proof(hashes, 6, 7) == [i, j, k]
    assert a != f


def test_every_inclusion_proof_of_small_trees():
    looked_at = 0
    for size in range(1, 40):
        hashes, root = tree(ENTRIES[:size]), mth(ENTRIES[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(hashes, index, size)
            assert proof == path(index, ENTRIES[:size])
            leaf = merkle.leaf_hash(ENTRIES[index])
            assert merkle.includes(leaf, index=index, size=size, path=proof, root=root)
            looked_at += 1
    assert looked_at == 780


def test_every_consistency_proof_of_small_trees():
    looked_at = 0
    for size in range(1, 40):
        hashes, root = tree(ENTRIES[:size]), mth(ENTRIES[:size])
        for first in range(1, size + 1):
            proof = merkle.consistency_proof(hashes, first, size)
            assert proof == subproof(first, ENTRIES[:size], True)
            assert merkle.is_consistent(first=first, first_root=mth(ENTRIES[:first]), size=size, root=root, path=proof)
            looked_at += 1
    assert looked_at == 780


sizes = st.integers(min_value=1, max_value=600)
LEAVES = [merkle.leaf_hash(n.to_bytes(2, "big")) for n in range(600)]


@given(sizes, st.data())
def test_a_proof_holds_for_its_own_leaf_place_size_and_root_alone(size, data):
    hashes = GrownTree(LEAVES[:size])
    index = data.draw(st.integers(0, size - 1))
    proof, root = merkle.inclusion_proof(hashes, index, size), merkle.root_of(hashes, size)
    right = {"index": index, "size": size, "path": proof, "root": root}
    assert merkle.includes(LEAVES[index], **right)
    other = data.draw(st.sampled_from(["leaf", "index", "size", "root", "more", "less", "path"]))
    leaf = LEAVES[index]
    if other == "leaf":
        leaf = flipped(data, leaf)
    elif other == "index":
        right["index"] = data.draw(st.integers(-1, size).filter(lambda n: n != index))
    elif other == "size":
        # Another size with the same way up to the root is the same proof; one leaf more or less below never is.
        right["size"] = data.draw(st.sampled_from([0, index, size * 2 + 1, size * 4]))
    elif other == "root":
        right["root"] = flipped(data, root)
    elif other == "more":
        right["path"] = [*proof, root]
    elif proof:
        right["path"] = proof[:-1] if other == "less" else [flipped(data, proof[0]), *proof[1:]]
    else:
        return
    assert not merkle.includes(leaf, **right)


@given(sizes, st.data())
def test_a_log_is_consistent_with_its_beginning_and_with_nothing_else(size, data):
    first = data.draw(st.integers(1, size))
    hashes = GrownTree(LEAVES[:size])
    proof = merkle.consistency_proof(hashes, first, size)
    right = {
        "first": first, "first_root": merkle.root_of(hashes, first), "size": size,
        "root": merkle.root_of(hashes, size), "path": proof,
    }  # fmt: skip
    assert merkle.is_consistent(**right)
    for name in ("first_root", "root"):
        assert not merkle.is_consistent(**{**right, name: flipped(data, right[name])})
    assert not merkle.is_consistent(**{**right, "path": [*proof, LEAVES[0]]})
    if proof:
        assert not merkle.is_consistent(**{**right, "path": proof[:-1]})
        where = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:where], flipped(data, proof[where]), *proof[where + 1 :]]
        assert not merkle.is_consistent(**{**right, "path": changed})


@given(st.integers(2, 300), st.data())
def test_a_rewritten_beginning_has_no_proof(size, data):
    """A log that changed one old event cannot show, with any of its own proofs, that it continues the old one."""
    first = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, first - 1))
    forged = [*LEAVES[:changed], merkle.leaf_hash(b"forged"), *LEAVES[changed + 1 : size]]
    old = merkle.root_of(GrownTree(LEAVES[:first]), first)
    hashes = GrownTree(forged)
    proof = merkle.consistency_proof(hashes, first, size)
    root = merkle.root_of(hashes, size)
    assert not merkle.is_consistent(first=first, first_root=old, size=size, root=root, path=proof)


@pytest.mark.parametrize("index", [-1, 3, 4])
def test_what_is_not_in_the_tree_has_no_proof(index):
    with pytest.raises(ValueError, match="not in the tree"):
        merkle.inclusion_proof(tree(ENTRIES[:3]), index, 3)
    assert not merkle.includes(LEAVES[0], index=index, size=3, path=[], root=LEAVES[0])


@pytest.mark.parametrize(("first", "size"), [(0, 3), (4, 3), (-1, 3)])
def test_consistency_goes_forward(first, size):
    with pytest.raises(ValueError, match="consistency"):
        merkle.consistency_proof(tree(ENTRIES[:3]), first, size)
    root = LEAVES[0]
    assert not merkle.is_consistent(first=first, first_root=root, size=size, root=root, path=[])


def test_no_path_at_all_proves_nothing():
    assert not merkle.is_consistent(first=3, first_root=LEAVES[0], size=5, root=LEAVES[0], path=[])


def flipped(data, value):
    where = data.draw(st.integers(0, len(value) - 1))
    return value[:where] + bytes([value[where] ^ 1]) + value[where + 1 :]
