"""An institution's public key: a second person approves it; one person revokes it, at once."""

from django.db import transaction
from django.utils import timezone

from cleanroom.errors import KeyRefused, NotAllowed, RequestInvalid
from portal.accounts.models import User
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.participants.models import ParticipantKey
from portal.participants.queries import key_for_change

LEAST_REASON = 10


def approve_key(*, by: User, participant: str, kid: str) -> ParticipantKey:
    """From now on what is signed with it counts. Again: nothing changes."""
    check_may(by, Permission.APPROVE_KEY, institution=participant)
    with transaction.atomic():
        key = key_for_change(participant, kid)
        if key.approved_at is None:
            check_approvable(key, by=by)
            key.approved_at, key.approved_by = timezone.now(), by
            key.save(update_fields=["approved_at", "approved_by"])
            detail = {"kid": kid, "purpose": key.purpose, "proposed_by": key.proposed_by.username}
            record(by=by, verb="key.approved", subject=f"participant:{participant}", detail=detail)
        return key


def revoke_key(*, by: User, participant: str, kid: str, reason: str) -> ParticipantKey:
    """From now on nothing signed with this key is believed, whenever it was signed. A proposal ends in the same way.
    Again: nothing changes."""
    check_may(by, Permission.REVOKE_KEY, institution=participant)
    reason = check_reason(reason)
    with transaction.atomic():
        key = key_for_change(participant, kid, revoked=True)
        if key.revoked_at is None:
            key.revoked_at, key.revoked_by, key.revoked_reason = timezone.now(), by, reason
            key.save(update_fields=["revoked_at", "revoked_by", "revoked_reason"])
            detail = {"kid": kid, "reason": reason}
            record(by=by, verb="key.revoked", subject=f"participant:{participant}", detail=detail)
        return key


def check_approvable(key, *, by: User) -> None:
    """Raise unless `by` is a second person and possession is proven."""
    if key.proposed_by_id == by.pk:
        raise NotAllowed(**said("the approval must come from a second person"), rule="two_people")
    if key.proved_at is None:
        raise KeyRefused(
            **said("nobody has shown yet that this key is at hand; answer its challenge first"), rule="key_proof"
        )


def check_reason(reason: str) -> str:
    """The reason, trimmed. Raises RequestInvalid."""
    if len(reason.strip()) < LEAST_REASON:
        raise RequestInvalid(**said("give the reason in a sentence (at least 10 characters)"))
    return reason.strip()[:300]
