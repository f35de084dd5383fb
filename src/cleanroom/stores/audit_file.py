"""An append-only audit log in one file, in the form of contracts.audit_chain.

A line counts once its newline is on disk. What a killed writer left after the last newline was never acknowledged
and is cut off by the next append. Receipts carry sequence and hash, so that participants witness the chain.
"""

import fcntl
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from cleanroom.contracts.audit_chain import START, AuditPlace, Line, broken, line_after, parse_line, walk
from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.contracts.messages import AuditEvent
from cleanroom.errors import NotFound, StoreFault, Where
from cleanroom.vocabulary.both import Both

_TAIL_BYTES = 1024 * 1024  # longer than any line


class AuditFile:
    """`start`: what its first event follows, where the log goes on from another file."""

    def __init__(self, path: Path, start: AuditPlace = START):
        self.path, self.start = path, start

    def append(self, event: AuditEvent) -> AuditPlace:
        """Durable when it returns. Processes take turns by a lock on the file. Raises StoreFault, AuditBroken."""
        return self.append_all([event])

    def append_all(self, events: Sequence[AuditEvent]) -> AuditPlace:
        """In this order and with one write to disk; the place of the last. A killed writer leaves the first of them
        or none. Raises StoreFault, AuditBroken."""
        contents = [canonical_bytes(event.model_dump(mode="json")) for event in events]
        try:
            with self._locked() as file:
                return _append(file, contents, self.start)
        except OSError as e:
            raise StoreFault(
                f"the audit log could not be written ({type(e).__name__})",
                zh=f"稽核紀錄無法寫入（{type(e).__name__}）",
            ) from e

    def last(self, subject: str, *, verb: str | None = None) -> tuple[AuditPlace, AuditEvent] | None:
        """The latest event about `subject`, of any verb or of this one."""
        named, found = canonical_bytes(subject), None
        for number, raw in enumerate(self.lines(), 1):
            if named not in raw:
                continue
            line, event = self._parsed(raw, number)
            if event.subject == subject and verb in (None, event.verb):
                found = AuditPlace(line.sequence, line.hash), event
        return found

    def events(self) -> Iterator[AuditEvent]:
        for number, raw in enumerate(self.lines(), 1):
            yield self._parsed(raw, number)[1]

    def lines(self) -> Iterator[bytes]:
        """Every acknowledged line, as it stands in the file."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            yield from (raw for raw in file if raw.endswith(b"\n"))

    def lines_from(self, sequence: int) -> list[bytes]:
        """The lines from this event on, found from the end of the file; empty where the log is shorter."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            end, last = _last_line(file, self.start)
            wanted = last.sequence - sequence + 1
            return _tail(file, end, wanted) if wanted > 0 else []

    def head(self) -> AuditPlace:
        """The place of the latest event, read from the end of the file without checking the chain."""
        if not self.path.exists():
            return self.start
        with self.path.open("rb") as file:
            return _last_line(file, self.start)[1]

    def last_event(self) -> AuditEvent | None:
        """The latest event, read from the end of the file without checking the chain."""
        head = self.head()
        return self._parsed(self.lines_from(head.sequence)[-1], head.sequence)[1] if head != self.start else None

    def hash_at(self, sequence: int) -> str:
        """The hash that stands at one event. Raises NotFound."""
        line = parse_line(next(islice(self.lines(), max(sequence - 1, 0), None), b""))
        if line is None or line.sequence != sequence:
            raise NotFound(
                "the log has no such event", zh="稽核紀錄無此事件", where=Where(file=self.path.name, row=sequence)
            )
        return line.hash

    def verify(self) -> AuditPlace:
        """Recompute the whole chain. Returns its head; raises AuditBroken that names the first bad event."""
        place = self.start
        for place in walk(self.lines(), name=self.path.name, before=self.start):  # noqa: B007 - the last one is the answer
            pass
        return place

    def _parsed(self, raw: bytes, number: int) -> tuple[Line, AuditEvent]:
        line = parse_line(raw)
        if line is None:
            said = Both(f"line {number} is not written as this log writes", f"第 {number} 行非本紀錄之寫法")
            raise broken(said, name=self.path.name, row=number)
        try:
            return line, AuditEvent.model_validate_json(line.event)
        except ValidationError:
            said = Both(f"event {number} is no event", f"第 {number} 筆非事件")
            raise broken(said, name=self.path.name, row=number) from None

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file


def verify(path: Path) -> int:
    """Events in the log, after checking its whole chain. Raises AuditBroken; StoreFault where there is no log."""
    if not path.exists():
        raise StoreFault("there is no audit log here", zh="此處無稽核紀錄", where=Where(file=str(path)))
    return AuditFile(path).verify().sequence


def _append(file: BinaryIO, events: Sequence[bytes], start: AuditPlace) -> AuditPlace:
    end, place = _last_line(file, start)
    lines = []
    for event in events:
        place, line = line_after(event, place)
        lines.append(line)
    file.seek(end)
    file.truncate()
    file.write(b"".join(lines))
    file.flush()
    os.fsync(file.fileno())
    return place


def _last_line(file: BinaryIO, start: AuditPlace) -> tuple[int, AuditPlace]:
    """Offset after the last complete line, and that line's place; `start` where there is none. Raises AuditBroken for a
    line of another form."""
    size = file.seek(0, os.SEEK_END)
    offset = max(0, size - _TAIL_BYTES)
    file.seek(offset)
    tail = file.read()
    end = tail.rfind(b"\n") + 1
    if end == 0:
        return offset, start
    line = parse_line(tail[tail.rfind(b"\n", 0, end - 1) + 1 : end])
    if line is None:
        said = Both("its last line is not written as this log writes", "末行非本紀錄之寫法")
        raise broken(said, name="audit log", row=None)
    return offset + end, AuditPlace(line.sequence, line.hash)


def _tail(file: BinaryIO, end: int, count: int) -> list[bytes]:
    """The last `count` lines before `end`, read backwards in blocks."""
    blocks, start, newlines = [], end, 0
    while start > 0 and newlines <= count:
        step = min(_TAIL_BYTES, start)
        start -= step
        file.seek(start)
        blocks.append(file.read(step))
        newlines += blocks[-1].count(b"\n")
    return io.BytesIO(b"".join(reversed(blocks))).readlines()[-count:]
