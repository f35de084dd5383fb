"""A bridge: what an institution sends when the shared first-hash key K1 is changed, so that the graph goes on.

For every identifier that it holds, the pair of its first hashes under the old and the new key. Signed and sealed like
a submission, under a key pair of its own, and laid beside the submissions:

    inbox/<participant>/bridges/<bridge id>/part-00000.parquet.age
    inbox/<participant>/bridges/<bridge id>/manifest.json         written last
    keys/<participant>/bridges/<bridge id>.age
    receipts/<participant>/bridges/<bridge id>/<state>.json       the room's answer

The id is the SHA-256 of the canonical manifest. ADR 71 says what a bridge may do and what it may not.
"""

import re
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import AwareDatetime, Field, ValidationError

from cleanroom.contracts.canonical import canonical_bytes, digest_of, parse_canonical
from cleanroom.contracts.manifest import (
    INBOX,
    KEYS,
    MANIFEST_NAME,
    MAX_PARTS,
    RECEIPTS,
    Count,
    Frozen,
    Hex32,
    InstitutionCode,
    KeyId,
    Part,
    SubmissionKey,
)
from cleanroom.errors import ManifestMalformed
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import Scheme, UploadState

FOLDER = "bridges"
PAIRS = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),  # of identifier
        pa.field("before_t1", pa.binary(32), nullable=False),  # first hash under the old key
        pa.field("after_t1", pa.binary(32), nullable=False),  # first hash of the same identifier under the new key
    ]
)
_MANIFEST = re.compile(rf"{INBOX}/([0-9]{{3}})/{FOLDER}/([0-9a-f]{{64}})/{re.escape(MANIFEST_NAME)}")


class BridgeManifest(Frozen):
    bridge_version: Literal[1] = 1
    participant: InstitutionCode
    scheme: Scheme
    before_kid: KeyId
    after_kid: KeyId
    before_canaries: dict[str, Hex32]
    after_canaries: dict[str, Hex32]
    recipient_kid: KeyId
    key: SubmissionKey
    rows: Count
    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=MAX_PARTS)]
    created_at: AwareDatetime

    def canonical(self) -> bytes:
        return canonical_bytes(self.model_dump(mode="json"))

    @property
    def bridge_id(self) -> str:
        return digest_of(self.model_dump(mode="json"))


class SignedBridge(Frozen):
    manifest: BridgeManifest
    signing_kid: KeyId
    signature: Annotated[
        str, Field(max_length=128)
    ]  # Ed25519 over BRIDGE_DOMAIN + the canonical manifest, base64url without padding

    def to_bytes(self) -> bytes:
        return canonical_bytes(self.model_dump(mode="json"))

    @classmethod
    def from_bytes(cls, raw: bytes) -> "SignedBridge":
        """Raises ManifestMalformed: not canonical, unknown or missing fields, values out of range."""
        value = parse_canonical(raw, what=Both("the bridge's manifest", "代碼對應之清單"))
        try:
            signed = cls.model_validate_json(raw)
        except ValidationError as e:
            place = ".".join(str(p) for p in e.errors()[0]["loc"]) or "the bridge's manifest"
            raise ManifestMalformed(
                f"{place}: not what a bridge says", zh=f"{place}：不符代碼對應之約定格式", rule="manifest_schema"
            ) from None
        if signed.model_dump(mode="json") != value:
            raise ManifestMalformed(
                "a field is not in its canonical spelling", zh="有欄位非正規寫法", rule="manifest_schema"
            )
        return signed


def folder_of(participant: str, bridge_id: str) -> str:
    return f"{INBOX}/{participant}/{FOLDER}/{bridge_id}"


def key_name(participant: str, bridge_id: str) -> str:
    return f"{KEYS}/{participant}/{FOLDER}/{bridge_id}.age"


def receipt_name(participant: str, bridge_id: str, state: UploadState) -> str:
    return f"{RECEIPTS}/{participant}/{FOLDER}/{bridge_id}/{state}.json"


def place_of(name: str) -> tuple[str, str] | None:
    """Participant and bridge id of a bridge's manifest; None for any other object."""
    found = _MANIFEST.fullmatch(name)
    return (found[1], found[2]) if found else None
