"""The first page of a kept state: which of the two buffers holds, and what it is a state of.

The keeper writes the other buffer and its slot and then one aligned word, `generation`: the switch. Its lowest bit is
the buffer that holds. Who reads looks at the word before and after: unchanged, so nothing of what was read has changed.
"""

import mmap
import struct
import zlib
from dataclasses import astuple, dataclass
from pathlib import Path

from cleanroom.errors import IndexDamaged

VERSION = 1
SIZE = 4096
_MAGIC = int.from_bytes(b"verdicts", "little")
_GENERATION, _SUPERSEDED = 2, 3
_SLOT = struct.Struct("<QQQQqQQQQQ16s")
_SLOT_AT = (512, 1024)


@dataclass(frozen=True)
class Slot:
    """One buffer's facts. `through_us`: moment of the last transfer passed over. `digest`: sum over all records.

    `index_state`, `transfers`: of the graph that was passed over. `listings`, `ledger`: numbers of the files that
    belong to it. `period`: the last number given to a period. `fingerprint`: of the first `fingerprinted` tokens.
    """

    generation: int
    index_state: int
    transfers: int
    accounts: int
    through_us: int
    digest: int
    listings: int
    ledger: int
    period: int
    fingerprinted: int
    fingerprint: bytes


class Head:
    """The mapped page. Raises IndexDamaged where it is not one of this version."""

    def __init__(self, folder: Path, *, writable: bool):
        try:
            with (folder / "head").open("r+b" if writable else "rb") as file:
                access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
                self._memory = mmap.mmap(file.fileno(), SIZE, access=access)
        except (OSError, ValueError) as error:
            raise IndexDamaged(
                "the kept verdicts' first page is missing or short; they are built anew",
                zh="所存判定之首頁遺失或不完整；將重新計算",
            ) from error
        self._words = memoryview(self._memory).cast("Q")
        if self._words[0] != _MAGIC or self._words[1] != VERSION:
            raise IndexDamaged(
                "the kept verdicts are of another version or another thing; they are built anew",
                zh="所存判定版本不符或非判定檔；將重新計算",
            )

    @staticmethod
    def create(folder: Path) -> "Head":
        page = bytearray(SIZE)
        struct.pack_into("<QQ", page, 0, _MAGIC, VERSION)
        (folder / "head").write_bytes(page)
        return Head(folder, writable=True)

    @property
    def generation(self) -> int:
        return self._words[_GENERATION]

    @property
    def is_superseded(self) -> bool:
        """Whether a state built anew has taken this one's place."""
        return self._words[_SUPERSEDED] != 0

    def supersede(self) -> None:
        """Whoever still reads here sees the switch and looks for the new one."""
        self._words[_SUPERSEDED] = 1
        self._words[_GENERATION] += 1

    def slot(self, generation: int) -> Slot:
        """Raises IndexDamaged where it is not what was written."""
        place = _SLOT_AT[generation & 1]
        content = self._memory[place : place + _SLOT.size]
        (check,) = struct.unpack_from("<I", self._memory, place + _SLOT.size)
        slot = Slot(*_SLOT.unpack(content))
        if zlib.crc32(content) != check or slot.generation != generation:
            raise IndexDamaged(
                "the kept verdicts' first page was changed; they are built anew", zh="所存判定之首頁遭變更；將重新計算"
            )
        return slot

    def publish(self, slot: Slot) -> None:
        """From here on readers see the slot's buffer."""
        content = _SLOT.pack(*astuple(slot))
        place = _SLOT_AT[slot.generation & 1]
        self._memory[place : place + _SLOT.size + 4] = content + struct.pack("<I", zlib.crc32(content))
        self._words[_GENERATION] = slot.generation
