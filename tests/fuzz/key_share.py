"""What a key share holds once it is opened: anybody who knows an institution's public key can seal one to it."""

import tempfile
from pathlib import Path

from tests.fuzz.edits import edited
from tests.fuzz.running import OneInput, main

_ROOT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"  # 32 bytes, 0 to 31, base64url
EDITS = b"\1"
SEEDS = [
    EDITS,
    EDITS + bytes([2, 0, 18]),
    EDITS + bytes([1, 0, 39]),
    b'{"demo":true,"k1":[],"kid":{}}',
    b'{"k1":"\xff"}',
    b"[]",
    b"",
]
FOUND: list[bytes] = []
WORDS = ["demo", "k1", "kid", "true", "null", _ROOT]


def target() -> OneInput:
    from cleanroom.crypto import envelope
    from cleanroom.crypto.ceremonies import import_k1, new_participant_ring
    from cleanroom.crypto.encoding import from_text
    from cleanroom.crypto.schemes import FirstHash
    from cleanroom.vocabulary.terms import Scheme

    good = {"demo": True, "k1": _ROOT, "kid": FirstHash(Scheme.HMAC2, from_text(_ROOT)).kid}
    folder = Path(tempfile.mkdtemp(prefix="fuzz-share-"))
    ring = new_participant_ring(folder, institution="822", demo=True)
    empty = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def one_input(data: bytes) -> bool:
        for path, content in empty.items():
            path.write_bytes(content)
        raw = edited(good, data[1:]) if data[:1] == EDITS else data
        return import_k1(folder, envelope.seal_bytes(raw, ring.recipient))

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND, WORDS)
