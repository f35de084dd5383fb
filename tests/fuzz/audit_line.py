"""An audit log's file, as somebody with the room's disk may leave it: it verifies, or its first bad event is named."""

import tempfile
from pathlib import Path

from tests.fuzz.running import OneInput, main

EDITS = b"\1"
SEEDS = [
    EDITS,
    EDITS + bytes([0, 30, 2]),
    EDITS + bytes([2, 0, 34]),
    b'{"event":{}}\n',
    b"\n",
    b"\xff\n",
    b"{" * 500 + b"\n",
]
FOUND: list[bytes] = []
WORDS = ["event", "hash", "prev", "sequence", "\\n", "null"]


def target() -> OneInput:
    from datetime import UTC, datetime

    from cleanroom.contracts.messages import AuditEvent
    from cleanroom.stores.audit_file import AuditFile
    from tests.fuzz.part import changed

    folder = Path(tempfile.mkdtemp())
    log = AuditFile(folder / "good.jsonl")
    for number in range(5):
        at = datetime(2025, 5, 1, 0, number, tzinfo=UTC)
        log.append(AuditEvent(at=at, actor="room", verb="tried", subject="s", detail={"n": number, "what": "é"}))
    good = (folder / "good.jsonl").read_bytes()
    tried = folder / "tried.jsonl"

    def one_input(data: bytes) -> bool:
        raw = changed(good, data[1:]) if data[:1] == EDITS else data
        tried.write_bytes(raw)
        found = AuditFile(tried).verify()
        if data[:1] == EDITS and found.sequence == 5:
            assert raw == good, "a changed log verifies"
        return raw == good

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND, WORDS)
