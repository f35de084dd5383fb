"""Write-once objects in a local folder.

An object appears by a hard link from a complete temporary file: the link fails where the name is taken, which is the
folder's form of "generation match 0". Bytes are checked by CRC-32C while they are copied, as the cloud store does. A
file's copy that was cut off is gone on with, after its bytes were compared with the file's.
"""

import fcntl
import filecmp
import hashlib
import io
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import google_crc32c

from cleanroom.contracts.whole_files import sync_directory, write_whole
from cleanroom.errors import StoreFault
from cleanroom.stores import checksums
from cleanroom.stores.object_names import check_key_name, check_name, missing, other_content, over_cap
from cleanroom.stores.ports import ObjectInfo

_TEMPORARY = ".tmp"  # hidden: no object name can begin with a dot
_PARTIAL = ".partial"
_KEPT_S = 7 * 86_400  # as long as Cloud Storage keeps an upload session
_BLOCK_BYTES = 8 * 1024 * 1024


class LocalObjectStore:
    """See `stores.ports.ObjectStore`."""

    def __init__(self, root: Path):
        self._root = root

    def put_file(self, name: str, path: Path, *, progress: Callable[[int], None] | None = None) -> ObjectInfo:
        target, tell = self._path(name), progress or _untold
        with _faults(name), path.open("rb") as source, self._partial(name, source) as partial:
            checksum = _complete(source, partial, tell)
            self._publish(name, Path(partial.name), target)
            return _info(name, target, checksum)

    def put_bytes(self, name: str, data: bytes) -> ObjectInfo:
        target = self._path(name)
        with _faults(name), self._temporary() as temporary:
            with temporary.open("xb") as file:
                checksum = checksums.copy(io.BytesIO(data), file)
                file.flush()
                os.fsync(file.fileno())
            self._publish(name, temporary, target)
            return _info(name, target, checksum)

    def get_bytes(self, name: str, *, cap_bytes: int) -> bytes:
        path = self._path(name)
        with _faults(name):
            _check_cap(name, path, cap_bytes)
            return path.read_bytes()

    def download(self, name: str, path: Path, *, cap_bytes: int) -> ObjectInfo:
        source = self._path(name)
        with _faults(name):
            _check_cap(name, source, cap_bytes)
            read: list[str] = []
            with source.open("rb") as file:
                write_whole(path, lambda target: read.append(checksums.copy(file, target)))
            if path.stat().st_size != source.stat().st_size:
                raise StoreFault(f"{name} changed while it was read", zh=f"{name} 於讀取期間變更")
            return _info(name, source, read[0])

    def exists(self, name: str) -> bool:
        return self._path(name).is_file()

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        with _faults(prefix):
            found = sorted(p.relative_to(self._root).as_posix() for p in self._files(prefix))
            yield from (_info(name, self._root / name, None) for name in found if name.startswith(prefix))

    def destroy(self, name: str) -> None:
        path = self._path(check_key_name(name))
        with _faults(name):
            if path.is_file():
                path.unlink()
                sync_directory(path.parent)

    def _publish(self, name: str, whole: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(whole, target)
        except FileExistsError:
            if not filecmp.cmp(whole, target, shallow=False):
                raise other_content(name) from None
        sync_directory(target.parent)

    @contextmanager
    def _partial(self, name: str, source: BinaryIO) -> Iterator[BinaryIO]:
        """The file that an upload of this name and content grows in, held against other writers. Gone when the block
        ends well or with a decision; a process that is killed leaves it, and the next one goes on with it."""
        folder = self._root / _TEMPORARY
        folder.mkdir(parents=True, exist_ok=True)
        _forget_old(folder)
        drawn = hashlib.sha256(f"{name} {hashlib.file_digest(source, 'sha256').hexdigest()}".encode()).hexdigest()
        path = folder / f"{drawn}{_PARTIAL}"
        with _locked(path) as partial:
            try:
                yield partial
            except OSError:
                raise  # kept: the next run goes on with it
            except Exception:
                path.unlink(missing_ok=True)
                raise
            path.unlink(missing_ok=True)

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        folder = self._root / _TEMPORARY
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / uuid.uuid4().hex
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._root / check_name(name)

    def _files(self, prefix: str) -> Iterator[Path]:
        """All objects under the deepest folder that the prefix names; a prefix may end within a name."""
        folder = prefix.rpartition("/")[0]
        start = self._path(folder) if folder else self._root
        for path in start.rglob("*") if start.is_dir() else ():
            if path.is_file() and path.relative_to(self._root).parts[0] != _TEMPORARY:
                yield path


def _untold(_: int) -> None:
    """Nobody looks."""


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """Opened for one writer at a time. A file that another one finished meanwhile is no longer at its name: again."""
    while True:
        with path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield file
                return


def _complete(source: BinaryIO, partial: BinaryIO, tell: Callable[[int], None]) -> str:
    """What is there already is compared, the rest is copied, and all of it is on the disk at the end."""
    source.seek(0)
    partial.seek(0)
    checksum, done = google_crc32c.Checksum(), 0
    there = os.fstat(partial.fileno()).st_size
    while block := source.read(_BLOCK_BYTES):
        if partial.read(len(block)) != block:
            partial.truncate(done)  # opened for appending: writes go to the end
            partial.write(block)
            partial.flush()
        checksum.update(block)
        done += len(block)
        if done >= there:
            tell(done)
    partial.truncate(done)
    os.fsync(partial.fileno())
    return checksums.text(checksum)


def _forget_old(folder: Path) -> None:
    """Uploads that nobody went on with: their source was changed or removed."""
    oldest = time.time() - _KEPT_S
    for path in folder.glob(f"*{_PARTIAL}"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def _info(name: str, path: Path, checksum: str | None) -> ObjectInfo:
    found = path.stat()
    return ObjectInfo(name=name, size=found.st_size, crc32c=checksum, generation=str(found.st_mtime_ns))


def _check_cap(name: str, path: Path, cap_bytes: int) -> None:
    _check_there(name, path)
    if path.stat().st_size > cap_bytes:
        raise over_cap(name, path.stat().st_size, cap_bytes)


def _check_there(name: str, path: Path) -> None:
    if not path.is_file():
        raise missing(name)


@contextmanager
def _faults(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, shutil.Error) as e:
        raise StoreFault(
            f"the object store could not serve {name or 'the list'} ({type(e).__name__})",
            zh=f"物件儲存無法提供 {name or '清單'}（{type(e).__name__}）",
        ) from e
