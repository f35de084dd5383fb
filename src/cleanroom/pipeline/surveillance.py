"""The release in force is watched: at every scoring run, and whenever the command line or a DAG asks."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.contracts.messages import AuditEvent
from cleanroom.governance import suspension
from cleanroom.governance.answers import load_answers
from cleanroom.governance.policy import load_policy
from cleanroom.governance.reasons import Reason
from cleanroom.governance.suspension import Drift
from cleanroom.pipeline.auditing import record as record_event
from cleanroom.pipeline.gate import Asker, participants
from cleanroom.stores.audit_file import AuditFile
from cleanroom.vocabulary.terms import ReleaseState


@dataclass(frozen=True)
class Watched:
    """`record`: the release that was in force, None where none was. `reasons`: why it was suspended; () where not."""

    record: ReleaseRecord | None
    reasons: tuple[Reason, ...]


def watch(asker: Asker, *, drift: Drift | None = None, now: datetime | None = None) -> Watched:
    """Suspend the release in force where there is a reason to; again it changes nothing.

    `drift`: as the run that has just scored measured it. Raises PortalFault where the portal does not answer.
    """
    now = now or datetime.now(UTC)
    record = asker.portal.current_release(load_answers().use_case)
    if record is None or record.state is not ReleaseState.RELEASED:
        return Watched(None, ())
    reasons = suspension.why(
        load_policy(asker.settings.policy_file),
        record,
        now=now,
        participants=participants(asker.portal),
        drift=drift,
        incidents=asker.portal.incidents(),
    )
    if reasons:
        _suspend(asker, record, reasons, now)
    return Watched(record, reasons)


def _suspend(asker: Asker, record: ReleaseRecord, reasons: tuple[Reason, ...], now: datetime) -> None:
    release_id = record.draft.release_id
    asker.portal.suspend_release(release_id, suspension.as_text(reasons))
    codes = ",".join(dict.fromkeys(reason.code for reason in reasons))
    event = AuditEvent(
        at=now, actor="room", verb="release.watched", subject=f"release:{release_id}", detail={"suspended_for": codes}
    )
    record_event(event, log=AuditFile(asker.settings.audit_file), portal=asker.portal)
