"""A signed checkpoint or a cosignature, as whoever can write to the object store may leave it.

The first byte chooses: 0 and 1 edit a good checkpoint or cosignature, 2 and 3 are their bytes as they come.
"""

from cleanroom.vocabulary.both import Both
from tests.fuzz.edits import edited
from tests.fuzz.running import OneInput, main

CHECKPOINT = {
    "at": "2025-05-01T00:00:00Z",
    "checkpoint_version": 1,
    "log": "room-log",
    "root": "ab" * 32,
    "size": 9,
}
SIGNED = {"checkpoint": CHECKPOINT, "signature": "AAAA", "signing_kid": "k"}
COSIGNED = {**SIGNED, "at": "2025-05-01T00:01:00Z", "participant": "808"}
SEEDS = [b"\0", b"\1", b"\0\0\0\3", b"\1\2\0\11", b"\2{}", b"\3{}", b"\2\xff", b"\3" + b"[" * 5000, b""]
FOUND = [b"\0\3\0\1"]  # `true` for the version 1: another spelling of the same document
WORDS = [*COSIGNED, *CHECKPOINT, "portal-log", "null", "1e5"]


def target() -> OneInput:
    from cleanroom.contracts.checkpoints import Cosignature, SignedCheckpoint, read_document

    kinds = (SignedCheckpoint, SIGNED), (Cosignature, COSIGNED)

    def one_input(data: bytes) -> bool:
        choice = data[0] % 4 if data else 2
        kind, good = kinds[choice % 2]
        raw = data[1:] if choice > 1 else edited(good, data[1:])
        read = read_document(kind, raw, what=Both("the document", "文件"))
        assert read.to_bytes() == raw, "it does not come out as it went in"
        return bool(read.covered())

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND, WORDS)
