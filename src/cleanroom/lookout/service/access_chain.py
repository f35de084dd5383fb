"""The keeper's side of the access log: lines of all workers, chained, each exactly once."""

import fcntl
import os
from pathlib import Path

import msgspec

from cleanroom.contracts.messages import AuditEvent
from cleanroom.lookout.service.access import CLOSED, OPEN, Access
from cleanroom.lookout.service.folders import Folders
from cleanroom.stores.audit_parts import AuditParts

_FILE, _LINE = "file", "line"  # in an event's detail: where the line came from


def chain(folders: Folders, *, part_bytes: int) -> int:
    """Chain what workers have handed over and what dead workers left. Returns the number of events.
    `part_bytes`: of AuditParts.

    Killed anywhere, the next call goes on after the last chained line: the log's last event says which one that was.
    Raises StoreFault, AuditBroken.
    """
    log, count = AuditParts(folders.access_log), 0
    for path in _complete(folders.access):
        events = _events(path)[_chained_of(path, log) :]
        if events:
            log.append_all(events, part_bytes=part_bytes)
        path.unlink()
        count += len(events)
    return count


def _complete(folder: Path) -> list[Path]:
    """In the order in which they were begun."""
    found = [Path(entry.path) for entry in os.scandir(folder) if entry.name.endswith((OPEN, CLOSED))]
    return sorted(path for path in found if path.suffix == CLOSED or _is_left_behind(path))


def _is_left_behind(path: Path) -> bool:
    """Its writer's lock went with the writer."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return False
    return path.exists()  # a writer that lives renames before it lets go


def _events(path: Path) -> list[AuditEvent]:
    """A last line without its end was never answered."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return [_event(path.stem, number, line) for number, line in enumerate(lines, 1)]


def _event(file: str, number: int, line: bytes) -> AuditEvent:
    access = msgspec.json.decode(line, type=Access)
    detail = access.detail | {_FILE: file, _LINE: number}
    return AuditEvent(at=access.at, actor=access.actor, verb=access.verb, subject=access.subject, detail=detail)


def _chained_of(path: Path, log: AuditParts) -> int:
    """How many lines of the file stand in the log already: none, unless it was the last one that was chained."""
    last = log.last_event()
    return last.detail[_LINE] if last is not None and last.detail.get(_FILE) == path.stem else 0
