"""Let a release out, stop it, retire it."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.errors import GateClosed
from cleanroom.governance import gate, releases
from cleanroom.governance.reasons import as_sentence, in_chinese
from cleanroom.vocabulary.terms import ReleaseState
from portal.accounts.permissions import Permission, check_may
from portal.programme.actions import close_on_evidence
from portal.programme.models import EvidenceKind
from portal.signoffs.actions.moves import move
from portal.signoffs.models import Release
from portal.signoffs.policy import current_policy
from portal.signoffs.queries import receivers, record_of, release_of
from portal.signoffs.standing import standing_incidents

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def publish_release(release_id: str, *, by: "User") -> Release:
    """Release, with the certificate that the gate writes for it. What was released before for the use case retires.

    NotAllowed for the move, GateClosed with every reason where the gate would not open.
    """
    check_may(by, Permission.PUBLISH_RELEASE)
    release, now = release_of(release_id, lock=True), timezone.now()
    if release.state == ReleaseState.RELEASED:
        return release
    certificate = gate.check_may_release(
        current_policy(), record_of(release), by=by.username, now=now, participants=receivers()
    )
    _check_settled(release, now)
    _retire_others(release, by=by, now=now)
    release.released_at, release.released_by = release.released_at or now, by
    release.certificate, release.certificate_digest = certificate.model_dump(mode="json"), certificate.digest
    release.suspended_reason = ""
    move(release, ReleaseState.RELEASED, by=by, now=now)
    close_on_evidence(EvidenceKind.MODEL_RELEASED, f"release:{release_id}", by=by)
    return release


def _check_settled(release: Release, now: datetime) -> None:
    """An incident that would suspend the release at once keeps it from coming back."""
    if standing := standing_incidents(release, now=now):
        raise GateClosed(
            as_sentence("the gate is closed", standing), zh=in_chinese("閘門關閉", standing), rule="incident"
        )


def _retire_others(release: Release, *, by: "User", now: datetime) -> None:
    in_use = Release.objects.select_for_update().filter(
        use_case=release.use_case, state__in=[ReleaseState.RELEASED, ReleaseState.SUSPENDED]
    )
    for other in in_use.exclude(pk=release.pk):
        move(other, ReleaseState.RETIRED, by=by, reason=f"replaced by {release.release_id}", now=now)


@transaction.atomic
def suspend_release(release_id: str, *, reason: str, by: "User") -> Release:
    """Stop a release at once: from now on nothing is scored or sent under it. Suspended again it stays as it is."""
    check_may(by, Permission.SUSPEND_RELEASE)
    return suspend_by_rule(release_id, reason=reason, by=by)


@transaction.atomic
def suspend_by_rule(release_id: str, *, reason: str, by: "User") -> Release:
    """What `suspend_release` does, where `cleanroom.governance.suspension` found a reason in what `by` was allowed to
    report: the rule suspends, whoever brought it up."""
    release = release_of(release_id, lock=True)
    if release.state == ReleaseState.SUSPENDED:
        return release
    releases.check_may_move(
        current_policy(), record_of(release), ReleaseState.SUSPENDED, by=by.username, participants=receivers()
    )
    release.suspended_reason = reason[:400]
    move(release, ReleaseState.SUSPENDED, by=by, reason=reason[:400])
    return release


@transaction.atomic
def retire_release(release_id: str, *, reason: str, by: "User") -> Release:
    """Take a release out of use for good."""
    check_may(by, Permission.PUBLISH_RELEASE)
    release = release_of(release_id, lock=True)
    if release.state == ReleaseState.RETIRED:
        return release
    releases.check_may_move(
        current_policy(), record_of(release), ReleaseState.RETIRED, by=by.username, participants=receivers()
    )
    move(release, ReleaseState.RETIRED, by=by, reason=reason[:400])
    return release
