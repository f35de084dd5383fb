"""A submission: first-hash tokens in Parquet parts, each sealed to the room, under one signed manifest."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.contracts.canonical import MANIFEST_DOMAIN
from cleanroom.contracts.manifest import MANIFEST_NAME, Manifest, Part, Period, SignedManifest, SubmissionKey
from cleanroom.contracts.specification import DatasetContract
from cleanroom.contracts.tables import cents_name, sealed_schema
from cleanroom.contracts.whole_files import write_whole
from cleanroom.crypto.columns import hash_column, kinds_of
from cleanroom.crypto.envelope import new_identity, seal_bytes
from cleanroom.crypto.keyring import ParticipantKeyRing
from cleanroom.sealing.folder import ClearFile
from cleanroom.vocabulary.terms import Dataset

KEY_FILE = "key.age"
PART_ROWS = 500_000  # a part is opened in memory at the other side


@dataclass(frozen=True)
class Addressee:
    """The clean room's envelope key, as the portal names it."""

    kid: str
    recipient: str


@dataclass(frozen=True)
class Declared:
    """What the manifest says besides the parts."""

    file: ClearFile
    specification_version: int
    period: Period
    sequence: int
    created_at: datetime


def hash_rows(rows: pa.Table, contract: DatasetContract, ring: ParticipantKeyRing) -> pa.Table:
    """`clear_schema` rows to `sealed_schema` rows. Raises ArrowInvalid if a required value were missing."""
    columns = [rows["row_number"]]
    for spec in contract.fields:
        column = rows[_clear_name(spec.name, rows)].combine_chunks()
        if spec.is_identifier:
            column = hash_column(kinds_of(spec, rows), column, ring.stage1, pa.binary(32))
        columns.append(column)
    if contract.dataset == Dataset.ACCOUNTS:
        columns.append(_handles(rows["account"].combine_chunks(), ring))
    sealed = pa.table(columns, schema=sealed_schema(contract))
    sealed.validate(full=True)
    return sealed


def _clear_name(name: str, rows: pa.Table) -> str:
    return name if name in rows.column_names else cents_name(name)


def _handles(accounts: pa.Array, ring: ParticipantKeyRing) -> pa.Array:
    kinds = pa.repeat(pa.scalar("account"), len(accounts))
    return hash_column(kinds, accounts, lambda _, distinct: [ring.seal_handle(a) for a in distinct], pa.binary())


def write_submission(
    folder: Path, sealed: pa.Table, *, declared: Declared, ring: ParticipantKeyRing, addressee: Addressee
) -> SignedManifest:
    """Sealed parts first, the manifest last, into the empty `folder`."""
    identity, recipient = new_identity()
    parts = tuple(_write_part(folder, i, rows, recipient) for i, rows in enumerate(_slices(sealed)))
    manifest = Manifest(
        participant=ring.institution,
        dataset=declared.file.dataset,
        specification_version=declared.specification_version,
        period=declared.period,
        sequence=declared.sequence,
        rows=sealed.num_rows,
        scheme=ring.scheme,
        hash_kid=ring.hash_kid,
        recipient_kid=addressee.kid,
        canaries=ring.canaries(),
        source=declared.file.source,
        key=_write_key(folder, identity, recipient, addressee),
        parts=parts,
        created_at=declared.created_at,
    )
    signed = SignedManifest(
        manifest=manifest, signing_kid=ring.signing_kid, signature=ring.sign(MANIFEST_DOMAIN, manifest.canonical())
    )
    write_whole(folder / MANIFEST_NAME, lambda file: file.write(signed.to_bytes()))
    return signed


def _slices(sealed: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, max(sealed.num_rows, 1), PART_ROWS):
        yield sealed.slice(start, PART_ROWS)


def _write_key(folder: Path, identity: str, recipient: str, addressee: Addressee) -> SubmissionKey:
    """The secret half of the submission's own key pair, sealed to the room. What destroys it destroys the parts."""
    sealed = seal_bytes(identity.encode(), addressee.recipient)
    write_whole(folder / KEY_FILE, lambda file: file.write(sealed))
    return SubmissionKey(recipient=recipient, bytes=len(sealed), sha256=hashlib.sha256(sealed).hexdigest())


def _write_part(folder: Path, index: int, rows: pa.Table, recipient: str) -> Part:
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd")
    plaintext = sink.getvalue().to_pybytes()
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
