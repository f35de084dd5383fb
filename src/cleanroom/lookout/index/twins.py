"""Transfer ids that stand twice: the same transfer again counts once, another one under the same id is refused."""

from collections.abc import Callable

import numpy as np

from cleanroom.errors import MalformedRows, Where
from cleanroom.lookout.index.fingerprints import fingerprints_of
from cleanroom.vocabulary.both import Both

SAID = Both("the transfer has the id of another one that differs from it", "與另一筆交易編號相同而內容不同")


def repeated_rows(columns: tuple[np.ndarray, ...], seed: int, place: Callable[[int], Where]) -> np.ndarray:
    """The rows (ascending) that repeat an earlier one. `columns`: times, senders, receivers (numbers or tokens),
    amounts, ids.

    Raises MalformedRows with the first place of a row that has the id of another one and not its content.
    """
    *content, ids = columns
    rows = _suspects(ids, seed)
    halves = ids[rows].view(">u8").reshape(-1, 2)
    order = np.lexsort((halves[:, 1], halves[:, 0]))  # stable: of one id the earliest row first
    rows, halves = rows[order], halves[order]
    again = np.concatenate(([False], (halves[1:] == halves[:-1]).all(axis=1)))[: len(rows)]
    repeats, earlier = rows[again], rows[np.flatnonzero(again) - 1]
    differs = np.any([_differ(column[repeats], column[earlier]) for column in content], axis=0)
    if differs.any():
        raise MalformedRows(SAID.en, zh=SAID.zh_hant, where=place(int(repeats[differs].min())))
    return np.sort(repeats)


def _suspects(ids: np.ndarray, seed: int) -> np.ndarray:
    """Rows whose fingerprint some other row has too."""
    found = fingerprints_of(ids, seed)
    ordered = np.sort(found)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    nearest = np.minimum(np.searchsorted(twice, found), max(len(twice) - 1, 0))
    return np.flatnonzero(twice[nearest] == found) if len(twice) else np.empty(0, dtype=np.int64)


def without(column: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.delete(column, rows, axis=0)


def _differ(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    return one != two if one.ndim == 1 else (one != two).any(axis=1)
