"""Write-once objects in Google Cloud Storage: generation match, resumable uploads, CRC-32C at both ends.

Two buckets. What participants and room hand each other lies in the first, whose retention policy lets nobody change or
remove it. Submissions' keys lie in the second, `<first>-keys`, which keeps nothing that was deleted: destroying a key
must destroy it. The client finds its credentials by itself (workload identity in production; none where
STORAGE_EMULATOR_HOST is set).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.adapters import HTTPAdapter

from cleanroom.contracts.manifest import KEYS
from cleanroom.contracts.whole_files import write_whole
from cleanroom.errors import NotAllowed, SettingsInvalid, StoreFault
from cleanroom.stores import checksums, gcs_upload
from cleanroom.stores.object_names import check_key_name, check_name, missing, other_content, over_cap
from cleanroom.stores.ports import ObjectInfo
from cleanroom.stores.trust import trust_of

_TIMEOUT_S = gcs_upload.TIMEOUT_S
_RETRY = DEFAULT_RETRY.with_timeout(120.0)  # s; after that it is the scheduler's turn
_KEYS_PREFIX = f"{KEYS}/"


class GcsObjectStore:
    """See `stores.ports.ObjectStore`."""

    def __init__(self, bucket: storage.Bucket, keys: storage.Bucket):
        self._exchange, self._keys = bucket, keys

    @classmethod
    def connect(cls, bucket: str, client: storage.Client | None = None, *, ca_file: Path | None = None):
        trust_of(ca_file)  # says what is wrong with the file
        with _faults(bucket):
            client = client or storage.Client()
            if ca_file:
                client._http.mount("https://", _Believing(ca_file))
            return cls(client.bucket(bucket), client.bucket(f"{bucket}-{KEYS}"))

    def put_file(self, name: str, path: Path, *, progress: Callable[[int], None] | None = None) -> ObjectInfo:
        size, tell = path.stat().st_size, progress or _untold

        def upload(blob: storage.Blob, crc32c: str) -> None:
            if size > gcs_upload.CHUNK_BYTES:
                gcs_upload.send(blob, path, crc32c=crc32c, progress=tell)
            else:
                blob.upload_from_filename(
                    str(path), if_generation_match=0, checksum="crc32c", timeout=_TIMEOUT_S, retry=_RETRY
                )

        with _faults(name):
            info = self._put(name, upload, checksums.of_file(path), size)
        tell(size)
        return info

    def put_bytes(self, name: str, data: bytes) -> ObjectInfo:
        def upload(blob: storage.Blob, _: str) -> None:
            blob.upload_from_string(
                data,
                "application/octet-stream",
                if_generation_match=0,
                checksum="crc32c",
                timeout=_TIMEOUT_S,
                retry=_RETRY,
            )

        with _faults(name):
            return self._put(name, upload, checksums.of_bytes(data), len(data))

    def get_bytes(self, name: str, *, cap_bytes: int) -> bytes:
        with _faults(name):
            blob = self._found(name, cap_bytes)
            return blob.download_as_bytes(
                if_generation_match=blob.generation, checksum="crc32c", timeout=_TIMEOUT_S, retry=_RETRY
            )

    def download(self, name: str, path: Path, *, cap_bytes: int) -> ObjectInfo:
        with _faults(name):
            blob = self._found(name, cap_bytes)
            write_whole(
                path,
                lambda file: blob.download_to_file(
                    file, if_generation_match=blob.generation, checksum="crc32c", timeout=_TIMEOUT_S, retry=_RETRY
                ),
            )
            if checksums.of_file(path) != blob.crc32c:
                path.unlink()
                raise StoreFault(
                    f"{name} arrived with another checksum than the store holds", zh=f"{name} 之檢查碼與儲存者不同"
                )
            return _info(blob)

    def exists(self, name: str) -> bool:
        with _faults(name):
            return self._get(name) is not None

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        if prefix.rpartition("/")[0]:
            check_name(prefix.rpartition("/")[0])
        in_keys, elsewhere = _KEYS_PREFIX.startswith(prefix[: len(_KEYS_PREFIX)]), not prefix.startswith(_KEYS_PREFIX)
        buckets = [self._keys] * in_keys + [self._exchange] * elsewhere
        with _faults(prefix):
            found = [blob for bucket in buckets for blob in self._listed(bucket, prefix)]
        yield from sorted((_info(b) for b in found), key=lambda info: info.name)

    def destroy(self, name: str) -> None:
        """Raises SettingsInvalid where the bucket would keep what is deleted: then nothing would be destroyed."""
        with _faults(name):
            blob = self._get(check_key_name(name))
            if blob is not None:
                self._check_forgetful()
                blob.delete(if_generation_match=blob.generation, timeout=_TIMEOUT_S, retry=_RETRY)

    def _check_forgetful(self) -> None:
        self._keys.reload(timeout=_TIMEOUT_S, retry=_RETRY)
        kept = self._keys.soft_delete_policy.retention_duration_seconds
        if kept or self._keys.versioning_enabled or self._keys.retention_period:
            raise SettingsInvalid(
                f"the bucket {self._keys.name} keeps what is deleted (soft delete, versions or retention); the "
                "platform administrator switches that off, as in infra/terraform/buckets.tf",
                zh=f"儲存桶 {self._keys.name} 會保留已刪除之物件（軟刪除、版本或保留政策）；"
                "請平台管理員依 infra/terraform/buckets.tf 關閉",
                rule="destroy",
            )

    def _listed(self, bucket: storage.Bucket, prefix: str) -> Iterator[storage.Blob]:
        return bucket.client.list_blobs(bucket, prefix=prefix, timeout=_TIMEOUT_S, retry=_RETRY)

    def _put(self, name: str, upload: Callable[[storage.Blob, str], None], crc32c: str, size: int) -> ObjectInfo:
        """The store's precondition decides a race; looking first spares the bytes, and serves stores without it."""
        if self._get(name) is None:
            with suppress(api.PreconditionFailed):  # another writer was first; compare below
                upload(self._bucket(name).blob(check_name(name)), crc32c)
        blob = self._get(name)
        if blob is None:
            raise StoreFault(f"{name} was written but is not there", zh=f"{name} 已寫入卻不存在")
        if (blob.crc32c, blob.size) != (crc32c, size):
            raise other_content(name)
        return _info(blob)

    def _bucket(self, name: str) -> storage.Bucket:
        return self._keys if name.startswith(_KEYS_PREFIX) else self._exchange

    def _get(self, name: str) -> storage.Blob | None:
        return self._bucket(name).get_blob(check_name(name), timeout=_TIMEOUT_S, retry=_RETRY)

    def _found(self, name: str, cap_bytes: int) -> storage.Blob:
        blob = self._get(name)
        if blob is None:
            raise missing(name)
        if blob.size > cap_bytes:
            raise over_cap(name, blob.size, cap_bytes)
        return blob


