"""Which keys wait for a person: to be approved by a second one, or to be proven by whoever proposed them."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.permissions import Permission, may
from portal.common.templatetags.portal import named
from portal.common.waiting import Waiting
from portal.participants.models import ParticipantKey, RoomKey


def waiting_keys(person: User) -> Iterator[Waiting]:
    for key in ParticipantKey.objects.proposed().select_related("participant"):
        yield from _of_institution(person, key)
    yield from _of_room(person)


def _of_institution(person: User, key: ParticipantKey) -> Iterator[Waiting]:
    code = key.participant.code
    url, names = reverse("participants-one", args=[code]), {"kid": key.kid, "name": named(key.participant)}
    if key.proved_at is None and key.proposed_by_id == person.pk:
        yield Waiting(_("Answer the challenge for key %(kid)s of %(name)s") % names, url, key.proposed_at)
    approvable = key.proved_at and key.proposed_by_id != person.pk
    if approvable and may(person, Permission.APPROVE_KEY, institution=code):
        detail = _("proposed by %(who)s") % {"who": key.proposed_by}
        yield Waiting(_("Approve key %(kid)s of %(name)s") % names, url, key.proposed_at, urgent=True, detail=detail)


def _of_room(person: User) -> Iterator[Waiting]:
    url, proposed = reverse("participants-room-keys"), RoomKey.objects.proposed().first()
    if proposed and proposed.proved_at and proposed.proposed_by_id != person.pk:
        if may(person, Permission.APPROVE_ROOM_KEY):
            yield Waiting(_("Approve the clean room's keys"), url, proposed.proposed_at, urgent=True)
    elif may(person, Permission.PROPOSE_ROOM_KEY) and not _room_has_keys():
        yield Waiting(_("Propose the clean room's public keys"), url, person.created_at, urgent=True)


def _room_has_keys() -> bool:
    return RoomKey.objects.active().filter(replaced_at=None).exists() or RoomKey.objects.proposed().exists()
