"""Write-once objects in a local folder.

An object appears by a hard link from a complete temporary file: the link fails where the name is taken, which is the
folder's form of "generation match 0". Bytes are checked by CRC-32C while they are copied, as the cloud store does.
"""

import filecmp
import io
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cleanroom.contracts.whole_files import sync_directory, write_whole
from cleanroom.errors import StoreFault
from cleanroom.stores import checksums
from cleanroom.stores.object_names import check_key_name, check_name, missing, other_content, over_cap
from cleanroom.stores.ports import ObjectInfo

_TEMPORARY = ".tmp"  # hidden: no object name can begin with a dot


class LocalObjectStore:
    """See `stores.ports.ObjectStore`."""

    def __init__(self, root: Path):
        self._root = root

    def put_file(self, name: str, path: Path) -> ObjectInfo:
        with _faults(name), path.open("rb") as source:
            return self._put(name, lambda target: checksums.copy(source, target))

    def put_bytes(self, name: str, data: bytes) -> ObjectInfo:
        with _faults(name):
            return self._put(name, lambda target: checksums.copy(io.BytesIO(data), target))

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
                raise StoreFault(f"{name} changed while it was read")
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

    def _put(self, name: str, write: Callable[[BinaryIO], str]) -> ObjectInfo:
        target = self._path(name)
        with self._temporary() as temporary:
            with temporary.open("xb") as file:
                checksum = write(file)
                file.flush()
                os.fsync(file.fileno())
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(temporary, target)
            except FileExistsError:
                if not filecmp.cmp(temporary, target, shallow=False):
                    raise other_content(name) from None
            sync_directory(target.parent)
        return _info(name, target, checksum)

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
        raise StoreFault(f"the object store could not serve {name or 'the list'} ({type(e).__name__})") from e
