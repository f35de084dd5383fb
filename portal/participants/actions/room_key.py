"""The clean room's pair of public keys: proposed by one, approved by a second person, replaced or revoked."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cleanroom.errors import KeyRefused, NotFound
from portal.accounts.models import User
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.participants.actions.approve_key import check_approvable, check_reason
from portal.participants.keys import ROOM, check_answer, check_proof, check_recipient, check_signing_key, new_challenge
from portal.participants.models import RoomKey


def propose_room_key(
    *, by: User, recipient_kid: str, recipient: str, signing_kid: str, signing_key: str, proof: str
) -> RoomKey:
    """The same pair again changes nothing; a pair that waits gives way to a newer one. Raises KeyRefused."""
    check_may(by, Permission.PROPOSE_ROOM_KEY)
    check_recipient(recipient)
    check_signing_key(signing_key)
    check_proof(ROOM, "signing", signing_kid, signing_key, proof)
    pair = {
        "recipient_kid": recipient_kid, "recipient": recipient, "signing_kid": signing_kid, "signing_key": signing_key,
    }  # fmt: skip
    with transaction.atomic():
        if known := _live().filter(**pair).first():
            return known
        _check_unused(pair)
        _give_way(by)
        key = RoomKey.objects.create(
            proposed_by=by, **pair, **new_challenge(owner=ROOM, kid=recipient_kid, recipient=recipient)
        )
        detail = {"recipient_kid": recipient_kid, "signing_kid": signing_kid}
        record(by=by, verb="room_key.proposed", subject="room", detail=detail)
        return key


def prove_room_key(*, by: User, recipient_kid: str, answer: str) -> RoomKey:
    """Take the answer to the challenge. Again: nothing changes. Raises KeyRefused for a wrong one."""
    check_may(by, Permission.PROPOSE_ROOM_KEY)
    with transaction.atomic():
        key = _one(recipient_kid)
        check_answer(key, answer)
        if key.proved_at is None:
            key.proved_at = timezone.now()
            key.save(update_fields=["proved_at"])
            record(by=by, verb="room_key.proved", subject="room", detail={"recipient_kid": recipient_kid})
        return key


def approve_room_key(*, by: User, recipient_kid: str) -> RoomKey:
    """Uploads are sealed to this pair from now on; the earlier one stays on record as replaced. Again: no change."""
    check_may(by, Permission.APPROVE_ROOM_KEY)
    with transaction.atomic():
        key = _one(recipient_kid)
        if key.approved_at is None:
            check_approvable(key, by=by)
            now = timezone.now()
            RoomKey.objects.active().filter(replaced_at=None).update(replaced_at=now)
            key.approved_at, key.approved_by = now, by
            key.save(update_fields=["approved_at", "approved_by"])
            detail = {"recipient_kid": recipient_kid, "proposed_by": key.proposed_by.username}
            record(by=by, verb="room_key.approved", subject="room", detail=detail)
        return key


def revoke_room_key(*, by: User, recipient_kid: str, reason: str) -> RoomKey:
    """Nothing is sealed to it any more: until another pair is approved, nobody uploads. Again: nothing changes."""
    check_may(by, Permission.REVOKE_ROOM_KEY)
    reason = check_reason(reason)
    with transaction.atomic():
        key = _one(recipient_kid, live=False)
        if key.revoked_at is None:
            _revoke(key, by, reason)
        return key


def _give_way(by: User) -> None:
    for waiting in RoomKey.objects.select_for_update().proposed():
        _revoke(waiting, by, "another pair was proposed")


def _revoke(key: RoomKey, by: User, reason: str) -> None:
    key.revoked_at, key.revoked_by, key.revoked_reason = timezone.now(), by, reason
    key.save(update_fields=["revoked_at", "revoked_by", "revoked_reason"])
    detail = {"recipient_kid": key.recipient_kid, "reason": reason}
    record(by=by, verb="room_key.revoked", subject="room", detail=detail)


def _check_unused(pair: dict[str, str]) -> None:
    """A recipient, and its name, serves once; a signing key may outlive its recipient, but not its revocation."""
    used = RoomKey.objects.filter(approved_at__isnull=False)
    for field in ("recipient", "recipient_kid"):
        if used.filter(**{field: pair[field]}).exists():
            raise KeyRefused(
                **said("the clean room had this sealing key, or its name, before; make a new one"), rule="key_in_use"
            )
    for field in ("signing_key", "signing_kid"):
        if used.filter(revoked_at__isnull=False, **{field: pair[field]}).exists():
            raise KeyRefused(**said("this signing key was revoked; make and propose a new one"), rule="key_revoked")


def _live() -> QuerySet[RoomKey]:
    return RoomKey.objects.select_for_update().filter(replaced_at=None, revoked_at=None)


def _one(recipient_kid: str, *, live: bool = True) -> RoomKey:
    rows = _live() if live else RoomKey.objects.select_for_update()
    found = rows.filter(recipient_kid=recipient_kid).first()
    if found is None:
        raise NotFound(**said("the clean room has no key of that name in use or proposed"))
    return found
