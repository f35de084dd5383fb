"""Merkle trees over a log (RFC 6962 section 2.1; the same trees in RFC 9162 section 2.1).

    leaf(d) = SHA-256(0x00 || d),   node(l, r) = SHA-256(0x01 || l || r),   root of nothing = SHA-256("")

A tree of n leaves splits at the largest power of two below n. Proofs are made from the roots of perfect subtrees,
which a `HashAt` answers: `hash_at(level, index)` is the root over leaves [index * 2^level, (index + 1) * 2^level).
Hashes are 32 bytes; indexes count from 0.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

HashAt = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Root of a perfect subtree over these hashes; their number is a power of two."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[n], hashes[n + 1]) for n in range(0, len(hashes), 2)]
    return hashes[0]


class Frontier:
    """A tree that grows, held as its right edge: O(log n) hashes, largest perfect subtree first."""

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()):
        self.size = size
        self.edge = list(edge)

    @classmethod
    def of(cls, hash_at: HashAt, size: int) -> "Frontier":
        levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
        return cls(size, [hash_at(level, (size >> level) - 1) for level in levels])

    def append(self, leaf: bytes) -> None:
        """`leaf`: a leaf hash. One hash for each perfect subtree that it completes."""
        edge, carry = self.edge, self.size
        while carry & 1:
            leaf = node_hash(edge.pop(), leaf)
            carry >>= 1
        edge.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.edge:
            return EMPTY_ROOT
        *rest, root = self.edge
        for left in reversed(rest):
            root = node_hash(left, root)
        return root


class GrownTree:
    """All perfect subtrees of a list of leaf hashes, in memory: two hashes for each leaf."""

    def __init__(self, leaves: Iterable[bytes]):
        self._levels = [list(leaves)]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            self._levels.append([node_hash(below[n], below[n + 1]) for n in range(0, len(below) - 1, 2)])

    def __call__(self, level: int, index: int) -> bytes:
        return self._levels[level][index]


def root_of(hash_at: HashAt, size: int) -> bytes:
    return _range_root(hash_at, 0, size) if size else EMPTY_ROOT


def inclusion_proof(hash_at: HashAt, index: int, size: int) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1: what is hashed with leaf `index` on the way to the root, leaf side first.
    Raises ValueError unless 0 <= index < size."""
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_root(hash_at, middle, end))
            end = middle
        else:
            path.append(_range_root(hash_at, start, middle))
            start = middle
    return path[::-1]


def includes(leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from this leaf hash to the root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(beside, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, beside)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(hash_at: HashAt, first: int, size: int) -> list[bytes]:
    """PROOF of RFC 6962 section 2.1.2, between the tree of the first `first` leaves and that of all `size`.
    Raises ValueError unless 0 < first <= size."""
    if not 0 < first <= size:
        raise ValueError("a consistency proof goes from a tree with leaves to one that is not smaller")
    path, start, end, whole = [], 0, size, True
    while first < end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(_range_root(hash_at, middle, end))
            end = middle
        else:
            path.append(_range_root(hash_at, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(_range_root(hash_at, start, end))
    return path[::-1]


def is_consistent(*, first: int, first_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of `size` begins with the tree of `first` leaves (RFC 9162 section 2.1.4.2)."""
    if not 0 < first <= size:
        return False
    if first == size:
        return not path and first_root == root
    hashes = [first_root, *path] if first & (first - 1) == 0 else list(path)
    if not hashes:
        return False
    at, last = first - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = hashes[0]
    for beside in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(beside, old), node_hash(beside, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, beside)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == root


def _split(leaves: int) -> int:
    """The largest power of two below the number of leaves."""
    return 1 << (leaves - 1).bit_length() - 1


def _range_root(hash_at: HashAt, start: int, end: int) -> bytes:
    """Root over leaves [start, end), a node of the tree: its start is a multiple of its size rounded up."""
    leaves = end - start
    if leaves & (leaves - 1) == 0:
        level = leaves.bit_length() - 1
        return hash_at(level, start >> level)
    middle = start + _split(leaves)
    return node_hash(_range_root(hash_at, start, middle), _range_root(hash_at, middle, end))
