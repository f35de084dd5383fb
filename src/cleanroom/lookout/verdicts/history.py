"""The saved periods of a kept state, in order: written as a pass goes on, put back to go back in time, thinned out."""

from itertools import pairwise
from pathlib import Path

import numpy as np

from cleanroom.errors import IndexDamaged
from cleanroom.lookout.verdicts import periods as files
from cleanroom.lookout.verdicts.passing import Pass
from cleanroom.lookout.verdicts.periods import Period
from cleanroom.lookout.verdicts.places import BEGINNING_US
from cleanroom.lookout.verdicts.records import Records

SAVED_PER_ACCOUNT = 2.5  # records that all saved periods together may hold, per account
_LEAST_SAVED = 1 << 16
_MERGED_BELOW = 8  # of the least length of a period that is cut: so short are those of small batches kept


class History:
    """`periods`, oldest first. `number`: the last that was given to one; numbers are never used again."""

    def __init__(self, home: Path, least: int, *, number: int = 0):
        self.home, self._least, self.number = home, least, number
        self.periods: tuple[Period, ...] = ()

    def read(self, ledger: int) -> None:
        """What the ledger lists. One that is damaged is as none: the next late transfer costs a pass over all."""
        try:
            self.periods = tuple(files.read_ledger(self.home, ledger))
        except IndexDamaged:
            self.periods = ()
        self.number = max([self.number, *(period.number for period in self.periods)])

    def write_ledger(self, ledger: int) -> None:
        files.write_ledger(self.home, ledger, self.periods)

    def go_back(self, records: Records, moment: int, touched: np.ndarray) -> tuple[int, int, int]:
        """Put the records back to before `moment`: (from when on to pass over them, how many periods stay, accounts
        noted as changed). BEGINNING_US where nothing saved reaches so far: then the records are of no use."""
        touches = 0
        for place in range(len(self.periods) - 1, -1, -1):
            period = self.periods[place]
            try:
                touches = period.read(self.home).undo(records, touched, touches)
            except IndexDamaged:
                break
            if period.from_us <= moment:
                return period.from_us, place, touches
        return BEGINNING_US, 0, 0

    def record(self, work: Pass, moments: list[int], *, keep: int) -> None:
        """Pass over each stretch between two moments and save what it changed, after the first `keep` periods."""
        found = list(self.periods[:keep])
        for since, until in pairwise(moments):
            self.number += 1
            saved = work.run(since, until, period=self.number)
            if saved.transfers:
                found.append(files.write(self.home, self.number, saved))
        self.periods = tuple(found)

    def thin_out(self, accounts: int) -> None:
        """Merge periods, and forget the oldest where they take more room than they may."""
        while (place := files.to_merge(self.periods, self._least // _MERGED_BELOW)) is not None:
            self.number += 1
            older, newer = (period.read(self.home) for period in self.periods[place : place + 2])
            merged = files.write(self.home, self.number, older.with_later(newer, accounts))
            self.periods = (*self.periods[:place], merged, *self.periods[place + 2 :])
        self.periods = files.affordable(self.periods, max(int(SAVED_PER_ACCOUNT * accounts), _LEAST_SAVED))
