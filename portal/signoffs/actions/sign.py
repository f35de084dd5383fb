"""Sign a release off, or reject it."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.contracts.governance import SignOffRequest
from cleanroom.errors import NotAllowed
from cleanroom.governance import releases
from portal.accounts.names import CAPACITY_NAMES
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.signoffs.actions.moves import move
from portal.signoffs.models import Release, SignOffRecord
from portal.signoffs.policy import current_policy
from portal.signoffs.queries import receivers, record_of, release_of

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def sign_release(release_id: str, request: SignOffRequest, *, by: "User") -> Release:
    """Write one signature; a complete quorum approves the release, a rejection returns it to draft.

    The same signature again changes nothing. NotAllowed for a capacity that the person does not hold, and for whatever
    `cleanroom.governance.releases.check_may_sign` objects to.
    """
    check_may(by, Permission.SIGN_RELEASE)
    release = release_of(release_id, lock=True)
    if _signed_so(release, request, by):
        return release
    check_capacity(by, request)
    policy, codes = current_policy(), receivers()
    institution = by.institution_code
    releases.check_may_sign(
        policy, record_of(release), request, by=by.username, institution=institution, participants=codes
    )
    _write(release, request, by)
    to = releases.state_after_sign_off(policy, record_of(release), participants=codes)
    if to != release.state:
        move(release, to, by=by, reason=request.comment[:400])
    return release


def check_capacity(by: "User", request: SignOffRequest) -> None:
    """In which capacity a person may sign is granted to the person, not implied by the role."""
    if request.role not in by.capacities:
        name = CAPACITY_NAMES[request.role.value]
        raise NotAllowed(**said("You may not sign as: %(capacity)s.", capacity=name))


def _signed_so(release: Release, request: SignOffRequest, by: "User") -> bool:
    return release.sign_offs.filter(
        person=by, role=request.role, decision=request.decision, subject_digest=request.subject_digest
    ).exists()


def _write(release: Release, request: SignOffRequest, by: "User") -> None:
    SignOffRecord.objects.create(
        release=release,
        person=by,
        developer_id=release.developer_id,
        institution_id=by.institution_id,
        role=request.role,
        decision=request.decision,
        subject_digest=request.subject_digest,
        comment=request.comment,
        signed_at=timezone.now(),
    )
    detail = {"capacity": str(request.role), "decision": request.decision, "subject_digest": request.subject_digest}
    record(by=by, verb="release.signed", subject=f"release:{release.release_id}", detail=detail)
