"""Paths as they are given: looked at before the work begins, so that a slip is told at once and as what it is.

Each is a path to the code that gets it. A command declares what it asks for by the type of its argument.
"""

import argparse
import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from cleanroom.errors import CleanroomError, NotAllowed, NotFound, RequestInvalid, StoreFault, Where

_Path = type(Path())

# A path that is wrong now is wrong the next time as well: a refusal. What is not among these may pass: a fault.
_PATH: Mapping[int, tuple[type[CleanroomError], str, str]] = {
    errno.ENOENT: (NotFound, "there is no such file or folder", "查無此檔案或資料夾"),
    errno.EISDIR: (NotFound, "this is a folder, and a file is asked for", "此為資料夾，此處須為檔案"),
    errno.ENOTDIR: (NotFound, "a file stands where a folder is asked for", "此處須為資料夾，所給路徑卻為檔案"),
    errno.ENAMETOOLONG: (NotFound, "no file or folder can have so long a name", "名稱過長，不可能為檔案或資料夾"),
    errno.ELOOP: (NotFound, "this link leads back to itself", "此連結指向自身"),
    errno.EEXIST: (NotAllowed, "something of this name is there already, and nothing is written over it",
                   "已有同名項目，不予覆寫"),
    errno.EACCES: (NotAllowed, "this user may not read or write here", "目前使用者無權讀寫此處"),
    errno.EPERM: (NotAllowed, "this user may not read or write here", "目前使用者無權讀寫此處"),
    errno.EROFS: (NotAllowed, "this disk takes no writing", "此磁碟為唯讀"),
}  # fmt: skip


class InFile(_Path):
    """A file to read; a pipe is one too."""

    def check(self) -> None:
        if self.is_dir():
            raise wrong_path(errno.EISDIR, self)
        _check_there(self, os.R_OK)


class InFolder(_Path):
    """A folder to read."""

    def check(self) -> None:
        if self.exists() and not self.is_dir():
            raise wrong_path(errno.ENOTDIR, self)
        _check_there(self, os.R_OK | os.X_OK)


class OutFile(_Path):
    """A file to write. Its folder is made now, inside one that is there: more than one missing is a slip."""

    def check(self) -> None:
        if self.is_dir():
            raise wrong_path(errno.EISDIR, self)
        OutFolder(self.parent).check()
        if not self.absolute().parent.parent.exists():
            raise wrong_path(errno.ENOENT, self.parent.parent)
        if self.exists():
            _check_there(self, os.W_OK)


class OutFolder(_Path):
    """A folder to write into; it is made by whoever needs it, and nothing may stand in its way."""

    def check(self) -> None:
        first = next(p for p in (self.absolute(), *self.absolute().parents) if p.exists())
        if not first.is_dir():
            raise wrong_path(errno.ENOTDIR, first)


def check_paths(options: argparse.Namespace) -> None:
    """Raise NotFound or NotAllowed for the first path of the call that is not what was asked for."""
    for path in _given(options):
        path.check()
    for path in _given(options):
        if isinstance(path, OutFile):
            path.parent.mkdir(exist_ok=True)


def make_now(folder: Path) -> None:
    """A folder that long work will write into: made, and written to once, before the work. Raises NotAllowed,
    StoreFault."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as e:
        number = errno.EACCES if e.errno == errno.ENOENT else e.errno  # its parents were made: the disk takes no folder
        raise of_the_system(OSError(number, e.strerror, str(folder))) from None


def _given(options: argparse.Namespace) -> Iterator[InFile | InFolder | OutFile | OutFolder]:
    for value in vars(options).values():
        for path in value if isinstance(value, list) else [value]:
            if isinstance(path, InFile | InFolder | OutFile | OutFolder):
                yield path


def _check_there(path: Path, rights: int) -> None:
    if not path.exists():
        raise wrong_path(errno.ENOENT, path)
    if not os.access(path, rights):
        raise wrong_path(errno.EACCES, path)


# --- what the operating system says ----------------------------------------------------------------------------------


def of_the_system(e: OSError) -> CleanroomError:
    """What the operating system said, without its number and in words that a person can act on."""
    if e.filename and e.errno in _PATH:
        return wrong_path(e.errno, e.filename)
    where = Where(file=str(e.filename) if e.filename else None)
    if e.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFault("there is no room left on the disk", zh="磁碟空間不足", where=where)
    why = e.strerror or type(e).__name__
    return StoreFault(why, zh=f"作業系統回報：{why}", where=where)


def wrong_path(number: int, path: object) -> CleanroomError:
    """`number`: one of errno's that tells that the path itself is wrong."""
    kind, english, chinese = _PATH[number]
    return kind(
        english, zh=chinese, where=Where(file=str(path)), rule="path_taken" if number == errno.EEXIST else "path"
    )


def not_text(e: UnicodeDecodeError) -> CleanroomError:
    """A file of another kind, where a text was asked for."""
    return RequestInvalid("a file that was given is not text in UTF-8", zh="所給檔案非 UTF-8 文字檔", rule="path")
