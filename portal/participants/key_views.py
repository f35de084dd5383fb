"""Pages and forms of keys: the institutions' and the clean room's."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cleanroom.contracts.messages import KeyRegistration
from cleanroom.contracts.possession import fingerprint
from portal.accounts.models import User
from portal.accounts.permissions import Answer, Permission, check_may, may
from portal.common.posting import done, given, one_of
from portal.common.tables import configure
from portal.participants.actions.approve_key import approve_key, revoke_key
from portal.participants.actions.propose_key import propose_key, prove_key
from portal.participants.actions.room_key import approve_room_key, propose_room_key, prove_room_key, revoke_room_key
from portal.participants.models import ParticipantKey, RoomKey
from portal.participants.tables import RoomKeyTable


@dataclass(frozen=True)
class WaitingKey:
    """A proposed key and whether the reader may approve it now. `fingerprint`: compared by voice before approval."""

    key: ParticipantKey | RoomKey
    fingerprint: str
    may_approve: Answer


def waiting_key(key: ParticipantKey | RoomKey, right: Answer, person: User) -> WaitingKey:
    public = key.recipient + key.signing_key if isinstance(key, RoomKey) else key.public_key
    return WaitingKey(key, fingerprint(public), _closed_where_not_now(key, right, person))


def _closed_where_not_now(key: ParticipantKey | RoomKey, right: Answer, person: User) -> Answer:
    if not right:
        return right
    if key.proposed_by_id == person.pk:
        return Answer(False, _("You proposed this key; a second person approves it."))
    if key.proved_at is None:
        return Answer(False, _("First its holder answers the challenge."))
    return right


@require_POST
def propose(request: HttpRequest, code: str) -> HttpResponse:
    registration = KeyRegistration(
        kid=given(request, "kid"), purpose=one_of(ParticipantKey.Purpose, given(request, "purpose")).value,
        public_key=given(request, "public_key"), proof=request.POST.get("proof", "").strip() or None,
    )  # fmt: skip
    return done(
        request, lambda: propose_key(by=request.user, participant=code, registration=registration),
        sentence=_("The key is proposed. A second person approves it."), back="participants-one", code=code,
    )  # fmt: skip


@require_POST
def prove(request: HttpRequest, code: str) -> HttpResponse:
    kid, answer = given(request, "kid"), given(request, "answer")
    return done(
        request, lambda: prove_key(by=request.user, participant=code, kid=kid, answer=answer),
        sentence=_("The challenge is answered. A second person approves the key."), back="participants-one", code=code,
    )  # fmt: skip


@require_POST
def approve(request: HttpRequest, code: str, kid: str) -> HttpResponse:
    return done(
        request, lambda: approve_key(by=request.user, participant=code, kid=kid),
        sentence=_("The key is approved and in use."), back="participants-one", code=code,
    )  # fmt: skip


@require_POST
def revoke(request: HttpRequest, code: str) -> HttpResponse:
    kid, reason = given(request, "kid"), given(request, "reason")
    return done(
        request, lambda: revoke_key(by=request.user, participant=code, kid=kid, reason=reason),
        sentence=_("The key is revoked. Nothing signed with it is believed any more."),
        back="participants-one", code=code,
    )  # fmt: skip


@require_safe
def room(request: HttpRequest) -> HttpResponse:
    check_may(request.user, Permission.READ_ROOM_KEY)
    table = RoomKeyTable(RoomKey.objects.select_related("proposed_by", "approved_by"), prefix="keys-")
    configure(request, table)
    right, proposed = may(request.user, Permission.APPROVE_ROOM_KEY), RoomKey.objects.proposed().first()
    context = {
        "table": table,
        "one": waiting_key(proposed, right, request.user) if proposed else None,
        "live": RoomKey.objects.active().filter(replaced_at=None).first(),
        "may_propose": may(request.user, Permission.PROPOSE_ROOM_KEY),
        "may_revoke": may(request.user, Permission.REVOKE_ROOM_KEY),
    }
    return render(request, "participants/room_keys.html", context)


@require_POST
def room_propose(request: HttpRequest) -> HttpResponse:
    fields = ("recipient_kid", "recipient", "signing_kid", "signing_key", "proof")
    pair = {name: given(request, name) for name in fields}
    return done(
        request, lambda: propose_room_key(by=request.user, **pair),
        sentence=_("The key is proposed. A second person approves it."), back="participants-room-keys",
    )  # fmt: skip


@require_POST
def room_prove(request: HttpRequest, kid: str) -> HttpResponse:
    answer = given(request, "answer")
    return done(
        request, lambda: prove_room_key(by=request.user, recipient_kid=kid, answer=answer),
        sentence=_("The challenge is answered. A second person approves the key."), back="participants-room-keys",
    )  # fmt: skip


@require_POST
def room_approve(request: HttpRequest, kid: str) -> HttpResponse:
    return done(
        request, lambda: approve_room_key(by=request.user, recipient_kid=kid),
        sentence=_("The key is approved and in use."), back="participants-room-keys",
    )  # fmt: skip


@require_POST
def room_revoke(request: HttpRequest, kid: str) -> HttpResponse:
    reason = given(request, "reason")
    return done(
        request, lambda: revoke_room_key(by=request.user, recipient_kid=kid, reason=reason),
        sentence=_("The key is revoked. Until another pair is approved, nobody can upload."),
        back="participants-room-keys",
    )  # fmt: skip
