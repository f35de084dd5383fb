"""institution.json, as it lies in the folder: after a first byte of 1 edits of a good one, else bytes."""

import json
import tempfile
from pathlib import Path

from tests.fuzz.edits import edited
from tests.fuzz.running import OneInput, main

FORM = {"format": "csv", "encoding": "utf-8", "calendar": "gregorian", "timezone": "Asia/Taipei"}
GOOD = {
    "institution": "822",
    "sector": "bank",
    "specification_version": 1,
    "period": {"from": "2025-04-01", "to": "2025-04-30"},
    "files": {"transfers": FORM},
}
EDITS = b"\1"
SEEDS = [
    EDITS,
    json.dumps(GOOD).encode(),
    json.dumps({**GOOD, "files": {"accounts": {**FORM, "encoding": "cp950", "calendar": "roc"}}}).encode("utf-8-sig"),
    json.dumps({**GOOD, "files": {"transfers": {**FORM, "timezone": "../../etc/passwd"}}}).encode(),
    json.dumps({**GOOD, "files": {"../transfers": FORM}}).encode(),
    json.dumps({**GOOD, "period": {"from": "0001-01-01", "to": "9999-12-31"}}).encode(),
    json.dumps(GOOD).encode("utf-16"),
    b'{"institution": "822", "institution": "808"}',
    b"[" * 20_000,
    b"9" * 20_000,
    b'{"institution": NaN}',
    EDITS + bytes([2, 0, 7, 9, 0, 40]),
]
FOUND: list[bytes] = []
WORDS = ["institution", "period", "files", "transfers", "query_file", "query", "..", "/", "null", "1e400", *FORM]


def target() -> OneInput:
    from cleanroom.sealing.folder import read_folder

    folder = Path(tempfile.mkdtemp(prefix="fuzz-declaration-"))
    (folder / "transfers.csv").write_bytes(b"x")

    def one_input(data: bytes) -> bool:
        raw = edited(GOOD, data[1:]) if data[:1] == EDITS else data
        (folder / "institution.json").write_bytes(raw)
        found = read_folder(folder, institution="822")
        assert all(f.path.parent == folder for f in found.files), "a file outside the folder"
        return bool(found.files)

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND, WORDS)
