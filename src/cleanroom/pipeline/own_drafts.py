"""Which drafts this room wrote: each one's digest goes into the room's audit log before the portal is given it.

The portal lies on the internet's side. Whoever can write there could draft a release with figures of his own for an
artefact that this room once trained; the gate opens for none that is not in the log.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from cleanroom.contracts.governance import ReleaseDraft, ReleaseRecord
from cleanroom.contracts.messages import AuditEvent
from cleanroom.governance.reasons import Reason
from cleanroom.settings import RoomSettings
from cleanroom.stores.audit_file import AuditFile

VERB = "release.measured"


def note(settings: RoomSettings, draft: ReleaseDraft) -> None:
    """Before the portal hears of it: a run that is killed in between drafts anew, and the later event counts."""
    detail = {"subject_digest": draft.subject_digest}
    event = AuditEvent(at=datetime.now(UTC), actor="room", verb=VERB, subject=_subject(draft), detail=detail)
    AuditFile(settings.audit_file).append(event)


def strange(settings: RoomSettings, record: ReleaseRecord) -> Iterator[Reason]:
    """The reason why this record is not one of this room's; nothing where it is."""
    found = AuditFile(settings.audit_file).last(_subject(record.draft), verb=VERB)
    if found is None or found[1].detail.get("subject_digest") != record.draft.subject_digest:
        en = "this room did not measure and draft what the portal holds; evaluate the release again here"
        yield Reason("drafted_elsewhere", en, "入口網站所存發布內容非由本無塵室評估；請重新評估")


def _subject(draft: ReleaseDraft) -> str:
    return f"release:{draft.release_id}"
