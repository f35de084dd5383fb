"""Keys over the API: proposed and proven by one, approved by a second person, revoked by one."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from cleanroom.contracts.manifest import Frozen
from cleanroom.contracts.messages import KeyRegistration, KeyStanding
from portal.participants.actions.approve_key import approve_key, revoke_key
from portal.participants.actions.propose_key import propose_key, prove_key
from portal.participants.actions.room_key import approve_room_key, propose_room_key, prove_room_key, revoke_room_key
from portal.participants.models import ParticipantKey, RoomKey

router = Router()
Text = Annotated[str, Field(min_length=1, max_length=300)]


class RoomKeys(Frozen):
    recipient_kid: Text
    recipient: Text
    signing_kid: Text
    signing_key: Text
    proof: Text


class Answer(Frozen):
    answer: Text


class Reason(Frozen):
    reason: Text


def _standing(key: ParticipantKey) -> KeyStanding:
    return KeyStanding(kid=key.kid, state=key.state, challenge=_open_challenge(key))


def _room_standing(key: RoomKey) -> KeyStanding:
    return KeyStanding(kid=key.recipient_kid, state=key.state, challenge=_open_challenge(key))


def _open_challenge(key: ParticipantKey | RoomKey) -> str | None:
    return key.challenge if key.proved_at is None else None


@router.post("/participants/{code}/keys", response=KeyStanding)
def add(request: HttpRequest, code: str, body: KeyRegistration):
    return _standing(propose_key(by=request.auth, participant=code, registration=body))


@router.post("/participants/{code}/keys/{kid}/proof", response=KeyStanding)
def prove(request: HttpRequest, code: str, kid: str, body: Answer):
    return _standing(prove_key(by=request.auth, participant=code, kid=kid, answer=body.answer))


@router.post("/participants/{code}/keys/{kid}/approve", response=KeyStanding)
def approve(request: HttpRequest, code: str, kid: str):
    return _standing(approve_key(by=request.auth, participant=code, kid=kid))


@router.post("/participants/{code}/keys/{kid}/revoke", response=KeyStanding)
def revoke(request: HttpRequest, code: str, kid: str, body: Reason):
    return _standing(revoke_key(by=request.auth, participant=code, kid=kid, reason=body.reason))


@router.post("/room-keys", response=KeyStanding)
def add_room(request: HttpRequest, body: RoomKeys):
    return _room_standing(propose_room_key(by=request.auth, **body.model_dump()))


@router.post("/room-keys/{kid}/proof", response=KeyStanding)
def prove_room(request: HttpRequest, kid: str, body: Answer):
    return _room_standing(prove_room_key(by=request.auth, recipient_kid=kid, answer=body.answer))


@router.post("/room-keys/{kid}/approve", response=KeyStanding)
def approve_room(request: HttpRequest, kid: str):
    return _room_standing(approve_room_key(by=request.auth, recipient_kid=kid))


@router.post("/room-keys/{kid}/revoke", response=KeyStanding)
def revoke_room(request: HttpRequest, kid: str, body: Reason):
    return _room_standing(revoke_room_key(by=request.auth, recipient_kid=kid, reason=body.reason))
