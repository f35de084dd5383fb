"""Batches between those who hand in transfers and the keeper: files that have their name once they are complete.

`incoming/<nanoseconds>-<receipt>.<arrow|parquet>` waits; the keeper takes them in the order of their names. A receipt
is the beginning of the content's SHA-256, so the same batch handed in again has the same receipt.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from cleanroom.contracts.whole_files import sync_directory
from cleanroom.errors import CleanroomError, NotFound
from cleanroom.lookout.service.folders import Folders, write_whole

_RECEIPT_DIGITS = 32
_NAME = re.compile(r"([0-9]{20})-([0-9a-f]{32})\.(arrow|parquet)")


class Receipt(msgspec.Struct, frozen=True):
    """`waiting`: safe on disk. `applied`: in the graph as of `state`. `refused`: `sentence` says why."""

    receipt: str
    standing: Literal["waiting", "applied", "refused"]
    rows: int | None = None
    state: int | None = None
    reason: str | None = None
    sentence: str | None = None


@dataclass(frozen=True)
class Batch:
    path: Path
    receipt: str

    @property
    def arrived(self) -> float:
        """Seconds since 1970."""
        return int(self.path.name[:20]) / 1e9

    @property
    def form(self) -> str:
        return self.path.suffix[1:]


class Draft:
    """A batch that is still coming in. Leaves nothing behind unless it was `hand_in`ed."""

    def __init__(self, folders: Folders):
        self._folders = folders
        self.path = folders.incoming / f".{os.getpid()}-{time.time_ns()}-{os.urandom(4).hex()}.part"
        self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._digest, self.size = hashlib.sha256(), 0

    def __enter__(self) -> "Draft":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._digest.update(chunk)
        self.size += len(chunk)

    def complete(self) -> None:
        """All is written: whoever opens `path` now sees it."""
        self._file.flush()

    @property
    def receipt(self) -> str:
        return self._digest.hexdigest()[:_RECEIPT_DIGITS]

    def hand_in(self, form: str) -> Receipt:
        """Durable when it returns; a batch that was applied before is not taken again."""
        known = find_receipt(self._folders, self.receipt)
        if known is not None and known.standing != "refused":
            return known
        self._file.flush()
        os.fsync(self._file.fileno())
        os.rename(self.path, self._folders.incoming / f"{time.time_ns():020d}-{self.receipt}.{form}")
        sync_directory(self._folders.incoming)
        return Receipt(self.receipt, "waiting")


def waiting(folders: Folders) -> list[Batch]:
    """In the order in which they came."""
    names = sorted(name for name in os.listdir(folders.incoming) if _NAME.fullmatch(name))
    return [Batch(folders.incoming / name, _NAME.fullmatch(name)[2]) for name in names]


def strangers(folders: Folders, *, older_than_s: float) -> Iterator[Path]:
    """What lies in `incoming` under another name: given up by a writer that died, or put there by mistake."""
    for entry in os.scandir(folders.incoming):
        if not _NAME.fullmatch(entry.name) and time.time() - entry.stat().st_mtime > older_than_s:
            yield Path(entry.path)


def find_receipt(folders: Folders, receipt: str) -> Receipt | None:
    """Where the batch stands; a batch that waits again after a refusal waits."""
    if any(batch.receipt == receipt for batch in waiting(folders)):
        return Receipt(receipt, "waiting")
    try:
        return msgspec.json.decode((folders.receipts / f"{receipt}.json").read_bytes(), type=Receipt)
    except FileNotFoundError:
        return None


def receipt_of(folders: Folders, receipt: str) -> Receipt:
    """Raises NotFound."""
    well_formed = re.fullmatch(r"[0-9a-f]{32}", receipt)
    found = find_receipt(folders, receipt) if well_formed else None
    if found is None:
        raise NotFound(
            "no batch has this receipt; receipts are kept for some days only",
            zh="查無此收件編號；收件編號僅保留數日",
            rule="receipt",
        )
    return found


def settle(folders: Folders, batch: Batch, *, rows: int, state: int) -> None:
    """The batch is in the graph, durably: write its receipt, then let it go."""
    _write_receipt(folders, Receipt(batch.receipt, "applied", rows=rows, state=state))
    batch.path.unlink()


def refuse(folders: Folders, batch: Batch, error: CleanroomError) -> None:
    """Put the batch aside, its reason beside it, and go on with the rest."""
    receipt = Receipt(batch.receipt, "refused", reason=error.reason, sentence=error.sentence)
    write_whole(folders.refused / f"{batch.path.name}.json", msgspec.json.encode(receipt))
    _write_receipt(folders, receipt)
    os.replace(batch.path, folders.refused / batch.path.name)


def forget_receipts(folders: Folders, *, older_than_s: float) -> int:
    """Receipts are an answer to the sender, no record; returns how many went."""
    old = [e.path for e in os.scandir(folders.receipts) if time.time() - e.stat().st_mtime > older_than_s]
    for path in old:
        os.unlink(path)
    return len(old)


def _write_receipt(folders: Folders, receipt: Receipt) -> None:
    # Not forced to disk: after a power failure the batch comes again and is settled again.
    write_whole(folders.receipts / f"{receipt.receipt}.json", msgspec.json.encode(receipt), durable=False)
