"""What a worker asks: one account's verdict, in microseconds, from the keeper's files and consistent by itself."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from cleanroom.errors import IndexDamaged
from cleanroom.lookout.verdicts import home as homes
from cleanroom.lookout.verdicts.head import Head
from cleanroom.lookout.verdicts.listings import read_listings
from cleanroom.lookout.verdicts.records import (
    AT,
    BYTES,
    HELD,
    ID_FIRST,
    LAYER_BITS,
    MARKS,
    REACHED_BITS,
    RECEIVED,
    STARTS,
    mapped,
    rows_on_disk,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RECORD = struct.Struct("@4q")
_LOW_HALF = 0xFFFFFFFF
_TRIES = 100


@dataclass(frozen=True, slots=True)
class Verdict:
    """`downstream`: a time-ascending walk of 1 to 6 transfers leads here from an account whose listing stands.

    `layer`: least number of transfers, 0 where the account itself is watch-listed, None where neither. `since`: when
    the first walk of `layer` transfers arrived; at layer 0 when its walks begin (30 days before the notice).
    `via`: id of the transfer that arrived then, 16 bytes. `start`: number of the account where that walk began.
    Tainted cents by haircut: all that ever came, and what of it is still there. `state`: of the index.
    """

    downstream: bool
    layer: int | None
    tainted_received_cents: int
    tainted_held_cents: int
    since: datetime | None
    via: bytes | None
    start: int | None
    is_watch_listed: bool
    state: int


@dataclass(frozen=True)
class VerdictColumns:
    """Many accounts' verdicts, in the order asked. `layer` int8, -1 for None; cents int64; `downstream`,
    `is_watch_listed` bool; `since_us` int64, 0 where there is none."""

    downstream: np.ndarray
    layer: np.ndarray
    tainted_received_cents: np.ndarray
    tainted_held_cents: np.ndarray
    since_us: np.ndarray
    is_watch_listed: np.ndarray
    state: int


class Verdicts:
    """Reads alongside the keeper. Never waits for it: an answer that changed while it was read is read again."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._open()

    @classmethod
    def open(cls, folder: Path) -> "Verdicts":
        """Raises IndexDamaged where the files are missing or not what was written."""
        return cls(folder)

    @property
    def state(self) -> int:
        """State of the index to which the answers belong."""
        self._look()
        return self._slot.index_state

    def refresh(self) -> bool:
        """Whether a state built anew was found and opened. Needed only where the old one's first page is gone."""
        if homes.current(self._folder) == self._home:
            return False
        self._open()
        return True

    def listed(self) -> np.ndarray:
        """Accounts with a standing listing, uint32, ascending."""
        self._look()
        return np.array(sorted(self._listed), dtype=np.uint32)

    def of(self, account: int) -> Verdict:
        """Number of the account as the index has it; one that the state does not know yet has a blank verdict."""
        for _ in range(_TRIES):
            generation = self._look()
            hot, cold = self._record(account, generation)
            begins_us = self._listed.get(account)
            state = self._slot.index_state
            if self._head.generation == generation:
                return _verdict(account, hot, cold, begins_us, state)
        raise IndexDamaged("the kept verdicts change faster than they can be read", zh="判定更新過於頻繁，無法讀取")

    def of_many(self, accounts: Iterable[int] | np.ndarray) -> VerdictColumns:
        """All of one and the same state."""
        wanted = np.asarray(accounts, dtype=np.int64).reshape(-1)
        for _ in range(_TRIES):
            generation = self._look()
            known = wanted < self._slot.accounts
            records, places = self._buffers[generation & 1], np.where(known, wanted, 0)
            hot, cold = (np.where(known[:, None], part[places], 0) for part in (records.hot, records.cold))
            begins = [self._listed.get(account) for account in wanted.tolist()]
            state = self._slot.index_state
            if self._head.generation == generation:
                return _columns(hot, cold, begins, state)
        raise IndexDamaged("the kept verdicts change faster than they can be read", zh="判定更新過於頻繁，無法讀取")

    def _open(self) -> None:
        for _ in range(_TRIES):
            home = homes.current(self._folder)
            try:
                self._home, self._head, self._generation = home, Head(home, writable=False), None
                self._listings = None
                self._look_again(self._head.generation)
                return
            except IndexDamaged:
                if home == homes.current(self._folder):
                    raise

    def _look(self) -> int:
        generation = self._head.generation
        if generation != self._generation:
            self._look_again(generation)
        return self._generation

    def _look_again(self, generation: int) -> None:
        """The keeper has published, or has built the state anew elsewhere."""
        if self._generation is not None and self._head.is_superseded:
            self._open()
            return
        for _ in range(_TRIES):
            try:
                self._take(generation)
                return
            except IndexDamaged:
                if self._head.generation == generation:
                    raise
                generation = self._head.generation
        raise IndexDamaged("the kept verdicts change faster than they can be read", zh="判定更新過於頻繁，無法讀取")

    def _take(self, generation: int) -> None:
        slot = self._head.slot(generation)
        if self._generation is None or len(self._buffers[0]) < slot.accounts:
            self._map(slot.accounts)
        if self._listings != slot.listings:
            self._listed = _begins(self._home, slot.listings)
        self._listings, self._slot, self._generation = slot.listings, slot, generation

    def _map(self, accounts: int) -> None:
        try:
            if min(rows_on_disk(self._home, 0), rows_on_disk(self._home, 1)) < accounts:
                raise IndexDamaged(
                    "the kept verdicts are cut off; the keeper builds them anew",
                    zh="所存判定不完整；將由維護程序重新計算",
                )
            self._buffers = [mapped(self._home, buffer, writable=False) for buffer in (0, 1)]
        except OSError as error:
            raise IndexDamaged(
                "a file of the kept verdicts is missing; the keeper builds them anew",
                zh="所存判定缺少檔案；將由維護程序重新計算",
            ) from error
        self._bytes = [tuple(memoryview(part).cast("B") for part in (r.hot, r.cold)) for r in self._buffers]

    def _record(self, account: int, generation: int) -> tuple[tuple, tuple]:
        if not 0 <= account < self._slot.accounts:
            return (0, 0, 0, 0), (0, 0, 0, 0)
        hot, cold = self._bytes[generation & 1]
        return _RECORD.unpack_from(hot, account * BYTES), _RECORD.unpack_from(cold, account * BYTES)


