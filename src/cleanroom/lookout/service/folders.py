"""Where the service keeps what: one folder, which belongs to its user alone."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleanroom.contracts.whole_files import sync_directory
from cleanroom.errors import NotAllowed, SettingsInvalid, Where


@dataclass(frozen=True)
class Folders:
    """`index` and `verdicts` are written by the keeper alone, everything below `run` lives as long as the service."""

    home: Path

    @property
    def index(self) -> Path:
        return self.home / "index"

    @property
    def verdicts(self) -> Path:
        return self.home / "verdicts"

    @property
    def incoming(self) -> Path:
        """Batches of transfers that wait; complete once they have their name."""
        return self.home / "incoming"

    @property
    def refused(self) -> Path:
        """Batches that could not be taken, each with its reason beside it."""
        return self.home / "refused"

    @property
    def receipts(self) -> Path:
        return self.home / "receipts"

    @property
    def listings(self) -> Path:
        """Watch-listings as published; replaced whole."""
        return self.home / "listings.parquet"

    @property
    def ties(self) -> Path:
        """Which accounts share a holder, phone, device or platform account, as published; replaced whole."""
        return self.home / "ties.parquet"

    @property
    def proposals(self) -> Path:
        """Accounts proposed for release, a file for each time that listings were lifted."""
        return self.home / "proposals"

    @property
    def clients(self) -> Path:
        """Who may ask, with their bearer tokens."""
        return self.home / "clients.json"

    @property
    def access(self) -> Path:
        """What workers wrote down of their answers, before the keeper chains it."""
        return self.home / "access"

    @property
    def access_log(self) -> Path:
        """Every answer about an account, chained like the room's audit log, in parts."""
        return self.home / "access-log"

    @property
    def access_key(self) -> Path:
        """Key of the digests that stand for accounts in the access log."""
        return self.home / "access.key"

    @property
    def synced(self) -> Path:
        """Which published files were taken last."""
        return self.home / "synced.json"

    @property
    def outdated(self) -> Path:
        """Why the index must be built anew, while it must; see `rebuilding`."""
        return self.home / "outdated.json"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def metrics(self) -> Path:
        return self.run / "metrics"

    @property
    def bytecode(self) -> Path:
        return self.home / "bytecode"

    @property
    def lock(self) -> Path:
        return self.run / "serving.lock"

    @property
    def keeper_state(self) -> Path:
        return self.run / "keeper.json"

    @property
    def supervisor_state(self) -> Path:
        return self.run / "supervisor.json"

    def make(self) -> None:
        """With owner-only rights. Raises SettingsInvalid where another user's folder is in the way."""
        for place in (
            self.home,
            self.incoming,
            self.refused,
            self.receipts,
            self.access,
            self.bytecode,
            self.run,
            self.metrics,
        ):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self.home.stat()
        if status.st_uid != os.getuid() or status.st_mode & 0o022:
            raise SettingsInvalid(
                f"others may write to {self.home}, and whoever does decides what is answered; "
                "give it to this user alone (chmod 700)",
                zh=f"他人可寫入 {self.home}，因而可左右查詢結果；請限由本使用者存取（chmod 700）",
            )


@contextmanager
def alone(folders: Folders) -> Iterator[None]:
    """Raises NotAllowed where another process serves from this folder."""
    with folders.lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotAllowed(
                "this folder is served already; `cleanroom lookout status` says by whom",
                zh="此資料夾已有服務；可以 cleanroom lookout status 查詢",
                where=Where(file=str(folders.home)),
            ) from None
        yield


def write_whole(path: Path, content: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """The file has the old content or the new one, never a part. `durable`: on disk when this returns."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.part")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    os.replace(fresh, path)
    if durable:
        sync_directory(path.parent)


def read_state(path: Path) -> dict[str, Any]:
    """A state file of `run`; empty where nobody wrote it yet."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}


def url_of(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
