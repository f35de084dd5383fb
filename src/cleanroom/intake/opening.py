"""Opening what was verified: ciphertext digest, envelope, plaintext digest, table. In memory, never on a disk."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.contracts.manifest import Manifest, Part
from cleanroom.contracts.specification import DatasetContract
from cleanroom.contracts.tables import sealed_schema
from cleanroom.crypto.envelope import open_stream, recipient_of
from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.errors import CanaryMismatch, ContentTampered, KeyRefused, Where

_IDENTITY_CAP_BYTES = 256
_UNPACKED_FACTOR = 100  # a part may unpack to this many times its size; honest ones stay below 20


def check_ciphertext(path: Path, part: Part) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if path.stat().st_size != part.ciphertext_bytes or digest != part.ciphertext_sha256:
        raise ContentTampered("the file's bytes are not those that were signed", where=_in(part), rule="ciphertext")


def check_recipient(manifest: Manifest, ring: RoomKeyRing) -> None:
    if manifest.recipient_kid not in ring.recipient_kids:
        raise KeyRefused("the submission is sealed to a key that the clean room does not hold", rule="recipient_kid")


def open_key(sealed: bytes, manifest: Manifest, ring: RoomKeyRing) -> str:
    """The submission's own age identity. Raises ContentTampered."""
    if len(sealed) != manifest.key.bytes or hashlib.sha256(sealed).hexdigest() != manifest.key.sha256:
        raise ContentTampered("the submission's key is not the one that was signed", rule="key_digest")
    identity = ring.decrypt(sealed, cap_bytes=_IDENTITY_CAP_BYTES).decode(errors="replace")
    if recipient_of(identity) != manifest.key.recipient:
        raise ContentTampered("the submission's key is another one than the manifest names", rule="key_pair")
    return identity


def open_part(path: Path, part: Part, contract: DatasetContract, identity: str) -> pa.Table:
    """Rows of `sealed_schema`. Raises ContentTampered."""
    check_ciphertext(path, part)
    with path.open("rb") as file:
        plaintext = _plaintext(file, part, identity)
    if len(plaintext) != part.plaintext_bytes or hashlib.sha256(plaintext).hexdigest() != part.plaintext_sha256:
        raise ContentTampered("the opened bytes are not those that were signed", where=_in(part), rule="plaintext")
    rows = _read_table(plaintext, part)
    _check_shape(rows, part, sealed_schema(contract))
    return rows


def _plaintext(file: BinaryIO, part: Part, identity: str) -> bytes:
    try:
        return open_stream(file, [identity], cap_bytes=part.plaintext_bytes)
    except ContentTampered as e:
        raise ContentTampered(e.sentence, where=_in(part), rule=e.rule) from None  # which part it was


def _read_table(plaintext: bytes, part: Part) -> pa.Table:
    try:
        file = pq.ParquetFile(pa.BufferReader(plaintext))
        groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
        unpacked = sum(group.total_byte_size for group in groups)
        if file.metadata.num_rows != part.rows or unpacked > _UNPACKED_FACTOR * max(len(plaintext), 1024 * 1024):
            raise ContentTampered("the table is not of the signed size", where=_in(part), rule="rows")
        return file.read()
    except pa.ArrowException:
        raise ContentTampered("the opened bytes are not a Parquet table", where=_in(part), rule="parquet") from None


def _check_shape(rows: pa.Table, part: Part, schema: pa.Schema) -> None:
    # Names, types, order, and which columns may be empty: a required Parquet column cannot hold empty values.
    if not rows.schema.equals(schema, check_metadata=False):
        raise ContentTampered("the columns are not those of the specification", where=_in(part), rule="schema")
    try:
        rows.validate(full=True)
    except pa.ArrowException:
        raise ContentTampered("the table is damaged", where=_in(part), rule="parquet") from None


def join_parts(parts: Sequence[pa.Table]) -> pa.Table:
    """Row numbers must rise through the whole file: each row came from one row of the clear file."""
    rows = pa.concat_tables(parts).combine_chunks()
    numbers = rows["row_number"].to_numpy()
    if len(numbers) and (numbers[0] < 1 or (numbers[1:] <= numbers[:-1]).any()):
        raise ContentTampered("row numbers do not rise", where=Where(column="row_number"), rule="row_number")
    return rows


def check_canaries(manifest: Manifest, pins: Mapping[str, Mapping[str, str]], *, production: bool) -> bool:
    """Dummy identifiers must hash as the participants agreed. False where nothing is pinned yet, and may be now.

    `pins`: first-hash key id -> kind -> canary, as the key custodian registered them.
    """
    if not pins:
        if production:
            raise CanaryMismatch("no first-hash key is pinned; the key custodian pins it first", rule="canary_unpinned")
        return False
    if manifest.hash_kid not in pins:
        raise CanaryMismatch(
            "the identifiers were hashed under another first-hash key than the participants agreed on", rule="hash_kid"
        )
    if dict(manifest.canaries) != dict(pins[manifest.hash_kid]):
        raise CanaryMismatch(
            "the dummy identifiers hash differently: another key or another normaliser was used", rule="canaries"
        )
    return True


def _in(part: Part) -> Where:
    return Where(file=part.name)
