"""Sealing a bridge (contracts/bridge.py): the same identifiers under two first-hash keys, for the room alone."""

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.contracts.bridge import PAIRS, BridgeManifest, SignedBridge
from cleanroom.contracts.canonical import BRIDGE_DOMAIN
from cleanroom.contracts.manifest import MANIFEST_NAME, Part, SubmissionKey
from cleanroom.contracts.whole_files import write_whole
from cleanroom.crypto.canaries import canaries_under
from cleanroom.crypto.envelope import new_identity, seal_bytes, seal_into
from cleanroom.crypto.keyring import ParticipantKeyRing
from cleanroom.crypto.schemes import FirstHash
from cleanroom.errors import KeyRefused
from cleanroom.vocabulary.terms import Scheme

KEY_FILE = "key.age"
PART_PAIRS = 250_000


def keys_between(ring: ParticipantKeyRing) -> tuple[FirstHash, FirstHash]:
    """The key before the one in use, and the one in use. Raises KeyRefused where there is nothing to bridge."""
    shared = [key for key in ring.first_hashes if key.scheme == Scheme.HMAC2]
    if len(shared) < 2 or ring.scheme != Scheme.HMAC2:
        raise KeyRefused(
            "a bridge leads from one shared first-hash key to the next; this ring holds no two",
            zh="代碼對應係由一把共用之一次雜湊金鑰至下一把；此金鑰環未持有兩把",
            rule="bridge_keys",
        )
    return shared[-2], shared[-1]


def pairs_of(identifiers: Mapping[str, Sequence[str]], before: FirstHash, after: FirstHash) -> pa.Table:
    """Rows of PAIRS. `identifiers`: kind -> distinct canonical identifiers. In order of the hashes, which tells
    nothing of the order in which the institution keeps its customers."""
    tables = [
        pa.table([pa.repeat(kind, len(texts)), before(kind, texts), after(kind, texts)], schema=PAIRS)
        for kind, texts in identifiers.items()
        if texts
    ]
    pairs = pa.concat_tables(tables) if tables else PAIRS.empty_table()
    return pairs.sort_by("before_t1").combine_chunks()


def content_of(pairs: pa.Table, ring: ParticipantKeyRing) -> str:
    """Names what a bridge says, whenever it is sealed; keyed by the hashes themselves, so it tells nothing."""
    digest = hashlib.sha256(ring.signing_kid.encode())
    for name in ("before_t1", "after_t1"):
        digest.update(b"".join(pairs[name].to_pylist()))
    return digest.hexdigest()


def write_bridge(
    folder: Path,
    pairs: pa.Table,
    *,
    ring: ParticipantKeyRing,
    recipient_kid: str,
    recipient: str,
    created_at: datetime,
) -> SignedBridge:
    """Sealed parts first, the manifest last, into the empty `folder`. `recipient`: the clean room's."""
    before, after = keys_between(ring)
    identity, own = new_identity()
    parts = tuple(_write_part(folder, i, rows, own) for i, rows in enumerate(_slices(pairs)))
    sealed = seal_bytes(identity.encode(), recipient)
    write_whole(folder / KEY_FILE, lambda file: file.write(sealed))
    manifest = BridgeManifest(
        participant=ring.institution,
        scheme=ring.scheme,
        before_kid=before.kid,
        after_kid=after.kid,
        before_canaries=canaries_under(before),
        after_canaries=canaries_under(after),
        recipient_kid=recipient_kid,
        key=SubmissionKey(recipient=own, bytes=len(sealed), sha256=hashlib.sha256(sealed).hexdigest()),
        rows=pairs.num_rows,
        parts=parts,
        created_at=created_at,
    )
    signature = ring.sign(BRIDGE_DOMAIN, manifest.canonical())
    signed = SignedBridge(manifest=manifest, signing_kid=ring.signing_kid, signature=signature)
    write_whole(folder / MANIFEST_NAME, lambda file: file.write(signed.to_bytes()))
    return signed


def _slices(pairs: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, max(pairs.num_rows, 1), PART_PAIRS):
        yield pairs.slice(start, PART_PAIRS)


def _write_part(folder: Path, index: int, rows: pa.Table, recipient: str) -> Part:
    plaintext = io.BytesIO()
    pq.write_table(rows, plaintext, compression="zstd")
    plaintext.seek(0)
    name, passed = f"part-{index:05d}.parquet.age", []
    write_whole(folder / name, lambda out: passed.append(seal_into(plaintext, out, recipient)))
    return Part(
        name=name,
        rows=rows.num_rows,
        plaintext_bytes=passed[0].plaintext.bytes,
        plaintext_sha256=passed[0].plaintext.sha256,
        ciphertext_bytes=passed[0].ciphertext.bytes,
        ciphertext_sha256=passed[0].ciphertext.sha256,
    )
