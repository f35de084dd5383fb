"""Ask for a waiver; approve one."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from cleanroom.contracts.governance import WaiverRequest
from cleanroom.governance import waivers
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.signoffs.models import Release, WaiverRecord
from portal.signoffs.policy import current_policy
from portal.signoffs.queries import record_of, release_of, waivers_of

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def request_waiver(release_id: str, request: WaiverRequest, *, by: "User") -> Release:
    """Write a request. The same request again changes nothing; NotAllowed for what the policy does not let pass."""
    check_may(by, Permission.REQUEST_WAIVER)
    release, now = release_of(release_id, lock=True), timezone.now()
    asked = request.model_dump()
    if waivers_of(release).filter(requested_by=by, **asked).exists():
        return release
    waivers.check_may_request(current_policy(), record_of(release), request, by=by.username, now=now)
    WaiverRecord.objects.create(
        release=release,
        subject_digest=release.subject_digest,
        requested_by=by,
        requested_at=now,
        developer_id=release.developer_id,
        **asked,
    )
    detail = {"control": request.control_id, "ends_on": request.ends_on.isoformat()}
    record(by=by, verb="waiver.requested", subject=f"release:{release_id}", detail=detail)
    return release


@transaction.atomic
def approve_waiver(release_id: str, control_id: str, *, by: "User") -> Release:
    """Approve as a second person. Approved again by the same person it stays as it is."""
    check_may(by, Permission.APPROVE_WAIVER)
    release, now = release_of(release_id, lock=True), timezone.now()
    waiver = waivers_of(release).filter(control_id=control_id).first()
    if waiver and waiver.approved_by_id == by.pk:
        return release
    waivers.check_may_approve(current_policy(), record_of(release), control_id, by=by.username, now=now)
    waiver.approved_by, waiver.approved_at = by, now
    waiver.save(update_fields=["approved_by", "approved_at"])
    record(by=by, verb="waiver.approved", subject=f"release:{release_id}", detail={"control": control_id})
    return release
