"""The release under which warnings may leave the room now: asked of the portal, judged here, failing closed."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cleanroom.contracts.messages import ReleaseRecord
from cleanroom.errors import GateClosed
from cleanroom.governance import gate
from cleanroom.governance.answers import load_answers
from cleanroom.governance.policy import load_policy

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

NO_ARTEFACT = "0" * 64  # the digest of nothing that a release binds to


def certified_release(room: "Room", *, now: datetime) -> ReleaseRecord:
    """The current release of the line's use case, with a valid certificate for the artefact that lies in this room.

    Raises GateClosed with every reason. The portal's summary is not trusted: governance judges the record afresh.
    """
    record = room.portal.current_release(load_answers().use_case)
    if record is None:
        raise GateClosed("the gate is closed: this use case has no release", rule="no_release")
    receivers = [p.participant for p in room.portal.participants() if p.state == "active"]
    gate.check(
        load_policy(room.settings.policy_file),
        record,
        now=now,
        artefact_digest=digest_in(room.settings.artefacts_dir, record.draft.digests.artefact),
        participants=receivers,
    )
    return record


def digest_in(folder: Path, wanted: str) -> str:
    """`wanted` where a file of the folder has exactly these bytes, else NO_ARTEFACT. Files that carry the digest in
    their name are read first; a name alone proves nothing."""
    files = [p for p in folder.rglob("*") if p.is_file()] if folder.is_dir() else []
    for path in sorted(files, key=lambda p: wanted not in p.name):
        if hashlib.sha256(path.read_bytes()).hexdigest() == wanted:
            return wanted
    return NO_ARTEFACT
