"""The signed manifest, as an institution, or whoever can write to the inbox, may send it; signed here with a good key.

After a first byte of 1, edits of a good one, signed anew; else bytes as they come. What is taken must come out again
as the same bytes, and every check that comes before the parts must answer.
"""

import json
from datetime import UTC, datetime

from tests.fuzz.edits import edited
from tests.fuzz.running import OneInput, main

EDITS = b"\1"
HEX = "0123456789abcdef" * 4
MANIFEST = {
    "canaries": {"account": HEX},
    "created_at": "2025-05-01T00:00:00Z",
    "dataset": "transfers",
    "hash_kid": "k1-0123456789abcdef",
    "key": {"bytes": 300, "recipient": "age1" + "q" * 58, "sha256": HEX},
    "manifest_version": 1,
    "participant": "808",
    "parts": [
        {
            "ciphertext_bytes": 2000,
            "ciphertext_sha256": HEX,
            "name": "part-00000.parquet.age",
            "plaintext_bytes": 1500,
            "plaintext_sha256": HEX,
            "rows": 3,
        }
    ],
    "period": {"first": "2025-04-01", "last": "2025-04-30"},
    "recipient_kid": "0123456789abcdef",
    "rows": 3,
    "scheme": "hmac2-v1",
    "sequence": 1,
    "source": {"calendar": "gregorian", "encoding": None, "format": "parquet", "timezone": "Asia/Taipei"},
    "specification_version": 1,
    "supersedes": None,
}
GOOD = {"manifest": MANIFEST, "signature": "?", "signing_kid": "kid-1"}
SEEDS = [
    EDITS,
    EDITS + bytes([1, 0, 3]),
    EDITS + bytes([20, 0, 9, 3, 2, 1]),
    json.dumps(GOOD, separators=(",", ":"), sort_keys=True).encode(),
    b'{"manifest":{},"manifest":{}}',
    b"[" * 2000,
    b"9" * 5000,
    b"\xff",
    b"",
]
FOUND: list[bytes] = []
WORDS = [*MANIFEST, "manifest", "signature", "null", "1e400", "NaN", "9007199254740993", "0001-01-01T00:00:00+14:00"]


def target() -> OneInput:
    from cleanroom.contracts.canonical import MANIFEST_DOMAIN, canonical_bytes
    from cleanroom.contracts.manifest import SignedManifest
    from cleanroom.crypto import signing
    from cleanroom.intake import inbox, sequence
    from cleanroom.intake.inbox import InboxPath
    from cleanroom.vocabulary.terms import Dataset, UploadState

    seed = bytes(range(32))
    public = signing.public_key_of(seed)
    now = datetime(2025, 5, 2, tzinfo=UTC)
    path = InboxPath("808", Dataset.TRANSFERS, 1, HEX[:16])
    landed = sequence.Landed("f" * 64, 7, UploadState.ACCEPTED, now.date(), now.date())

    def one_input(data: bytes) -> bool:
        signed = SignedManifest.from_bytes(_signed(data))
        manifest = signed.manifest
        assert SignedManifest.from_bytes(signed.to_bytes()) == signed, "it does not come out as it went in"
        signing.verify(public, MANIFEST_DOMAIN, manifest.canonical(), signed.signature)
        inbox.check_caps(manifest)
        sizes = {f"{path.folder}/{part.name}": part.ciphertext_bytes for part in manifest.parts} | {path.manifest: 1}
        inbox.check_place(path, manifest, sizes)
        inbox.check_sizes(manifest, sizes)
        sequence.check_clock(manifest, now=now)
        sequence.check_sequence(manifest.sequence, [])
        sequence.check_supersedes(manifest, [landed])
        sequence.check_period(manifest, [landed])
        return True

    def _signed(data: bytes) -> bytes:
        if data[:1] != EDITS:
            return data
        raw = edited(GOOD, data[1:])
        try:
            payload = canonical_bytes(json.loads(raw)["manifest"])
        except Exception:  # nothing that could be signed: tried as it is
            return raw
        return raw.replace(b'"?"', json.dumps(signing.sign(seed, MANIFEST_DOMAIN, payload)).encode(), 1)

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND, WORDS)
