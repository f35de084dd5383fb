"""The room's receipt, as whoever can write to the object store may leave it; signed here so that the form is tried.

After a first byte of 1, edits of a good one; else bytes.
"""

import json

from tests.fuzz.edits import edited
from tests.fuzz.running import OneInput, main

EDITS = b"\1"
GOOD = {"body": {"participant": "822", "rows": 3, "state": "accepted"}, "signature": "?", "signing_kid": "k"}
SEEDS = [
    EDITS,
    json.dumps(GOOD, separators=(",", ":"), sort_keys=True).encode(),
    EDITS + bytes([1, 0, 39]),
    EDITS + bytes([0, 0, 3]),
    b'{"body":{},"body":{}}',
    b"\xff",
    b"",
]
FOUND: list[bytes] = []
WORDS = ["body", "signature", "signing_kid", "state", "rows", "null", "1e5"]


def target() -> OneInput:
    from cleanroom.contracts.canonical import RECEIPT_DOMAIN, canonical_bytes
    from cleanroom.crypto import signing
    from cleanroom.sealing.receipts import open_receipt

    seed = bytes(range(32))
    room_key = signing.public_key_of(seed)

    def one_input(data: bytes) -> bool:
        raw = edited(GOOD, data[1:]) if data[:1] == EDITS else data
        return bool(open_receipt(_signed(raw), room_key=room_key).body)

    def _signed(data: bytes) -> bytes:
        """The same bytes with a good signature, where they are near enough to a receipt to have one."""
        try:
            receipt = json.loads(data)
            payload = canonical_bytes(receipt["body"])
        except Exception:  # not near enough: tried as it is
            return data
        return data.replace(b'"?"', json.dumps(signing.sign(seed, RECEIPT_DOMAIN, payload)).encode(), 1)

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND, WORDS)
