"""Keeping the verdicts up to the graph and to the listings that stand."""

import os
import time
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.errors import RequestInvalid
from cleanroom.lookout.graph import Graph
from cleanroom.lookout.index import Index
from cleanroom.lookout.service.folders import Folders
from cleanroom.lookout.service.proposing import propose
from cleanroom.lookout.verdicts import Keeper as VerdictKeeper
from cleanroom.lookout.verdicts.listings import Listing, read_listings, standing

STANDING_SECONDS = 60.0  # a listing begins or ends by the clock: looked at this often


class Judging:
    """Opens the kept verdicts and brings them up to the index. Raises NotAllowed where another keeper has them."""

    def __init__(self, folders: Folders, index: Index):
        self._folders, self._index = folders, index
        self._listings: tuple[Listing, ...] | None = None  # None: those that the verdicts have kept
        self._mark: tuple[int, ...] | None = None
        self._looked_at = time.monotonic()
        try:
            self._read()
        except RequestInvalid:
            self._mark = None  # looked at again, and said, by the first look; until then the kept ones stand
        # Listings that were lifted meanwhile leave with the first look, so that it proposes whom to release.
        first = None if (folders.verdicts / "current").exists() else self._listings
        self._keeper = VerdictKeeper.open(
            folders.verdicts, index.graph, index.account, listings=first, as_of_us=_now_us()
        )
        self._settle_on_standing()

    @property
    def state(self) -> int:
        return self._keeper.slot.index_state

    def advance(self, before: Graph, *, earliest: pa.ChunkedArray) -> None:
        """The index has moved on from `before` by rows whose moments are `earliest`, known ones among them."""
        since = first_new(before, self._index.graph, pc.min(earliest).cast(pa.int64()).as_py())
        self._keeper.update(self._index.graph, self._index.account, changed_from_us=since)

    def look_at_listings(self) -> None:
        """New or lifted ones, and those that begin or end by the clock. Raises RequestInvalid for a file of another
        form; the listings then stay as they were."""
        changed = self._read()
        if changed or time.monotonic() - self._looked_at > STANDING_SECONDS:
            self._settle_on_standing()

    def _settle_on_standing(self) -> None:
        self._looked_at = time.monotonic()
        if self._listings is None:
            return
        now = standing(self._listings, _now_us())
        lifted = _lifted([placed.listing for placed in self._keeper.placed], now)
        if lifted:
            propose(self._folders, self._keeper, self._index.graph, lifted)
        self._keeper.update(self._index.graph, self._index.account, listings=now)

    def _read(self) -> bool:
        """Whether the file is another one than before. One that can't be read is looked at once."""
        try:
            status = os.stat(self._folders.listings)
        except FileNotFoundError:
            return False
        mark = status.st_ino, status.st_size, status.st_mtime_ns
        if mark == self._mark:
            return False
        self._mark = mark
        try:
            self._listings = read_listings(self._folders.listings)
        except (pa.ArrowException, ValueError, KeyError, TypeError, AttributeError):
            raise RequestInvalid(
                "the published listings do not have their form; publish them again",
                zh="發布之名單不符約定格式；請重新發布",
            ) from None
        return True


def _lifted(before: Iterable[Listing], now: Iterable[Listing]) -> set[Listing]:
    """Those that stand no more. One whose sum or dates were corrected still stands."""
    standing_still = {(listing.token, listing.case_no) for listing in now}
    return {listing for listing in before if (listing.token, listing.case_no) not in standing_still}


def first_new(before: Graph, after: Graph, least_us: int | None) -> int | None:
    """The moment of the earliest transfer that `after` has and `before` has not; None where there is none.

    Both deltas are in one order and the earlier one is part of the later one, so it stands at their first difference;
    nothing new is earlier than `least_us`.
    """
    if after.transfers == before.transfers or least_us is None:
        return None
    if after.delta is None or len(after.base) != len(before.base):
        return least_us  # merged in between: not to be told apart any more
    new, old = after.delta, before.delta
    start = int(np.searchsorted(new.time_us, least_us))
    length = min(len(new), len(old)) if old is not None else 0
    if start >= length:
        return int(new.time_us[start])
    differs = (new.time_us[start:length] != old.time_us[start:length]) | (
        new.transfer_id[start:length] != old.transfer_id[start:length]
    ).any(axis=1)
    place = start + int(np.argmax(differs)) if differs.any() else length
    return int(new.time_us[place])


def _now_us() -> int:
    return time.time_ns() // 1000
