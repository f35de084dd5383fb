"""What would suspend a release that is out, asked of any release: what stands in the way of its coming back."""

from datetime import datetime

from cleanroom.contracts.governance import ReleaseRecord
from cleanroom.governance import suspension
from cleanroom.governance.reasons import Reason
from cleanroom.vocabulary.terms import ReleaseState
from portal.incidents.queries import standings_naming
from portal.signoffs.models import Release
from portal.signoffs.policy import current_policy
from portal.signoffs.queries import receivers, record_of


def standing_incidents(release: Release, *, now: datetime, record: ReleaseRecord | None = None) -> tuple[Reason, ...]:
    """Open incidents for which the policy suspends this release. `record`: where it was read already."""
    incidents = [i for i in standings_naming(release.release_id) if i.closed_at is None]
    if not incidents:
        return ()
    out = (record or record_of(release)).model_copy(update={"state": ReleaseState.RELEASED})
    reasons = suspension.why(current_policy(), out, now=now, participants=receivers(), incidents=incidents)
    return tuple(reason for reason in reasons if reason.code == "incident")
