"""An audit log in several files, for a log that grows for ever: one chain through all of them.

A part is named after the number of its first event, `000000000001.jsonl` the first. The part after it begins with the
hash with which it ends, so parts can neither be changed nor taken out of the middle unseen. The oldest may be moved
elsewhere, whole and in their order: the chain then begins with the oldest that is here.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from cleanroom.contracts.audit_chain import START, AuditPlace, broken, parse_line
from cleanroom.contracts.messages import AuditEvent
from cleanroom.contracts.whole_files import sync_directory, taking_turns
from cleanroom.errors import StoreFault
from cleanroom.stores.audit_file import AuditFile
from cleanroom.vocabulary.both import Both

_DIGITS, _SUFFIX = 12, ".jsonl"


class AuditParts:
    """In a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder

    def append_all(self, events: Sequence[AuditEvent], *, part_bytes: int) -> AuditPlace:
        """All in one part, durable when it returns; the place of the last. A part that has `part_bytes` by now is
        followed by the next. A killed writer leaves the first of the events or none. Raises StoreFault, AuditBroken."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with taking_turns(self.folder):
                return AuditFile(*self._open_part(part_bytes)).append_all(events)
        except OSError as e:
            raise StoreFault(
                f"the audit log could not be written ({type(e).__name__})", zh=f"稽核紀錄無法寫入（{type(e).__name__}）"
            ) from e

    def last_event(self) -> AuditEvent | None:
        """Read from the end, without checking the chain."""
        last = (AuditFile(path).last_event() for path in reversed(self._paths()))
        return next((event for event in last if event is not None), None)

    def events(self) -> Iterator[AuditEvent]:
        for path in self._paths():
            yield from AuditFile(path).events()

    def verify(self) -> tuple[int, AuditPlace]:
        """Recompute the whole chain. Returns the first event's number, 1 unless older parts are elsewhere, and the
        head. Raises AuditBroken that names the part and the first bad event."""
        paths = self._paths()
        place = _before(paths[0]) if paths else START
        first = place.sequence + 1
        for path in paths:
            if _first_in(path) != place.sequence + 1:
                first = place.sequence + 1
                said = Both(f"event {first} and others before this part are gone", f"此段之前第 {first} 筆等事件遺失")
                raise broken(said, name=path.name, row=1)
            place = AuditFile(path, place).verify()
        return first, place

    def _open_part(self, part_bytes: int) -> tuple[Path, AuditPlace]:
        """The part that grows, and the last event before it or in it. The newest may have none yet: then the writer
        that began it was killed."""
        paths = self._paths()
        heads = ((path, AuditFile(path).head()) for path in reversed(paths))
        held, before = next(((path, head) for path, head in heads if head != START), (None, START))
        if paths and (paths[-1] != held or held.stat().st_size < part_bytes):
            return paths[-1], before
        fresh = self.folder / f"{before.sequence + 1:0{_DIGITS}d}{_SUFFIX}"
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT, 0o600))
        sync_directory(self.folder)
        return fresh, before

    def _paths(self) -> list[Path]:
        """In the order of their events."""
        return sorted(path for path in self.folder.glob("*" + _SUFFIX) if path.stem.isdecimal())


def _first_in(path: Path) -> int:
    return int(path.stem)


def _before(path: Path) -> AuditPlace:
    """What the oldest part follows: by its own first line where older ones are elsewhere."""
    line = parse_line(next(AuditFile(path).lines(), b""))
    return START if line is None or _first_in(path) == 1 else AuditPlace(line.sequence - 1, line.prev)
