"""Evidence packs, signed by a room of the tests; and packs that somebody changed and signed again."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

from cleanroom.contracts.canonical import EVIDENCE_PACK_DOMAIN, canonical_bytes
from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.crypto.signing import public_key_of, sign
from cleanroom.governance.policy import Policy, load_policy
from cleanroom.governance.reports import pack, pages, verify_pack
from tests.factories.records import CODES

SEED = bytes(range(32))
ROOM_KEY = public_key_of(SEED)


def by_room(domain: bytes, payload: bytes) -> tuple[str, str]:
    return ROOM_KEY, sign(SEED, domain, payload)


def a_pack(record: ReleaseRecord, at, *, policy: Policy | None = None, codes=CODES, with_pdf: bool = False) -> bytes:
    judged = pages.judge(policy or load_policy(), record, receivers=codes, at=at)
    return pack.build(judged, sign=by_room, with_pdf=with_pdf)


def files_in(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    return verify_pack.container(files)


def signed_again(files: dict[str, bytes]) -> bytes:
    """Whoever has the room's key can sign anything: what it says must still follow from the evidence."""
    manifest = json.loads(files[verify_pack.MANIFEST])
    kept = {n: d for n, d in files.items() if n not in (verify_pack.MANIFEST, verify_pack.SIGNATURE)}
    manifest["files"] = [
        {"name": n, "bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for n, d in sorted(kept.items())
    ]
    raw = canonical_bytes(manifest)
    key, signature = by_room(EVIDENCE_PACK_DOMAIN, raw)
    return zipped(
        kept | {verify_pack.MANIFEST: raw, verify_pack.SIGNATURE: canonical_bytes({"key": key, "signature": signature})}
    )


def written(folder: Path, raw: bytes) -> str:
    path = folder / "pack.zip"
    path.write_bytes(raw)
    return str(path)
