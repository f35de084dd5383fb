"""Files that are what they seem: ordinary, no link, and the same from the first byte read to the last.

A link may lead out of the folder, a pipe never ends, and a file that somebody still writes is checked in one state and
sealed in another.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cleanroom.errors import MalformedRows, Where


def check_ordinary(path: Path) -> None:
    """Raises MalformedRows (`file_kind`) where `path` is a link, a folder, a pipe or a device."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise _kind(path)


def open_ordinary(path: Path) -> BinaryIO:
    """For reading. Whatever was put in the file's place since it was looked at is refused and never waited for."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        check_ordinary(path)  # says why, where it is that; the system's own words otherwise
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _kind(path)
    return os.fdopen(handle, "rb")


@dataclass(frozen=True)
class Seen:
    """A file as it was when it was first looked at."""

    path: Path
    identity: tuple[int, ...] | None

    @classmethod
    def now(cls, path: Path) -> "Seen":
        """Raises MalformedRows (`file_kind`)."""
        check_ordinary(path)
        return cls(path, _identity(path))

    def check_unchanged(self) -> None:
        """Raises MalformedRows (`file_changed`) where the file was written, replaced or removed since."""
        if _identity(self.path) != self.identity:
            raise MalformedRows(
                "the file changed while it was read; wait until it is written completely, and run again",
                zh="讀取期間檔案有變更；請待寫入完成後重新執行",
                where=Where(file=self.path.name),
                rule="file_changed",
            )


def _identity(path: Path) -> tuple[int, ...] | None:
    """None where the file is gone. The change time is the kernel's; a program cannot set it back."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _kind(path: Path) -> MalformedRows:
    return MalformedRows(
        "this is a link, a folder, a pipe or a device; put the file itself there",
        zh="此為連結、資料夾、管道或裝置；請放入檔案本身",
        where=Where(file=path.name),
        rule="file_kind",
    )
