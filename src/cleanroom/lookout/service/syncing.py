"""What the line published: `transfers.parquet` becomes a batch, `listings.parquet` and `ties.parquet` replace those
that are here.

The line writes both whole and replaces them, so a file is taken by its digest: the same file again is nothing new, and
of a new one that repeats what is known the index takes what it has not.
"""

import hashlib
import json
import os
from pathlib import Path

from cleanroom.lookout.service import spool
from cleanroom.lookout.service.folders import Folders, read_state, sync_folder, write_whole

TRANSFERS, LISTINGS, TIES = "transfers.parquet", "listings.parquet", "ties.parquet"
_CHUNK = 1024**2


def sync(published: Path, folders: Folders) -> list[str]:
    """Names of what was new. Safe to repeat, also after it was killed. Raises MalformedRows for another form."""
    folders.make()
    found = []
    for name, take in ((TRANSFERS, _take_transfers), (LISTINGS, _take_whole), (TIES, _take_whole)):
        mark = mark_of(published / name)
        if mark is not None and mark != _taken(folders).get(name):
            if take(published / name, folders):
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
    sync_folder(folders.home)
    return True


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
    return read_state(folders.home / "synced.json")


def _note(folders: Folders, name: str, mark: list[int]) -> None:
    write_whole(folders.home / "synced.json", json.dumps(_taken(folders) | {name: mark}).encode())


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
