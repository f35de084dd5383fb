"""A log's Merkle tree in the object store, in tiles of 256 hashes, each written once.

Tile `n` of level `L` holds the roots of the perfect subtrees of 256^L leaves, numbers 256 n to 256 n + 255; so a proof
in a log of a million events reads at most a handful of objects of 8 KiB. The last tile of a level is written with as
many hashes as there are when a checkpoint is made, under a name that says how many. Tiles are not signed: whoever
reads them compares the root that they give with one that is.
"""

from collections.abc import Sequence

from cleanroom.contracts.checkpoints import AuditLog, tile_name
from cleanroom.contracts.merkle import HASH_BYTES, fold
from cleanroom.errors import AuditBroken, NotAllowed, Where
from cleanroom.stores.ports import ObjectStore
from cleanroom.vocabulary.both import Both

_WIDTH_BITS = 8
WIDTH = 1 << _WIDTH_BITS


class Tiles:
    """The tree of a log of `size` events, as a merkle.HashAt. Tiles once read are kept."""

    def __init__(self, objects: ObjectStore, log: AuditLog, size: int):
        self._objects, self._log, self._size = objects, log, size
        self._read: dict[str, list[bytes]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        tile_level, height = divmod(level, _WIDTH_BITS)
        first = index << height
        tile = self._tile(tile_level, first >> _WIDTH_BITS)
        start = first % WIDTH
        return fold(tile[start : start + (1 << height)])

    def extend(self, leaves: Sequence[bytes]) -> "Tiles":
        """The tree with these leaf hashes after its own; its new tiles are written. The same again is a no-op."""
        fresh, held, level = list(leaves), self._size, 0
        while fresh:
            fresh = self._extend_level(level, held, fresh)
            held, level = held >> _WIDTH_BITS, level + 1
        return Tiles(self._objects, self._log, self._size + len(leaves))

    def _extend_level(self, level: int, held: int, fresh: list[bytes]) -> list[bytes]:
        """Write the tiles of one level that change. Returns the roots of those that became full."""
        index, width = divmod(held, WIDTH)
        hashes = (self._tile(level, index) if width else []) + fresh
        full = []
        for start in range(0, len(hashes), WIDTH):
            tile = hashes[start : start + WIDTH]
            self._write(self._name(level, index, len(tile)), b"".join(tile))
            if len(tile) == WIDTH:
                full.append(fold(tile))
            index += 1
        return full

    def _write(self, name: str, tile: bytes) -> None:
        try:
            self._objects.put_bytes(name, tile)
        except NotAllowed:
            raise _broken(_REWRITTEN, name) from None

    def _tile(self, level: int, index: int) -> list[bytes]:
        width = min(WIDTH, (self._size >> _WIDTH_BITS * level) - index * WIDTH)
        name = self._name(level, index, width)
        if name not in self._read:
            raw = self._objects.get_bytes(name, cap_bytes=WIDTH * HASH_BYTES)
            if len(raw) != width * HASH_BYTES:
                raise _broken(_OTHER_SIZE, name)
            self._read[name] = [raw[n : n + HASH_BYTES] for n in range(0, len(raw), HASH_BYTES)]
        return self._read[name]

    def _name(self, level: int, index: int, width: int) -> str:
        return tile_name(self._log, level, index, width)


_REWRITTEN = Both(
    "was published before with other hashes; the log was rewritten since", "先前發布之雜湊不同；紀錄其後遭改寫"
)
_OTHER_SIZE = Both("has another size than its name says", "之大小與其名稱所示不同")


def _broken(what: Both, name: str) -> AuditBroken:
    return AuditBroken(
        f"a tile of the audit log's tree {what.en}; keep the object and call the auditor",
        zh=f"稽核紀錄雜湊樹之一個區塊{what.zh_hant}；請保留該物件並通知稽核人員",
        where=Where(file=name),
        rule="audit_tiles",
    )
