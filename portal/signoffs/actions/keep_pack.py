"""Keep an evidence pack, once the stand-alone verifier accepts it under one of the room's registered keys."""

import hashlib
import json
import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.errors import NotAllowed, SignatureRefused, TooLarge
from cleanroom.governance.reports import verify_pack
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.participants.models import RoomKey
from portal.signoffs.models import EvidencePack
from portal.signoffs.queries import release_of

if TYPE_CHECKING:
    from portal.accounts.models import User

CAP_BYTES = 16 * 1024**2


@transaction.atomic
def keep_pack(release_id: str, raw: bytes, *, by: "User") -> EvidencePack:
    """The same pack again changes nothing. Raises TooLarge, SignatureRefused where the verifier refuses it, NotAllowed
    where it is about another release or another content of this one."""
    check_may(by, Permission.KEEP_PACK)
    if len(raw) > CAP_BYTES:
        raise TooLarge(**said("the pack is larger than a pack can be"), rule="pack_size")
    release, digest = release_of(release_id, lock=True), hashlib.sha256(raw).hexdigest()
    if known := EvidencePack.objects.filter(pack=digest).first():
        return known
    files = _verified(raw)
    manifest, verdict = (json.loads(files[name]) for name in (verify_pack.MANIFEST, "verdict.json"))
    if json.loads(files["record.json"])["draft"] != release.draft:
        raise NotAllowed(**said("the pack is about another release, or another content of it"), rule="pack_release")
    kept = EvidencePack.objects.create(
        release=release,
        pack=digest,
        content=manifest["content"],
        judged_at=datetime.fromisoformat(manifest["packed_at"]),
        allowed=verdict["allowed"],
        file=raw,
        kept_at=timezone.now(),
        kept_by=by,
    )
    record(by=by, verb="release.packed", subject=f"release:{release_id}", detail={"pack": digest})
    return kept


def _verified(raw: bytes) -> dict[str, bytes]:
    """The pack's files. Raises SignatureRefused with what the verifier says under the last of the room's keys."""
    why = "the clean room has no registered signing key"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pack.zip"
        path.write_bytes(raw)
        for key in RoomKey.objects.active():
            try:
                files = verify_pack.open_pack(path, verify_pack.key_of(key.signing_key))
                verify_pack.verify(files)
            except verify_pack.Refused as e:
                why = str(e)
            else:
                return files
    raise SignatureRefused(**said("the verifier refuses the pack: %(why)s", why=why), rule="evidence_pack")
