"""One resumable upload to Cloud Storage that outlives its process: the session's address lies beside the file.

Protocol: Google, "Resumable uploads" (cloud.google.com/storage/docs/resumable-uploads). The store keeps multiples of
256 KiB, tells how far it is when asked (`Content-Range: bytes */SIZE`, answer 308 with `Range`), and ignores bytes that
it has. A session lives a week; one that is gone is begun anew. Whoever holds its address may write this one object,
once, so the file is readable by its owner alone.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path

import requests
from google.auth import exceptions as auth
from google.cloud import storage

from cleanroom.contracts.whole_files import write_whole
from cleanroom.errors import NotAllowed, StoreFault

GRAIN_BYTES = 256 * 1024
CHUNK_BYTES = 32 * GRAIN_BYTES  # 8 MiB: what is sent again at most after a cut
TIMEOUT_S = (10, 60)  # to connect, and between two bytes
FIRST_PAUSE_S, LONGEST_PAUSE_S, PATIENCE_S = 0.5, 30.0, 180.0  # without a byte of progress
_SESSIONS = 3
_RESUME = HTTPStatus.PERMANENT_REDIRECT  # 308 means "go on" here
_TRANSIENT = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_CUT_OFF = (requests.RequestException, auth.TransportError)


class _SessionGone(Exception):
    """404 or 410: it expired, or was ended."""


@dataclass(frozen=True)
class _Session:
    """`uri` is good for exactly this object with exactly this content."""

    bucket: str
    name: str
    size: int
    crc32c: str
    uri: str


def session_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.upload.json")


def send(blob: storage.Blob, path: Path, *, crc32c: str, progress: Callable[[int], None]) -> None:
    """Write `path` (of that CRC-32C, base64) where no object is. Goes on where an earlier process was cut off.

    Returns as well where another writer was first: the caller compares. Raises StoreFault when nothing moved for
    PATIENCE_S, NotAllowed where the store says no."""
    note, size = session_file(path), path.stat().st_size
    for _ in range(_SESSIONS):
        session = _kept(note, blob, size, crc32c) or _begin(note, blob, size, crc32c)
        try:
            _Sending(blob.client._http, session, path, progress).finish()
        except _SessionGone:
            note.unlink(missing_ok=True)
            continue
        note.unlink(missing_ok=True)
        return
    raise StoreFault(
        f"the store gave up the upload of {blob.name} {_SESSIONS} times",
        zh=f"物件儲存已 {_SESSIONS} 次放棄上傳 {blob.name}",
    )


def _kept(note: Path, blob: storage.Blob, size: int, crc32c: str) -> _Session | None:
    """The session of an earlier process, where it is of this object and this content."""
    try:
        found = _Session(**json.loads(note.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return found if found == _Session(blob.bucket.name, blob.name, size, crc32c, found.uri) else None


def _begin(note: Path, blob: storage.Blob, size: int, crc32c: str) -> _Session:
    blob.crc32c = crc32c  # the store refuses an object whose bytes give another
    uri = blob.create_resumable_upload_session(
        content_type="application/octet-stream", size=size, checksum=None, if_generation_match=0, timeout=TIMEOUT_S
    )
    session = _Session(blob.bucket.name, blob.name, size, crc32c, uri)
    write_whole(note, lambda file: file.write(json.dumps(asdict(session)).encode()))
    return session


@dataclass
class _Sending:
    http: requests.Session
    session: _Session
    path: Path
    progress: Callable[[int], None]

    def finish(self) -> None:
        """Ask how far the store is, then chunk after chunk; after any doubt ask again."""
        pauses = _pauses()
        done, reached = None, -1
        while done != self.session.size:
            sent = done is not None
            try:
                done = self._chunk(done) if sent else self._persisted()
            except _CUT_OFF:
                done = None
            if done is not None and done > reached:
                self.progress(done)
                reached, pauses = done, _pauses()
            elif done is None or sent:
                time.sleep(next(pauses))

    def _persisted(self) -> int | None:
        return self._ask(b"", f"bytes */{self.session.size}")

    def _chunk(self, start: int) -> int | None:
        with self.path.open("rb") as file:
            file.seek(start)
            chunk = file.read(CHUNK_BYTES)
        return self._ask(chunk, f"bytes {start}-{start + len(chunk) - 1}/{self.session.size}")

    def _ask(self, body: bytes, content_range: str) -> int | None:
        """How many bytes the store has; None where it did not say."""
        response = self.http.put(
            self.session.uri,
            data=body,
            headers={"Content-Range": content_range},
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
        status = response.status_code
        if status in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.PRECONDITION_FAILED):
            return self.session.size
        if status == _RESUME:
            return _end_of(response.headers.get("Range"))
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            raise _SessionGone
        if status in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return None
        session_file(self.path).unlink(missing_ok=True)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise NotAllowed(
                f"the object store does not let this service write {self.session.name}",
                zh=f"物件儲存不允許此服務寫入 {self.session.name}",
            )
        raise StoreFault(
            f"the object store did not take {self.session.name} (status {status}); run again",
            zh=f"物件儲存未收下 {self.session.name}（狀態碼 {status}）；請重新執行",
        )


def _end_of(stated: str | None) -> int:
    """`bytes=0-262143` means 262144 bytes. Rounded down to what the store keeps; no header means nothing."""
    last = (stated or "").rpartition("-")[2]
    return (int(last) + 1) // GRAIN_BYTES * GRAIN_BYTES if last.isdigit() else 0


def _pauses() -> Iterator[float]:
    """Doubling, with jitter so that institutions do not come back together. Raises StoreFault when patience ends."""
    pause, waited = FIRST_PAUSE_S, 0.0
    while waited < PATIENCE_S:
        drawn = pause * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        waited += drawn
        yield drawn
        pause = min(pause * 2, LONGEST_PAUSE_S)
    raise StoreFault(
        "the object store did not answer for three minutes; run again, and the upload goes on",
        zh="物件儲存逾三分鐘未回應；重新執行即可接續上傳",
    )
