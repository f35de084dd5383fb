"""The one place where a release's state is written, with the step and its event."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from cleanroom.vocabulary.terms import ReleaseState
from portal.audit.actions import record
from portal.signoffs.models import Release, ReleaseMove

if TYPE_CHECKING:
    from portal.accounts.models import User


def move(release: Release, to: ReleaseState, *, by: "User", reason: str = "", now: datetime | None = None) -> None:
    """Write `to`, the step and the event. The caller has locked the release and asked governance whether it may."""
    now = now or timezone.now()
    before, release.state = release.state, to
    release.save()
    ReleaseMove.objects.create(release=release, from_state=before, to_state=to, by=by, at=now, reason=reason)
    detail = {"from": str(before), "to": str(to), "tier": release.tier, "why": reason}
    record(by=by, verb=f"release.{to}", subject=f"release:{release.release_id}", detail=detail)
