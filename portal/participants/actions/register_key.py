"""Register and revoke public keys: the participants' and the clean room's."""

from django.db import transaction
from django.utils import timezone

from cleanroom.contracts.messages import KeyRegistration
from cleanroom.errors import KeyRefused, NotAllowed, NotFound
from portal.accounts.models import User
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.participants.keys import check_recipient, check_registration, check_signing_key
from portal.participants.models import Participant, ParticipantKey, RoomKey
from portal.participants.queries import participant_for_change


def register_key(*, by: User, participant: str, registration: KeyRegistration) -> ParticipantKey:
    """The same key again changes nothing; another key under a used name, or a key of someone else, is refused."""
    check_may(by, Permission.REGISTER_KEY, institution=participant)
    check_registration(registration, participant=participant)
    with transaction.atomic():
        owner = participant_for_change(participant)
        if owner.state not in (Participant.State.INVITED, Participant.State.ACTIVE):
            raise NotAllowed("an institution that is suspended or has left registers no keys")
        if known := _known(owner, registration):
            return known
        key = ParticipantKey.objects.create(
            participant=owner, kid=registration.kid, purpose=registration.purpose,
            public_key=registration.public_key, registered_by=by,
        )  # fmt: skip
        detail = {"kid": registration.kid, "purpose": registration.purpose}
        record(by=by, verb="key.registered", subject=f"participant:{participant}", detail=detail)
        return key


def _known(owner: Participant, registration: KeyRegistration) -> ParticipantKey | None:
    same_key = ParticipantKey.objects.filter(public_key=registration.public_key).first()
    same_name = owner.keys.filter(kid=registration.kid).first()
    found = same_key or same_name
    if found is None:
        return None
    if found.revoked_at is not None:
        raise KeyRefused("this key was revoked; register a new one", rule="key_revoked")
    if same_key != same_name or found.purpose != registration.purpose or found.participant_id != owner.pk:
        raise KeyRefused("this key, or this name of a key, is in use for something else", rule="key_in_use")
    return found


def revoke_key(*, by: User, participant: str, kid: str) -> ParticipantKey:
    """From now on nothing signed with this key is believed. Again: nothing changes."""
    check_may(by, Permission.REVOKE_KEY, institution=participant)
    with transaction.atomic():
        key = ParticipantKey.objects.select_for_update().filter(participant__code=participant, kid=kid).first()
        if key is None:
            raise NotFound("this institution has no key of that name")
        if key.revoked_at is None:
            key.revoked_at, key.revoked_by = timezone.now(), by
            key.save(update_fields=["revoked_at", "revoked_by"])
            record(by=by, verb="key.revoked", subject=f"participant:{participant}", detail={"kid": kid})
        return key


def register_room_key(*, by: User, recipient_kid: str, recipient: str, signing_kid: str, signing_key: str) -> RoomKey:
    """Make this the clean room's current pair of public keys; the earlier one stays on record as replaced."""
    check_may(by, Permission.REGISTER_ROOM_KEY)
    check_recipient(recipient)
    check_signing_key(signing_key)
    wanted = {
        "recipient_kid": recipient_kid, "recipient": recipient, "signing_kid": signing_kid, "signing_key": signing_key,
    }  # fmt: skip
    with transaction.atomic():
        current = RoomKey.objects.select_for_update().filter(replaced_at=None).first()
        if current and all(getattr(current, field) == value for field, value in wanted.items()):
            return current
        RoomKey.objects.filter(replaced_at=None).update(replaced_at=timezone.now())
        key = RoomKey.objects.create(registered_by=by, **wanted)
        detail = {"recipient_kid": recipient_kid, "signing_kid": signing_kid}
        record(by=by, verb="room_key.registered", subject="room", detail=detail)
        return key