def _begins(home: Path, number: int) -> dict[int, int]:
    """Account -> begin of its walks, of those with a standing listing."""
    try:
        with pq.ParquetFile(home / f"listings-{number}") as file:  # `read_table` would import pandas, for a second
            accounts = file.read(columns=["account"]).column(0).to_pylist()
        listings = read_listings(home / f"listings-{number}")
    except (OSError, ValueError) as error:
        raise IndexDamaged(
            "the listings of the kept verdicts are missing; the keeper builds them anew",
            zh="所存判定之名單遺失；將由維護程序重新計算",
        ) from error
    found: dict[int, int] = {}
    for account, listing in zip(accounts, listings, strict=True):
        found[account] = min(listing.begins_us, found.get(account, listing.begins_us))
    found.pop(-1, None)
    return found


def _verdict(account: int, hot: tuple, cold: tuple, begins_us: int | None, state: int) -> Verdict:
    reached = hot[MARKS] & REACHED_BITS
    if begins_us is not None:
        layer, since_us, via, start = 0, begins_us, None, account
    elif reached:
        layer, since_us = (reached & -reached).bit_length() - 1, cold[AT]
        via = struct.pack("@2q", *cold[ID_FIRST:STARTS])
        start = cold[STARTS] & _LOW_HALF
    else:
        layer = since_us = via = start = None
    since = None if since_us is None else _EPOCH + timedelta(microseconds=since_us)
    listed = begins_us is not None
    return Verdict(reached != 0, layer, hot[RECEIVED], hot[HELD], since, via, start, listed, state)


def _columns(hot: np.ndarray, cold: np.ndarray, begins: list[int | None], state: int) -> VerdictColumns:
    listed = np.array([one is not None for one in begins], dtype=bool)
    reached = hot[:, MARKS] & REACHED_BITS & LAYER_BITS
    nearest = np.where(reached != 0, np.log2(np.maximum(reached & -reached, 1)).astype(np.int8), np.int8(-1))
    since = np.where(reached != 0, cold[:, AT], 0)
    return VerdictColumns(
        reached != 0,
        np.where(listed, np.int8(0), nearest).astype(np.int8),
        hot[:, RECEIVED],
        hot[:, HELD],
        np.where(listed, np.array([one or 0 for one in begins], dtype=np.int64), since),
        listed,
        state,
    )
