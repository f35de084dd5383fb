"""Who may write, and what happens where the disk does not: one writer at a time, faults that can be tried again."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cleanroom.errors import NotAllowed, StoreFault

_LOCK = "writer.lock"


class WriterLock:
    """Of the operating system, so it dies with its process."""

    def __init__(self, folder: Path):
        """Raises NotAllowed where another process, or another writer of this one, holds it."""
        self._file = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise NotAllowed(
                "another process writes to this index; there is one writer at a time",
                zh="另有程式正寫入此索引；同時僅能有一個寫入者",
            ) from None

    def release(self) -> None:
        os.close(self._file)


@contextmanager
def writing() -> Iterator[None]:
    """What the disk refuses is a StoreFault: the published state stands, and the same may be tried again."""
    try:
        yield
    except OSError as error:
        raise StoreFault(
            f"the index could not be written: {error.strerror}; its state is as before",
            zh=f"索引無法寫入：{error.strerror}；其狀態未變",
        ) from error
