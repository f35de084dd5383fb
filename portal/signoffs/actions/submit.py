"""Submit a release for its sign-offs."""

from typing import TYPE_CHECKING

from django.db import transaction

from cleanroom.governance import releases
from cleanroom.vocabulary.terms import ReleaseState
from portal.accounts.permissions import Permission, check_may
from portal.signoffs.actions.moves import move
from portal.signoffs.models import Release
from portal.signoffs.policy import current_policy
from portal.signoffs.queries import receivers, record_of, release_of

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def submit_release(release_id: str, *, by: "User") -> Release:
    """Ask for sign-offs. Submitted again it stays as it is."""
    check_may(by, Permission.SUBMIT_RELEASE)
    release = release_of(release_id, lock=True)
    if release.state == ReleaseState.SUBMITTED:
        return release
    releases.check_may_move(
        current_policy(), record_of(release), ReleaseState.SUBMITTED, by=by.username, participants=receivers()
    )
    move(release, ReleaseState.SUBMITTED, by=by)
    return release
