"""One writer at a time: a lock of the operating system, which dies with its process."""

import fcntl
import os
from pathlib import Path

from cleanroom.errors import NotAllowed

_LOCK = "writer.lock"


class WriterLock:
    def __init__(self, folder: Path):
        """Raises NotAllowed where another process, or another writer of this one, holds it."""
        self._file = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise NotAllowed("another process writes to this index; there is one writer at a time") from None

    def release(self) -> None:
        os.close(self._file)
