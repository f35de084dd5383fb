"""An institution's public key: one person or service proposes it and proves that its private part is at hand."""

from django.db import transaction
from django.utils import timezone

from cleanroom.contracts.messages import KeyRegistration
from cleanroom.errors import KeyRefused, NotAllowed
from portal.accounts.models import User
from portal.accounts.permissions import Permission, check_may
from portal.audit.actions import record
from portal.common.said import said
from portal.participants.keys import check_answer, check_registration, new_challenge
from portal.participants.models import Participant, ParticipantKey
from portal.participants.queries import key_for_change, participant_for_change


def propose_key(*, by: User, participant: str, registration: KeyRegistration) -> ParticipantKey:
    """A signing key comes with its proof; a sealing key gets a challenge, which `prove_key` answers. The same key again
    changes nothing; another key under a used name, or a key of someone else, is refused."""
    check_may(by, Permission.PROPOSE_KEY, institution=participant)
    check_registration(registration, participant=participant)
    with transaction.atomic():
        owner = participant_for_change(participant)
        if owner.state not in (Participant.State.INVITED, Participant.State.ACTIVE):
            raise NotAllowed(**said("an institution that is suspended or has left registers no keys"))
        key = _known(owner, registration) or ParticipantKey(
            participant=owner, kid=registration.kid, purpose=registration.purpose, public_key=registration.public_key
        )
        if key.pk and key.revoked_at is None:
            return key
        _write(key, by, _possession(participant, registration))
        detail = {"kid": registration.kid, "purpose": registration.purpose}
        record(by=by, verb="key.proposed", subject=f"participant:{participant}", detail=detail)
        return key


def prove_key(*, by: User, participant: str, kid: str, answer: str) -> ParticipantKey:
    """Take the answer to a sealing key's challenge. Again: nothing changes. Raises KeyRefused for a wrong one."""
    check_may(by, Permission.PROPOSE_KEY, institution=participant)
    with transaction.atomic():
        key = key_for_change(participant, kid)
        check_answer(key, answer)
        if key.proved_at is None:
            key.proved_at = timezone.now()
            key.save(update_fields=["proved_at"])
            record(by=by, verb="key.proved", subject=f"participant:{participant}", detail={"kid": kid})
        return key


def _write(key: ParticipantKey, by: User, possession: dict) -> None:
    """A proposal that was declined is made anew in the same row: the key was never in use."""
    fresh = {"proposed_at": timezone.now(), "proposed_by": by, "proved_at": None, "challenge": "", "answer_digest": ""}
    ended = {"revoked_at": None, "revoked_by": None, "revoked_reason": ""}
    for field, value in {**fresh, **ended, **possession}.items():
        setattr(key, field, value)
    key.save()


def _possession(participant: str, registration: KeyRegistration) -> dict:
    """A signing key is proven by the signature that came with it."""
    if registration.purpose == ParticipantKey.Purpose.SIGNING:
        return {"proved_at": timezone.now()}
    return new_challenge(owner=participant, kid=registration.kid, recipient=registration.public_key)


def _known(owner: Participant, registration: KeyRegistration) -> ParticipantKey | None:
    same_key = ParticipantKey.objects.filter(public_key=registration.public_key).first()
    same_name = owner.keys.filter(kid=registration.kid).first()
    found = same_key or same_name
    if found is None:
        return None
    if found.revoked_at is not None and found.approved_at is not None:
        raise KeyRefused(**said("this key was revoked; make and propose a new one"), rule="key_revoked")
    if same_key != same_name or found.purpose != registration.purpose or found.participant_id != owner.pk:
        raise KeyRefused(**said("this key, or this name of a key, is in use for something else"), rule="key_in_use")
    return found
