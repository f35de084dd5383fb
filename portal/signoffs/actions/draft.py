"""Keep the draft of a release."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.contracts.governance import ReleaseDraft
from cleanroom.errors import NotAllowed
from cleanroom.governance import drafts
from cleanroom.vocabulary.terms import ReleaseState, Role
from portal.accounts.models import User as Person
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.signoffs.actions.moves import move
from portal.signoffs.models import Release
from portal.signoffs.names import STATE_NAMES
from portal.signoffs.policy import current_policy
from portal.signoffs.queries import first_released_at

if TYPE_CHECKING:
    from portal.accounts.models import User

_OPEN = (ReleaseState.DRAFT, ReleaseState.EVALUATED)


@transaction.atomic
def draft_release(draft: ReleaseDraft, *, by: "User") -> Release:
    """Keep an evaluated draft. The same draft again changes nothing; another content under the same name replaces it
    until it is submitted, and voids what was signed and waived.

    NotAllowed where the draft is not what it says (grade, digests, policy) or its developer is nobody here.
    """
    check_may(by, Permission.DRAFT_RELEASE)
    now = timezone.now()
    known = Release.objects.select_for_update().filter(release_id=draft.release_id).first()
    if known and known.draft == draft.model_dump(mode="json"):
        return known
    drafts.check_draft(current_policy(), draft, now=now, first_released_at=first_released_at(draft.use_case))
    developer = _developer(draft, by)
    if known and known.state not in _OPEN:
        raise NotAllowed(
            **said(
                "the release is %(state)s, so its content stands; draft a new release", state=STATE_NAMES[known.state]
            )
        )
    release = known or Release(release_id=draft.release_id, state=ReleaseState.DRAFT)
    _fill(release, draft, developer)
    release.drafted_by, release.drafted_at = by, now
    release.save()
    record(by=by, verb="release.drafted", subject=f"release:{draft.release_id}", detail=_detail(draft))
    if release.state != ReleaseState.EVALUATED:
        move(release, ReleaseState.EVALUATED, by=by, now=now)
    return release


def _developer(draft: ReleaseDraft, by: "User") -> Person:
    """Four eyes need two known people: the developer must be someone who has that role here."""
    if by.username != draft.developer and Role.MODEL_DEVELOPER in by.roles:
        raise NotAllowed(**said("a model developer drafts releases in his own name only"))
    person = Person.objects.filter(username=draft.developer, is_active=True, is_service=False).first()
    if person is None or Role.MODEL_DEVELOPER not in person.roles:
        raise NotAllowed(**said("the draft's developer is not known here as a model developer; name one who is"))
    return person


def _fill(release: Release, draft: ReleaseDraft, developer: Person) -> None:
    release.model, release.use_case, release.policy_version = draft.model, draft.use_case, draft.policy_version
    release.tier, release.score, release.developer = draft.tier, draft.score, developer
    release.draft, release.subject_digest = draft.model_dump(mode="json"), draft.subject_digest
    release.evaluated_at = draft.evaluated_at


def _detail(draft: ReleaseDraft) -> dict:
    return {"model": draft.model, "tier": str(draft.tier), "policy": draft.policy_version, "developer": draft.developer}
