"""What periods changed, saved on disk: to go back is to put back, newest period first, what it found.

A period keeps the records as they were at its beginning, of those accounts alone that it changed. So a late transfer of
an hour ago costs an hour, and no copy of the whole state is ever made. Older periods are merged, the oldest forgotten.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import google_crc32c
import numpy as np

from cleanroom.errors import IndexDamaged
from cleanroom.lookout.kernels.loading import kernels
from cleanroom.lookout.verdicts.records import MARKS, Records

_ACCOUNT_SHIFT = 32


@dataclass(frozen=True)
class Saved:
    """Of one period, from `from_us` on. `hot` int64[n, 4], an account once, its number in the upper half of the marks;
    `cold` int64[m, 5]: account and arrival, in the order in which arrivals were replaced."""

    from_us: int
    transfers: int
    hot: np.ndarray
    cold: np.ndarray

    @property
    def accounts(self) -> np.ndarray:
        return self.hot[:, MARKS] >> _ACCOUNT_SHIFT

    def with_later(self, later: "Saved", accounts: int) -> "Saved":
        """This period and the one after it as one."""
        known = np.zeros(accounts, dtype=bool)
        known[self.accounts] = True
        hot = np.concatenate([self.hot, later.hot[~known[later.accounts]]])
        return Saved(self.from_us, self.transfers + later.transfers, hot, np.concatenate([self.cold, later.cold]))

    def undo(self, records: Records, touched: np.ndarray, touches: int) -> int:
        """Put back; gives how many accounts are now noted in `touched`."""
        hot, cold = np.ascontiguousarray(self.hot), np.ascontiguousarray(self.cold)
        return kernels("tainting").taint_undo(
            hot, len(hot), cold, len(cold), records.hot, records.cold, touched, touches
        )


@dataclass(frozen=True)
class Period:
    """A saved period's file: `period-<number>`, with a checksum over all of it."""

    number: int
    from_us: int
    transfers: int
    hot: int
    cold: int
    check: int

    def path(self, folder: Path) -> Path:
        return folder / f"period-{self.number}"

    def read(self, folder: Path) -> Saved:
        """Raises IndexDamaged where it is not what was written."""
        try:
            words = np.fromfile(self.path(folder), dtype=np.int64)
        except OSError as error:
            raise IndexDamaged(
                "a saved period of the kept verdicts is missing; they are passed over anew",
                zh="所存判定之某一期間遺失；將重新計算",
            ) from error
        if len(words) != self.hot * 4 + self.cold * 5 or _check(words) != self.check:
            raise IndexDamaged(
                "a saved period of the kept verdicts was changed; they are passed over anew",
                zh="所存判定之某一期間遭變更；將重新計算",
            )
        hot, cold = words[: self.hot * 4].reshape(-1, 4), words[self.hot * 4 :].reshape(-1, 5)
        return Saved(self.from_us, self.transfers, hot, cold)


def write(folder: Path, number: int, saved: Saved) -> Period:
    hot, cold = np.ascontiguousarray(saved.hot), np.ascontiguousarray(saved.cold)
    check = _check(hot, cold)
    with (folder / f"period-{number}").open("wb") as file:
        hot.tofile(file)
        cold.tofile(file)
    return Period(number, saved.from_us, saved.transfers, len(hot), len(cold), check)


def _check(*arrays: np.ndarray) -> int:
    """CRC-32C over the arrays' bytes, one after the other."""
    check = 0
    for array in arrays:
        check = google_crc32c.extend(check, array.reshape(-1).view(np.uint8))
    return check


def to_merge(periods: Sequence[Period], least: int) -> int | None:
    """Place of the newest period that goes together with the one after it; None where all stay.

    Two that have fewer than `least` transfers together always do. Else two become one where they are no longer
    together than all that came after them: who goes back by n transfers still passes over no more than about 2 n.
    """
    newer = 0
    for place in range(len(periods) - 2, -1, -1):
        both = periods[place].transfers + periods[place + 1].transfers
        if both <= max(newer, least):
            return place
        newer += periods[place + 1].transfers
    return None


def affordable(periods: Sequence[Period], records: int) -> tuple[Period, ...]:
    """The newest periods that together save no more than so many records."""
    kept, left = [], records
    for period in reversed(periods):
        left -= period.hot + period.cold
        if left < 0:
            break
        kept.insert(0, period)
    return tuple(kept)


def write_ledger(folder: Path, number: int, periods: Sequence[Period]) -> None:
    """Whole or not at all."""
    beside = folder / ".ledger"
    beside.write_text(json.dumps([asdict(period) for period in periods]))
    beside.replace(folder / f"ledger-{number}")


def read_ledger(folder: Path, number: int) -> list[Period]:
    """Raises IndexDamaged where it can't be read."""
    try:
        return [Period(**known) for known in json.loads((folder / f"ledger-{number}").read_text())]
    except (OSError, ValueError, TypeError) as error:
        raise IndexDamaged(
            "the list of saved periods is missing or damaged; they are passed over anew",
            zh="所存期間之清單遺失或毀損；將重新計算",
        ) from error
