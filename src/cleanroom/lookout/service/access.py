"""Every answer about an account is written down before it is given (ADR 103).

A worker appends a line to a file of its own: it is with the operating system before the answer leaves, so a killed
process loses none; only a power failure loses those of the last second. The keeper chains the lines into the parts of
`access-log`, in the form of the room's audit log, and forces them to disk.
"""

import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cleanroom.errors import SettingsInvalid, StoreFault, Where
from cleanroom.lookout.service.folders import Folders, write_whole

KEY_BYTES = 32
ROLL_SECONDS, ROLL_LINES = 1.0, 1000
OPEN, CLOSED = ".open", ".lines"

Detail = dict[str, str | int | float | bool | None]


class Access(msgspec.Struct, frozen=True):
    """The members of an AuditEvent. `subject`: keyed digests of the accounts that were asked about."""

    at: datetime
    actor: str
    verb: str
    subject: str
    detail: Detail


class Notes:
    """A worker's own file of lines. Not for use by several threads."""

    def __init__(self, folders: Folders):
        self._folder, self._key = folders.access, access_key(folders.access_key)
        self._file: int | None = None
        self._path = Path()
        self._lines, self._since = 0, 0.0

    def write(self, *, actor: str, verb: str, accounts: Iterable[str], detail: Detail) -> None:
        """Raises StoreFault (rule `access_log`): what can't be written down is not answered."""
        subject = ",".join(digest(self._key, account) for account in accounts)
        line = msgspec.json.encode(Access(datetime.now(UTC), actor, verb, subject, detail)) + b"\n"
        try:
            if self._file is None:
                self._open()
            whole = os.write(self._file, line) == len(line)
        except OSError:
            whole = False
        if not whole:
            raise StoreFault(
                "the access could not be written down, so it is not answered",
                zh="查詢紀錄無法寫入，故不予回覆；請通知維運人員",
                rule="access_log",
            )
        self._lines += 1

    def roll(self, *, now: bool = False) -> None:
        """Hand the lines to the keeper once there are enough, or old enough."""
        old = time.monotonic() - self._since > ROLL_SECONDS or self._lines >= ROLL_LINES
        if self._file is not None and (old or now):
            os.rename(self._path, self._path.with_suffix(CLOSED))
            os.close(self._file)
            self._file = None

    def _open(self) -> None:
        self._path = self._folder / f"{time.time_ns():020d}-{os.getpid()}{OPEN}"
        unnamed = self._path.with_suffix(".new")
        self._file = os.open(unnamed, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)  # as long as it is held, its writer lives
        os.rename(unnamed, self._path)
        self._lines, self._since = 0, time.monotonic()


def digest(key: bytes, account: str) -> str:
    """Stands for an account in the log: who has the key can ask for one account, nobody can read it back."""
    return hashlib.blake2b(account.encode(), key=key, digest_size=16).hexdigest()


def access_key(path: Path) -> bytes:
    """The key of the digests. Raises SettingsInvalid where others may read it, or it is no key."""
    where = Where(file=str(path))
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.getuid() or status.st_mode & 0o077:
                raise SettingsInvalid(
                    "others may read the key of the access log; chmod 600",
                    zh="他人可讀取查詢紀錄之金鑰；請執行 chmod 600",
                    where=where,
                )
            key = file.read()
    except FileNotFoundError:
        raise SettingsInvalid(
            "there is no key of the access log; `cleanroom lookout init` makes it",
            zh="無查詢紀錄之金鑰；請以 `cleanroom lookout init` 產製",
            where=where,
        ) from None
    if len(key) != KEY_BYTES:
        raise SettingsInvalid(
            "the key of the access log is damaged; restore it from its copy",
            zh="查詢紀錄之金鑰毀損；請自備份還原",
            where=where,
        )
    return key


def make_key(path: Path) -> bool:
    """False where there is one already."""
    if path.exists():
        return False
    write_whole(path, secrets.token_bytes(KEY_BYTES))
    return True
