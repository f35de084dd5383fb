"""The release under which warnings may leave the room now: asked of the portal, judged here, failing closed."""

from datetime import datetime
from typing import TYPE_CHECKING

from cleanroom.contracts.messages import ReleaseRecord
from cleanroom.errors import GateClosed
from cleanroom.governance import gate
from cleanroom.governance.answers import load_answers
from cleanroom.governance.policy import load_policy
from cleanroom.pipeline import artefacts

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room


def certified_release(room: "Room", *, now: datetime) -> ReleaseRecord:
    """The current release of the line's use case, with a valid certificate for the artefact that this room holds.

    Raises GateClosed with every reason, ArtefactRefused where the artefact's bytes are gone or others. The portal's
    summary is not trusted: governance judges the record afresh.
    """
    record = room.portal.current_release(load_answers().use_case)
    if record is None:
        raise GateClosed("the gate is closed: this use case has no release", rule="no_release")
    gate.check(
        load_policy(room.settings.policy_file),
        record,
        now=now,
        artefact_digest=artefacts.read(room, record.draft.digests.artefact).digest,
        participants=[p.participant for p in room.portal.participants() if p.state == "active"],
    )
    return record
