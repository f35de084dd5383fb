"""What a submission says about itself. Signed by the participant and written last: no manifest, no submission.

Layout in the object store, one folder per submission:

    inbox/<participant>/<dataset>/<sequence, 8 digits>/<draw>/part-00000.parquet.age
    inbox/<participant>/<dataset>/<sequence, 8 digits>/<draw>/manifest.json
    keys/<participant>/<dataset>/<sequence, 8 digits>/<draw>.age
    receipts/<participant>/<dataset>/<sequence, 8 digits>/<draw>/<state>.json

The parts are sealed to a key pair made for this submission alone; the third object holds its secret half, sealed to
the clean room. Destroying that one object makes the parts unreadable for ever, wherever copies of them lie. `draw` is
the beginning of that object's digest, so random: a number that was refused, or whose upload was given up, is used
again beside what lies there, and nothing is ever moved or overwritten (ADR 76).

`manifest.json` is the canonical form of `SignedManifest`; the signature covers MANIFEST_DOMAIN plus the canonical
form of `manifest`. The submission's id is the SHA-256 of the canonical form of `manifest`.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from cleanroom.contracts.canonical import MANIFEST_DOMAIN, canonical_bytes, digest_of, parse_canonical
from cleanroom.errors import ManifestMalformed
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import Calendar, Dataset, Encoding, FileFormat, IdentifierKind, Scheme, UploadState

INBOX, KEYS, RECEIPTS = "inbox", "keys", "receipts"
MANIFEST_NAME = "manifest.json"
DRAW_DIGITS = 16
MANIFEST_CAP_BYTES = 1024 * 1024
KEY_CAP_BYTES = 4096  # of the object that holds a submission's key

# How old a submission may be when the room first sees it, and how far ahead its maker's clock may go.
MAX_AGE_DAYS = 30
CLOCK_SKEW_MINUTES = 10

# Bounds that hold before anything is opened. A part is opened in memory, by several workers at once.
MAX_PARTS = 1000
PART_ROWS_CAP = 500_000
PART_PLAINTEXT_CAP_BYTES = 256 * 1024**2  # compressed table, as it lies in the envelope
PART_UNPACKED_CAP_BYTES = 512 * 1024**2  # the same table's pages, unpacked
ENVELOPE_OVERHEAD_BYTES = 4096  # header of an envelope; each 64 KiB of it adds 16 bytes

InstitutionCode = Annotated[str, Field(pattern=r"^[0-9]{3}$")]
Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
KeyId = Annotated[str, Field(pattern=r"^[0-9A-Za-z._:-]{1,64}$")]
Count = Annotated[int, Field(ge=0, lt=2**53, strict=True)]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Period(Frozen):
    """Both days are included; days are Asia/Taipei. Bounded, so that a day before and after can be reckoned."""

    first: Annotated[date, Field(ge=date(1912, 1, 1))]
    last: Annotated[date, Field(lt=date(2200, 1, 1))]

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> "Period":
        if self.last < self.first:
            raise ValueError("a period ends on or after its first day")
        return self

    @model_validator(mode="after")
    def _in_order(self) -> "Period":
        if self.first > self.last:  # such a period would overlap no other
            raise ValueError("a period ends on or after the day on which it begins")
        return self


class Part(Frozen):
    name: Annotated[str, Field(pattern=r"^part-[0-9]{5}\.parquet\.age$")]
    rows: Count
    plaintext_bytes: Count
    plaintext_sha256: Hex32
    ciphertext_bytes: Count
    ciphertext_sha256: Hex32


class SubmissionKey(Frozen):
    """The age identity that opens the parts: its public half, and size and digest of the object that holds the other
    half, sealed to the clean room."""

    recipient: Annotated[str, Field(pattern=r"^age1[0-9a-z]{58}$")]
    bytes: Annotated[int, Field(ge=1, le=KEY_CAP_BYTES, strict=True)]
    sha256: Hex32


class Source(Frozen):
    """The form of the clear file, as the institution declared it."""

    format: FileFormat
    encoding: Encoding | None
    calendar: Calendar
    timezone: Annotated[str, Field(max_length=64)]


class Manifest(Frozen):
    manifest_version: Literal[1] = 1
    participant: InstitutionCode
    dataset: Dataset
    specification_version: Count
    period: Period
    sequence: Annotated[int, Field(ge=1, lt=2**53, strict=True)]
    rows: Count
    scheme: Scheme
    hash_kid: KeyId  # which first-stage key
    recipient_kid: KeyId  # which clean-room key the envelope is sealed to
    canaries: dict[IdentifierKind, Hex32]  # identifier kind -> first hash of the published dummy identifier
    source: Source
    key: SubmissionKey
    supersedes: Hex32 | None = None  # the accepted submission of this dataset whose rows these replace
    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=MAX_PARTS)]
    created_at: AwareDatetime

    def canonical(self) -> bytes:
        return canonical_bytes(self.model_dump(mode="json"))

    @property
    def submission_id(self) -> str:
        return digest_of(self.model_dump(mode="json"))

    @property
    def place(self) -> str:
        return f"{self.participant}/{self.dataset}/{self.sequence:08d}/{self.key.sha256[:DRAW_DIGITS]}"

    @property
    def folder(self) -> str:
        return f"{INBOX}/{self.place}"

    @property
    def key_name(self) -> str:
        """The object that holds the submission's key."""
        return f"{KEYS}/{self.place}.age"


class SignedManifest(Frozen):
    manifest: Manifest
    signing_kid: KeyId
    signature: Annotated[str, Field(max_length=128)]  # Ed25519, base64url without padding

    def to_bytes(self) -> bytes:
        return canonical_bytes(self.model_dump(mode="json"))

    @classmethod
    def from_bytes(cls, raw: bytes) -> "SignedManifest":
        """Raises ManifestMalformed: not canonical, unknown or missing fields, values out of range."""
        parse_canonical(raw, what=Both("the manifest", "清單"))
        try:
            signed = cls.model_validate_json(raw)
        except ValidationError as e:
            raise ManifestMalformed(
                _what_is_wrong(e), zh=f"{_place_of(e) or '清單'}：不符約定格式", rule="manifest_schema"
            ) from None
        if signed.to_bytes() != raw:  # bytes, for `true` equals 1 as a value
            raise ManifestMalformed(
                "a field is not in its canonical spelling", zh="有欄位非正規寫法", rule="manifest_schema"
            )
        return signed


def receipt_name(place: str, state: UploadState) -> str:
    """One object for each answer, so that it can be asked for by name: a participant may list nothing."""
    return f"{RECEIPTS}/{place}/{state}.json"


def signed_text(manifest: Manifest) -> bytes:
    """The bytes that the participant's signature covers."""
    return MANIFEST_DOMAIN + manifest.canonical()


_MODELS = (SignedManifest, Manifest, Part, Period, Source, SubmissionKey)
_AGREED = {name for model in _MODELS for name in model.model_fields}


def _what_is_wrong(error: ValidationError) -> str:
    """The first field that is wrong. A name that nobody agreed on is not repeated: it may be anything."""
    return f"{_place_of(error) or 'the manifest'}: {error.errors()[0]['msg']}"


def _place_of(error: ValidationError) -> str:
    return ".".join(str(part) for part in error.errors()[0]["loc"] if isinstance(part, int) or part in _AGREED)
