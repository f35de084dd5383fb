"""An institution holds a release for its own traffic, and lets it go again."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.errors import NotAllowed
from cleanroom.vocabulary.terms import ReleaseState
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.signoffs.models import Release, ReleaseHold
from portal.signoffs.queries import release_of

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def hold_release(release_id: str, *, reason: str, by: "User") -> Release:
    """Hold for the person's own institution. Held again it stays as it is."""
    check_may(by, Permission.HOLD_RELEASE, institution=by.institution_code)
    release = release_of(release_id, lock=True)
    if release.state == ReleaseState.RETIRED:
        raise NotAllowed(**said("A retired release sends nothing; there is nothing to hold."))
    if release.holds.filter(participant=by.institution, in_force=True).exists():
        return release
    ReleaseHold.objects.create(
        release=release, participant=by.institution, reason=reason[:400], held_by=by, held_at=timezone.now()
    )
    _record("release.held", release, by, reason)
    return release


@transaction.atomic
def lift_hold(release_id: str, *, by: "User") -> Release:
    """Let the release's output come to the person's own institution again."""
    check_may(by, Permission.HOLD_RELEASE, institution=by.institution_code)
    release = release_of(release_id, lock=True)
    hold = release.holds.filter(participant=by.institution, in_force=True).first()
    if hold is None:
        return release
    hold.in_force, hold.lifted_by, hold.lifted_at = False, by, timezone.now()
    hold.save(update_fields=["in_force", "lifted_by", "lifted_at"])
    _record("release.let_go", release, by, "")
    return release


def _record(verb: str, release: Release, by: "User", reason: str) -> None:
    detail = {"participant": by.institution_code, "why": reason}
    record(by=by, verb=verb, subject=f"release:{release.release_id}", detail=detail)
