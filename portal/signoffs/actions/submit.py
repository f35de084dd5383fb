"""Submit a release for its sign-offs, or take it back before."""

from typing import TYPE_CHECKING

from django.db import transaction

from cleanroom.errors import NotAllowed
from cleanroom.governance import releases
from cleanroom.vocabulary.terms import ReleaseState
from portal.accounts.permissions import Permission, check_may
from portal.common.said import said
from portal.signoffs.actions.moves import move
from portal.signoffs.models import Release
from portal.signoffs.names import STATE_NAMES
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


@transaction.atomic
def withdraw_release(release_id: str, *, reason: str, by: "User") -> Release:
    """Retire a draft that nobody was asked to sign yet. Withdrawn again it stays as it is; NotAllowed later on, when
    it is for people to decide."""
    check_may(by, Permission.DRAFT_RELEASE)
    release = release_of(release_id, lock=True)
    if release.state == ReleaseState.RETIRED:
        return release
    if release.state != ReleaseState.EVALUATED:
        raise NotAllowed(
            **said(
                "the release is %(state)s; only a draft that was not submitted yet is withdrawn",
                state=STATE_NAMES[release.state],
            )
        )
    move(release, ReleaseState.RETIRED, by=by, reason=reason[:400])
    return release
