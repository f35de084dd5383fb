"""An append-only audit log in one file: canonical JSON lines, each chained to the one before by its hash.

    hash(n) = SHA-256(AUDIT_DOMAIN + canonical {"event", "prev", "sequence"}),  prev(1) = 64 zeros

A line counts once its newline is on disk. What a killed writer left after the last newline was never acknowledged
and is cut off by the next append. Receipts carry sequence and hash, so that participants witness the chain.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cleanroom.contracts.canonical import AUDIT_DOMAIN, canonical_bytes, parse_canonical
from cleanroom.contracts.messages import AuditEvent
from cleanroom.errors import AuditBroken, CleanroomError, StoreFault, Where

GENESIS = "0" * 64
_TAIL_BYTES = 1024 * 1024  # longer than any line


@dataclass(frozen=True)
class AuditPlace:
    """Where an event stands: 1-based sequence and the chain's hash up to and including it."""

    sequence: int
    hash: str


@dataclass(frozen=True)
class _Line:
    place: AuditPlace
    event: dict


class AuditFile:
    def __init__(self, path: Path):
        self._path = path

    def append(self, event: AuditEvent) -> AuditPlace:
        """Durable when it returns. Processes take turns by a lock on the file. Raises StoreFault, AuditBroken."""
        try:
            with self._locked() as file:
                return _append(file, event.model_dump(mode="json"))
        except OSError as e:
            raise StoreFault(f"the audit log could not be written ({type(e).__name__})") from e

    def last(self, subject: str, *, verb: str | None = None) -> tuple[AuditPlace, AuditEvent] | None:
        """The latest event about `subject`, of any verb or of this one."""
        found = None
        for line in self._lines():
            if line.event["subject"] == subject and verb in (None, line.event["verb"]):
                found = line
        return (found.place, AuditEvent.model_validate(found.event)) if found else None

    def events(self) -> Iterator[AuditEvent]:
        for line in self._lines():
            yield AuditEvent.model_validate(line.event)

    def verify(self) -> AuditPlace:
        """Recompute the whole chain. Returns its head; raises AuditBroken that names the first bad line."""
        place = AuditPlace(0, GENESIS)
        for line in self._lines():
            expected = _place_after(place, line.event)
            if line.place != expected:
                raise _broken(self._path.name, place.sequence + 1)
            place = expected
        return place

    def _lines(self) -> Iterator[_Line]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if not raw.endswith(b"\n"):
                    return  # never acknowledged
                yield _parse(raw, self._path.name, number)

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file


def verify(path: Path) -> int:
    """Events in the log, after checking its whole chain. Raises AuditBroken; StoreFault where there is no log."""
    if not path.exists():
        raise StoreFault("there is no audit log here", where=Where(file=str(path)))
    return AuditFile(path).verify().sequence


def _append(file: BinaryIO, event: dict) -> AuditPlace:
    end, last = _last_line(file)
    place = _place_after(last, event)
    line = canonical_bytes({"event": event, "hash": place.hash, "prev": last.hash, "sequence": place.sequence})
    file.seek(end)
    file.truncate()
    file.write(line + b"\n")
    file.flush()
    os.fsync(file.fileno())
    return place


def _last_line(file: BinaryIO) -> tuple[int, AuditPlace]:
    """Offset after the last complete line, and that line's place."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - _TAIL_BYTES)
    file.seek(start)
    tail = file.read()
    end = tail.rfind(b"\n") + 1
    if end == 0:
        return start, AuditPlace(0, GENESIS)
    begin = tail.rfind(b"\n", 0, end - 1) + 1
    return start + end, _parse(tail[begin:end], "audit log", None).place


def _place_after(before: AuditPlace, event: dict) -> AuditPlace:
    covered = canonical_bytes({"event": event, "prev": before.hash, "sequence": before.sequence + 1})
    return AuditPlace(before.sequence + 1, hashlib.sha256(AUDIT_DOMAIN + covered).hexdigest())


def _parse(raw: bytes, name: str, number: int | None) -> _Line:
    try:
        value = parse_canonical(raw.removesuffix(b"\n"), what="a line of the audit log")
        return _Line(AuditPlace(value["sequence"], value["hash"]), value["event"])
    except (CleanroomError, json.JSONDecodeError, KeyError, TypeError):
        raise _broken(name, number) from None


def _broken(name: str, number: int | None) -> AuditBroken:
    return AuditBroken(
        "the audit log was changed here; keep the file as it is and call the auditor",
        where=Where(file=name, row=number),
        rule="audit_chain",
    )
