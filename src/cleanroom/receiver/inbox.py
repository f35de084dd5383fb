"""The institution's own record of warnings and answers: one SQLite file, durable before anything is acknowledged.

deliveries  webhook-id -> warning; the same id again is recognised
warnings    what was opened, with the institution's own account number: the file is owner-only
answers     each signed answer, `pending` until the portal took it; sent again byte for byte
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cleanroom.contracts.messages import AnswerMessage, WarningBody, WarningMessage
from cleanroom.errors import ContentTampered, StoreFault
from cleanroom.receiver.opening import Opened

FILE_NAME = "warnings.sqlite"
_TABLES = """
create table if not exists warnings (
  warning_id text primary key,
  account text not null,
  message text not null,
  body text not null,
  received_at text not null,
  way text not null check (way in ('webhook', 'pull'))
) strict;
create table if not exists deliveries (
  webhook_id text primary key,
  warning_id text not null references warnings (warning_id),
  delivered_at text not null
) strict;
create table if not exists answers (
  warning_id text not null references warnings (warning_id),
  answer text not null,
  message text not null,
  state text not null default 'pending' check (state in ('pending', 'sent', 'refused')),
  attempts integer not null default 0,
  detail text not null default '',
  primary key (warning_id, answer)
) strict;
create table if not exists marks (name text primary key, value text not null) strict;
"""


@dataclass(frozen=True)
class Stored:
    """A warning that has no answer yet."""

    message: WarningMessage
    body: WarningBody


class Inbox:
    """One connection, one lock: the receiver's threads take turns."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        path = folder / FILE_NAME
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on"):
            self._connection.execute(f"pragma {pragma}")
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def store(self, opened: Opened, *, webhook_id: str | None, way: str = "webhook") -> bool:
        """True where the warning is new. Durable when it returns. Raises ContentTampered where the same number
        arrives with other content, StoreFault where the disk does not take it."""
        message, now = opened.message.model_dump_json(), _now()
        with self._transaction() as db:
            known = db.execute("select message from warnings where warning_id = ?", [opened.message.warning_id])
            before = known.fetchone()
            if before and before[0] != message:
                raise ContentTampered(
                    "a warning of this number arrived before with other content",
                    zh="先前已收到同編號之預警，且內容不同",
                    rule="warning_id",
                )
            if not before:
                row = [opened.message.warning_id, opened.account, message, opened.body.model_dump_json(), now, way]
                db.execute("insert into warnings values (?, ?, ?, ?, ?, ?)", row)
            if webhook_id is not None:
                sql = "insert into deliveries values (?, ?, ?) on conflict do nothing"
                db.execute(sql, [webhook_id, opened.message.warning_id, now])
        return not before

    def without_answer(self) -> list[Stored]:
        sql = """select message, body from warnings where warning_id not in (select warning_id from answers)
                 order by received_at, warning_id"""
        return [
            Stored(WarningMessage.model_validate_json(message), WarningBody.model_validate_json(body))
            for message, body in self._read(sql)
        ]

    def add_answer(self, answer: AnswerMessage) -> None:
        """Written before it is sent, so that what is sent again is the very same answer."""
        with self._transaction() as db:
            sql = "insert into answers (warning_id, answer, message) values (?, ?, ?) on conflict do nothing"
            db.execute(sql, [answer.warning_id, str(answer.answer), answer.model_dump_json()])

    def pending_answers(self) -> list[AnswerMessage]:
        sql = "select message from answers where state = 'pending' order by rowid"
        return [AnswerMessage.model_validate_json(message) for (message,) in self._read(sql)]

    def mark_answer(self, answer: AnswerMessage, *, state: str, detail: str = "") -> None:
        """`pending` counts one more attempt; `sent` and `refused` are final."""
        sql = "update answers set state = ?, attempts = attempts + 1, detail = ? where warning_id = ? and answer = ?"
        with self._transaction() as db:
            db.execute(sql, [state, detail, answer.warning_id, str(answer.answer)])

    def reopen_refused(self) -> int:
        """Answers that the portal refused wait again, unchanged; returns how many."""
        with self._transaction() as db:
            return db.execute("update answers set state = 'pending' where state = 'refused'").rowcount

    def counts(self) -> dict[str, int]:
        """For the health page: warnings, and answers by state."""
        found = dict(self._read("select state, count(*) from answers group by state"))
        [(warnings,)] = self._read("select count(*) from warnings")
        return {"warnings": warnings} | {state: found.get(state, 0) for state in ("pending", "sent", "refused")}

    def mark(self, name: str) -> str | None:
        found = self._read("select value from marks where name = ?", name)
        return found[0][0] if found else None

    def set_mark(self, name: str, value: str) -> None:
        with self._transaction() as db:
            db.execute("insert into marks values (?, ?) on conflict (name) do update set value = excluded.value",
                       [name, value])  # fmt: skip

    def _read(self, sql: str, *parameters: str) -> list[tuple]:
        with self._lock, _faults():
            return self._connection.execute(sql, parameters).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _faults():
            self._connection.execute("begin immediate")
            try:
                yield self._connection
                self._connection.execute("commit")
            except BaseException:
                self._connection.execute("rollback")
                raise


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as e:
        raise StoreFault(
            f"the inbox could not be read or written ({type(e).__name__})", zh=f"收件匣無法讀寫（{type(e).__name__}）"
        ) from e


def _now() -> str:
    return datetime.now(UTC).isoformat()