class _Believing(HTTPAdapter):
    """Of requests: a session's own `verify` gives way to REQUESTS_CA_BUNDLE, and our setting must not."""

    def __init__(self, ca_file: Path):
        super().__init__()
        self._ca_file = str(ca_file)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        return super().send(request, **{**options, "verify": self._ca_file})


def _untold(_: int) -> None:
    """Nobody looks."""


def _info(blob: storage.Blob) -> ObjectInfo:
    return ObjectInfo(name=blob.name, size=blob.size, crc32c=blob.crc32c, generation=str(blob.generation))


@contextmanager
def _faults(name: str) -> Iterator[None]:
    try:
        yield
    except auth.TransportError as e:
        raise StoreFault(
            f"the object store could not serve {name} (no way to the token service)",
            zh=f"物件儲存無法提供 {name}（無法連線至權杖服務）",
        ) from e
    except (api.Forbidden, api.Unauthorized, auth.GoogleAuthError) as e:
        raise NotAllowed(
            f"the object store does not let this service reach {name} ({type(e).__name__})",
            zh=f"物件儲存不允許此服務存取 {name}（{type(e).__name__}）",
        ) from e
    except (api.GoogleAPIError, InvalidResponse, DataCorruption, requests.RequestException, OSError) as e:
        raise StoreFault(
            f"the object store could not serve {name} ({type(e).__name__})",
            zh=f"物件儲存無法提供 {name}（{type(e).__name__}）",
        ) from e
