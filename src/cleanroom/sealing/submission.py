"""A submission: first hashes in Parquet parts, each sealed to the submission's own key, under one signed manifest."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.contracts.canonical import MANIFEST_DOMAIN
from cleanroom.contracts.manifest import (
    MANIFEST_NAME,
    MAX_PARTS,
    Manifest,
    Part,
    Period,
    SignedManifest,
    Source,
    SubmissionKey,
)
from cleanroom.contracts.specification import DatasetContract
from cleanroom.contracts.tables import cents_name, sealed_schema
from cleanroom.contracts.whole_files import write_whole
from cleanroom.crypto.columns import hash_column, hash_columns, kinds_of
from cleanroom.crypto.envelope import new_identity, seal_bytes
from cleanroom.crypto.keyring import ParticipantKeyRing
from cleanroom.errors import TooLarge
from cleanroom.vocabulary.terms import Dataset

KEY_FILE = "key.age"


@dataclass(frozen=True)
class Addressee:
    """The clean room's envelope key, as the portal names it."""

    kid: str
    recipient: str


@dataclass(frozen=True)
class Declared:
    """What the manifest says besides the parts. `supersedes`: the accepted submission that this one replaces."""

    dataset: Dataset
    source: Source
    specification_version: int
    period: Period
    sequence: int
    created_at: datetime
    supersedes: str | None = None


def hash_rows(rows: pa.Table, contract: DatasetContract, ring: ParticipantKeyRing) -> pa.Table:
    """`clear_schema` rows to `sealed_schema` rows. Raises ArrowInvalid if a required value were missing."""
    clear = rows.combine_chunks().to_batches()[0] if rows.num_rows else pa.record_batch(rows.to_pydict(), rows.schema)
    identifiers = {s.name: (kinds_of(s, clear), clear[s.name]) for s in contract.fields if s.is_identifier}
    hashed = hash_columns(identifiers, ring.stage1, pa.binary(32))
    columns = [clear["row_number"]]
    columns += [hashed[s.name] if s.is_identifier else clear[_clear_name(s.name, clear)] for s in contract.fields]
    if contract.dataset == Dataset.ACCOUNTS:
        columns.append(_handles(clear["account"], ring))
    sealed = pa.table(columns, schema=sealed_schema(contract))
    sealed.validate(full=True)
    return sealed


def _clear_name(name: str, rows: pa.RecordBatch) -> str:
    return name if name in rows.schema.names else cents_name(name)


def _handles(accounts: pa.Array, ring: ParticipantKeyRing) -> pa.Array:
    kinds = pa.repeat(pa.scalar("account"), len(accounts))
    return hash_column(kinds, accounts, lambda _, distinct: [ring.seal_handle(a) for a in distinct], pa.binary())


# --- parts --------------------------------------------------------------------------------------------------------


def write_part(folder: Path, index: int, rows: pa.Table, contract: DatasetContract, recipient: str) -> Part:
    """Seal one batch of `sealed_schema` rows. Raises TooLarge where a manifest cannot name as many parts, OSError."""
    if index >= MAX_PARTS:
        raise TooLarge(
            f"the file needs more than {MAX_PARTS} parts; split its period",
            zh=f"此檔須分為 {MAX_PARTS} 個以上之分割檔；請拆分期間",
            rule="parts",
        )
    plaintext = _parquet(rows, contract)
    ciphertext = seal_bytes(plaintext, recipient)
    name = f"part-{index:05d}.parquet.age"
    write_whole(folder / name, lambda file: file.write(ciphertext))
    return Part(
        name=name,
        rows=rows.num_rows,
        plaintext_bytes=len(plaintext),
        plaintext_sha256=hashlib.sha256(plaintext).hexdigest(),
        ciphertext_bytes=len(ciphertext),
        ciphertext_sha256=hashlib.sha256(ciphertext).hexdigest(),
    )


def _parquet(rows: pa.Table, contract: DatasetContract) -> bytes:
    """Hashes are random: neither a dictionary nor compression makes them smaller, and both cost time."""
    fields = dict(zip(rows.column_names[1:], contract.fields, strict=False))
    few = [name for name, spec in fields.items() if spec.enum or spec.institution_code]
    random = {name for name, spec in fields.items() if spec.is_identifier} | {"handle"}
    sink = pa.BufferOutputStream()
    pq.write_table(
        rows,
        sink,
        compression={name: "none" if name in random else "zstd" for name in rows.column_names},
        use_dictionary=few,
        write_statistics=False,
    )
    return sink.getvalue().to_pybytes()


# --- the manifest -------------------------------------------------------------------------------------------------


def write_manifest(
    folder: Path,
    parts: Sequence[Part],
    *,
    declared: Declared,
    key: SubmissionKey,
    ring: ParticipantKeyRing,
    addressee: Addressee,
) -> SignedManifest:
    """Written last: it makes the parts a submission."""
    manifest = Manifest(
        participant=ring.institution,
        dataset=declared.dataset,
        specification_version=declared.specification_version,
        period=declared.period,
        sequence=declared.sequence,
        rows=sum(part.rows for part in parts),
        scheme=ring.scheme,
        hash_kid=ring.hash_kid,
        recipient_kid=addressee.kid,
        canaries=ring.canaries(),
        source=declared.source,
        key=key,
        supersedes=declared.supersedes,
        parts=tuple(parts),
        created_at=declared.created_at,
    )
    signed = SignedManifest(
        manifest=manifest, signing_kid=ring.signing_kid, signature=ring.sign(MANIFEST_DOMAIN, manifest.canonical())
    )
    write_whole(folder / MANIFEST_NAME, lambda file: file.write(signed.to_bytes()))
    return signed


def write_key(folder: Path, addressee: Addressee) -> SubmissionKey:
    """A new key pair. Its secret half is written sealed to the room alone: what destroys it destroys the parts."""
    identity, recipient = new_identity()
    sealed = seal_bytes(identity.encode(), addressee.recipient)
    write_whole(folder / KEY_FILE, lambda file: file.write(sealed))
    return SubmissionKey(recipient=recipient, bytes=len(sealed), sha256=hashlib.sha256(sealed).hexdigest())
