"""Signed checkpoints of the audit logs: what the room vouches for, what participants witness, and proofs under them.

The tree's leaves are the hashes of the events' chain: leaf(n) = SHA-256(0x00 || hash(n), 32 bytes). So a receipt, which
carries sequence and hash of its event, is all that a proof of inclusion needs. Objects in the store, each written once:

    checkpoints/room/<log>/<size, 12 digits>.json                   SignedCheckpoint
    checkpoints/room/tiles/<log>/<level>/<index, 9 digits>-<width>  up to 256 hashes (stores.tiles)
    checkpoints/<participant>/<log>/<size, 12 digits>.json          Cosignature
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import Field, ValidationError

from cleanroom.contracts.canonical import CHECKPOINT_DOMAIN, COSIGNATURE_DOMAIN, canonical_bytes, parse_canonical
from cleanroom.contracts.manifest import Count, Frozen, Hex32, InstitutionCode
from cleanroom.contracts.merkle import leaf_hash
from cleanroom.errors import ManifestMalformed
from cleanroom.vocabulary.both import Both

CHECKPOINTS = "checkpoints"
ROOM = "room"
CAP_BYTES = 64 * 1024

Size = Annotated[int, Field(ge=1, lt=10**12, strict=True)]


class AuditLog(StrEnum):
    """Whose log: the room's own file, or the consortium's in the portal's database."""

    ROOM = "room-log"
    PORTAL = "portal-log"


class Checkpoint(Frozen):
    """At this moment the log had this many events, under this root (RFC 6962)."""

    checkpoint_version: Literal[1] = 1
    log: AuditLog
    size: Size
    root: Hex32
    at: datetime

    def covered(self) -> bytes:
        """What the room signs, after CHECKPOINT_DOMAIN."""
        return canonical_bytes(self.model_dump(mode="json"))


class _Document(Frozen):
    def to_bytes(self) -> bytes:
        return canonical_bytes(self.model_dump(mode="json"))


class SignedCheckpoint(_Document):
    """`signature`: the room's Ed25519 over CHECKPOINT_DOMAIN + `checkpoint.covered()`."""

    checkpoint: Checkpoint
    signing_kid: str
    signature: str

    domain: ClassVar[bytes] = CHECKPOINT_DOMAIN

    def covered(self) -> bytes:
        return self.checkpoint.covered()


class Cosignature(_Document):
    """A participant's word: this checkpoint continues every checkpoint of the log that I saw before.

    `signature`: its Ed25519 over COSIGNATURE_DOMAIN + `covered()`, under a signing key registered for it.
    """

    checkpoint: Checkpoint
    participant: InstitutionCode
    at: datetime
    signing_kid: str
    signature: str

    domain: ClassVar[bytes] = COSIGNATURE_DOMAIN

    def covered(self) -> bytes:
        return canonical_bytes(self.model_dump(mode="json", include={"checkpoint", "participant", "at"}))


class InclusionProof(_Document):
    """That event `sequence` of the log has this hash: the path leads from it to the root of the checkpoint."""

    checkpoint: SignedCheckpoint
    sequence: Size
    hash: Hex32
    path: Annotated[tuple[Hex32, ...], Field(max_length=64)]


class LogHashes(Frozen):
    """Hashes of a log's events after number `after`, in order, and how many events the log has."""

    size: Count
    after: Count
    hashes: tuple[Hex32, ...]


class CheckpointStanding(Frozen):
    """A checkpoint as the portal shows it to everyone, with who witnessed it."""

    signed: SignedCheckpoint
    cosignatures: tuple[Cosignature, ...] = ()


Document = TypeVar("Document", bound=_Document)


def read_document(kind: type[Document], raw: bytes, *, what: Both) -> Document:
    """Raises ManifestMalformed: not canonical, unknown or missing fields, values out of range."""
    parse_canonical(raw, what=what)
    try:
        document = kind.model_validate_json(raw)
    except ValidationError as e:
        first = e.errors()[0]
        place = ".".join(str(p) for p in first["loc"]) or what.en
        raise ManifestMalformed(
            f"{place}: {first['msg']}", zh=f"{place}：不符檢查點之約定格式（{first['type']}）", rule="checkpoint_schema"
        ) from None
    if document.to_bytes() != raw:  # bytes, for `true` equals 1 as a value
        raise ManifestMalformed(
            f"{what.en} is not in its canonical spelling", zh=f"{what.zh_hant}非正規寫法", rule="checkpoint_schema"
        )
    return document


def leaf_of(event_hash: str) -> bytes:
    return leaf_hash(bytes.fromhex(event_hash))


def checkpoint_folder(log: AuditLog, by: str = ROOM) -> str:
    return f"{CHECKPOINTS}/{by}/{log}"


def checkpoint_name(log: AuditLog, size: int, by: str = ROOM) -> str:
    """The object of a checkpoint, or of a participant's cosignature of it."""
    return f"{checkpoint_folder(log, by)}/{size:012d}.json"


def tile_name(log: AuditLog, level: int, index: int, width: int) -> str:
    return f"{CHECKPOINTS}/{ROOM}/tiles/{log}/{level}/{index:09d}-{width}"
