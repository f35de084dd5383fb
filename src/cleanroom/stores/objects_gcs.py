"""Write-once objects in Google Cloud Storage: generation match, resumable uploads, CRC-32C at both ends.

The client finds its credentials by itself (workload identity in production; none where STORAGE_EMULATOR_HOST is set).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from cleanroom.contracts.whole_files import write_whole
from cleanroom.errors import NotAllowed, StoreFault
from cleanroom.stores import checksums
from cleanroom.stores.object_names import check_key_name, check_name, missing, other_content, over_cap
from cleanroom.stores.ports import ObjectInfo

_CHUNK_BYTES = 8 * 1024 * 1024  # a multiple of 256 KiB; larger files go up in resumable chunks
_TIMEOUT_S = 60
_RETRY = DEFAULT_RETRY.with_timeout(120.0)  # s; after that it is the scheduler's turn


class GcsObjectStore:
    """See `stores.ports.ObjectStore`."""

    def __init__(self, bucket: storage.Bucket):
        self._bucket = bucket

    @classmethod
    def connect(cls, bucket: str, client: storage.Client | None = None) -> "GcsObjectStore":
        with _faults(bucket):
            return cls((client or storage.Client()).bucket(bucket))

    def put_file(self, name: str, path: Path) -> ObjectInfo:
        def upload(blob: storage.Blob) -> None:
            blob.upload_from_filename(str(path), if_generation_match=0, checksum="crc32c", timeout=_TIMEOUT_S)

        with _faults(name):
            return self._put(name, upload, checksums.of_file(path), path.stat().st_size)

    def put_bytes(self, name: str, data: bytes) -> ObjectInfo:
        def upload(blob: storage.Blob) -> None:
            blob.upload_from_string(
                data, "application/octet-stream", if_generation_match=0, checksum="crc32c", timeout=_TIMEOUT_S
            )

        with _faults(name):
            return self._put(name, upload, checksums.of_bytes(data), len(data))

    def get_bytes(self, name: str, *, cap_bytes: int) -> bytes:
        with _faults(name):
            blob = self._found(name, cap_bytes)
            return blob.download_as_bytes(if_generation_match=blob.generation, checksum="crc32c", timeout=_TIMEOUT_S)

    def download(self, name: str, path: Path, *, cap_bytes: int) -> ObjectInfo:
        with _faults(name):
            blob = self._found(name, cap_bytes)
            write_whole(
                path,
                lambda file: blob.download_to_file(
                    file, if_generation_match=blob.generation, checksum="crc32c", timeout=_TIMEOUT_S
                ),
            )
            if checksums.of_file(path) != blob.crc32c:
                path.unlink()
                raise StoreFault(f"{name} arrived with another checksum than the store holds")
            return _info(blob)

    def exists(self, name: str) -> bool:
        with _faults(name):
            return self._get(name) is not None

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        if prefix.rpartition("/")[0]:
            check_name(prefix.rpartition("/")[0])
        with _faults(prefix):
            found = list(self._bucket.client.list_blobs(self._bucket, prefix=prefix, timeout=_TIMEOUT_S))
        yield from sorted((_info(b) for b in found), key=lambda info: info.name)

    def destroy(self, name: str) -> None:
        with _faults(name):
            blob = self._get(check_key_name(name))
            if blob is not None:
                blob.delete(if_generation_match=blob.generation, timeout=_TIMEOUT_S)

    def _put(self, name: str, upload: Callable[[storage.Blob], None], crc32c: str, size: int) -> ObjectInfo:
        """The store's precondition decides a race; looking first spares the bytes, and serves stores without it."""
        if self._get(name) is None:
            with suppress(api.PreconditionFailed):  # another writer was first; compare below
                upload(self._bucket.blob(check_name(name), chunk_size=_CHUNK_BYTES))
        blob = self._get(name)
        if blob is None:
            raise StoreFault(f"{name} was written but is not there")
        if (blob.crc32c, blob.size) != (crc32c, size):
            raise other_content(name)
        return _info(blob)

    def _get(self, name: str) -> storage.Blob | None:
        return self._bucket.get_blob(check_name(name), timeout=_TIMEOUT_S, retry=_RETRY)

    def _found(self, name: str, cap_bytes: int) -> storage.Blob:
        blob = self._get(name)
        if blob is None:
            raise missing(name)
        if blob.size > cap_bytes:
            raise over_cap(name, blob.size, cap_bytes)
        return blob


def _info(blob: storage.Blob) -> ObjectInfo:
    return ObjectInfo(name=blob.name, size=blob.size, crc32c=blob.crc32c, generation=str(blob.generation))


@contextmanager
def _faults(name: str) -> Iterator[None]:
    try:
        yield
    except (api.Forbidden, api.Unauthorized, auth.GoogleAuthError) as e:
        raise NotAllowed(f"the object store does not let this service reach {name} ({type(e).__name__})") from e
    except (api.GoogleAPIError, InvalidResponse, DataCorruption, requests.RequestException, OSError) as e:
        raise StoreFault(f"the object store could not serve {name} ({type(e).__name__})") from e
