"""What the line published: `transfers.parquet` becomes a batch, `listings.parquet` and `ties.parquet` replace those
that are here. `reversed.parquet` says what the index should have no longer; that, and another K2, need an index anew.

The line writes both whole and replaces them, so a file is taken by its digest: the same file again is nothing new, and
of a new one that repeats what is known the index takes what it has not.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from cleanroom.contracts.whole_files import sync_directory
from cleanroom.lookout.index.catalogue import CURRENT
from cleanroom.lookout.service import spool
from cleanroom.lookout.service.folders import Folders, read_state, write_whole

TRANSFERS, LISTINGS, TIES = "transfers.parquet", "listings.parquet", "ties.parquet"
REVERSED = "reversed.parquet"
ALL = (TRANSFERS, LISTINGS, TIES, REVERSED)
_CHUNK = 1024**2


def sync(published: Path, folders: Folders, *, names: Iterable[str] = ALL) -> list[str]:
    """Names of what was new. Safe to repeat, also after it was killed. Raises MalformedRows for another form.

    Of files under another K2 than the index nothing is taken, as every account has another token there: KeyRefused.
    """
    folders.make()
    found = []
    for name in names:
        mark = mark_of(published / name)
        if mark is not None and mark != _taken(folders).get(name):
            if (folders.index / CURRENT).exists():
                _check_epoch(published / name, folders)
            if _TAKE[name](published / name, folders):
                found.append(name)
            _note(folders, name, mark)
    return found


def _take_transfers(path: Path, folders: Folders) -> bool:
    from cleanroom.lookout.service import batches

    batches.check_form(path, "parquet")
    with spool.Draft(folders) as draft:
        _copy(path, draft.write)
        draft.complete()
        before = spool.find_receipt(folders, draft.receipt)
        return before is None and draft.hand_in("parquet").standing == "waiting"


def _take_whole(path: Path, folders: Folders) -> bool:
    new, here = path.read_bytes(), folders.home / path.name
    if here.exists() and _digest(here.read_bytes()) == _digest(new):
        return False
    write_whole(here, new)
    sync_directory(folders.home)
    return True


def _check_epoch(path: Path, folders: Folders) -> None:
    from cleanroom.lookout.service import rebuilding

    rebuilding.check_epoch(path, folders)


def _look_for_reversed(path: Path, folders: Folders) -> bool:
    from cleanroom.lookout.service import rebuilding

    return (folders.index / CURRENT).exists() and rebuilding.look_for_reversed(path, folders) > 0


_TAKE: Mapping[str, Callable[[Path, Folders], bool]] = {
    TRANSFERS: _take_transfers,
    LISTINGS: _take_whole,
    TIES: _take_whole,
    REVERSED: _look_for_reversed,
}


def _copy(path: Path, write) -> None:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            write(chunk)


def mark_of(path: Path) -> list[int] | None:
    """Changes when the file is replaced."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return [status.st_ino, status.st_size, status.st_mtime_ns]


def _taken(folders: Folders) -> dict[str, list[int]]:
    return read_state(folders.synced)


def _note(folders: Folders, name: str, mark: list[int]) -> None:
    write_whole(folders.synced, json.dumps(_taken(folders) | {name: mark}).encode())


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
