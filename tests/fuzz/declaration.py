"""institution.json, as it lies in the folder of clear files."""

import json
import tempfile
from pathlib import Path

from tests.fuzz.running import OneInput, main

FORM = {"format": "csv", "encoding": "utf-8", "calendar": "gregorian", "timezone": "Asia/Taipei"}
GOOD = {
    "institution": "822",
    "sector": "bank",
    "specification_version": 1,
    "period": {"from": "2025-04-01", "to": "2025-04-30"},
    "files": {"transfers": FORM},
}
SEEDS = [
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
]
FOUND: list[bytes] = []


def target() -> OneInput:
    from cleanroom.sealing.folder import read_folder

    folder = Path(tempfile.mkdtemp(prefix="fuzz-declaration-"))
    for name in ("transfers.csv", "accounts.csv", "transfers.parquet"):
        (folder / name).write_bytes(b"x")

    def one_input(data: bytes) -> bool:
        (folder / "institution.json").write_bytes(data)
        found = read_folder(folder, institution="822")
        assert all(f.path.parent == folder for f in found.files), "a file outside the folder"
        return bool(found.files)

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND)
