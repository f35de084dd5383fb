"""The room's own copy of every checkpoint that it signed, beside its log: what it must never contradict.

One file for each log, one canonical line for each checkpoint, each durable before it is published anywhere. A last
line without its newline was never published and is cut off by the next.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cleanroom.contracts.checkpoints import AuditLog, SignedCheckpoint, read_document
from cleanroom.contracts.whole_files import taking_turns
from cleanroom.errors import AuditBroken, CleanroomError, StoreFault, Where
from cleanroom.vocabulary.both import Both

_TAIL_BYTES = 64 * 1024  # longer than any line


class KeptCheckpoints:
    def __init__(self, folder: Path, log: AuditLog):
        self.path = folder / f"{log}.jsonl"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time makes checkpoints of a log."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with taking_turns(self.path):
            yield

    def last(self) -> SignedCheckpoint | None:
        raws = self._tail()[1].splitlines()
        return self._parsed(raws[-1]) if raws else None

    def all(self) -> list[SignedCheckpoint]:
        end, _ = self._tail()
        if not end:
            return []
        with self.path.open("rb") as file:
            return [self._parsed(raw) for raw in file.read(end).splitlines()]

    def append(self, signed: SignedCheckpoint) -> None:
        """Durable when it returns. Call while `locked`."""
        end, _ = self._tail()
        try:
            with self.path.open("r+b") as file:
                file.truncate(end)
                file.seek(end)
                file.write(signed.to_bytes() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as e:
            raise StoreFault(
                f"the checkpoint could not be written ({type(e).__name__})", zh=f"檢查點無法寫入（{type(e).__name__}）"
            ) from e

    def _tail(self) -> tuple[int, bytes]:
        """Offset after the last whole line, and what stands before it: at least that line."""
        if not self.path.exists():
            return 0, b""
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = max(0, size - _TAIL_BYTES)
            file.seek(start)
            raw = file.read()
        whole = raw[: raw.rfind(b"\n") + 1]
        return start + len(whole), whole

    def _parsed(self, raw: bytes) -> SignedCheckpoint:
        try:
            return read_document(SignedCheckpoint, raw, what=Both("a kept checkpoint", "所存檢查點"))
        except CleanroomError:
            raise AuditBroken(
                "the room's own checkpoints were changed; keep the file as it is and call the auditor",
                zh="無塵室自存之檢查點遭變更；請保持檔案原狀並通知稽核人員",
                where=Where(file=self.path.name),
                rule="audit_checkpoints",
            ) from None
