"""Bringing a side's public keys to the portal: proposed and proven here, approved by a second person there."""

from collections.abc import Callable
from typing import Any

from cleanroom.contracts.messages import KeyStanding
from cleanroom.crypto.keyring import ParticipantKeyRing, RoomKeyRing
from cleanroom.crypto.possession import answer_challenge
from cleanroom.pipeline.keys import open_keys
from cleanroom.settings import ParticipantSettings, RoomSettings
from cleanroom.stores.portal_http import HttpPortal

Post = Callable[[str, Any], Any]  # one call of the portal's API: path and body -> the answer's JSON


def propose_keys(settings: ParticipantSettings | RoomSettings) -> list[KeyStanding]:
    """This side's keys, with the token of its own service."""
    ring = open_keys(settings)
    portal = HttpPortal.of(settings)
    try:
        if isinstance(ring, RoomKeyRing):
            return [propose_room_keys(ring, post=portal.post)]
        return propose_participant_keys(ring, post=portal.post)
    finally:
        portal.close()


def propose_participant_keys(ring: ParticipantKeyRing, *, post: Post) -> list[KeyStanding]:
    """The signing key with its proof, and the sealing key with the answer to its challenge. Again: nothing changes."""
    keys = f"/participants/{ring.institution}/keys"
    return [_prove(post(keys, registration), ring, keys, post) for registration in ring.key_registrations()]


def propose_room_keys(ring: RoomKeyRing, *, post: Post) -> KeyStanding:
    """The clean room's pair, both proven. Again: nothing changes."""
    pair = {
        "recipient_kid": ring.recipient_kid,
        "recipient": ring.recipient,
        "signing_kid": ring.signing_kid,
        "signing_key": ring.signing_public_key,
        "proof": ring.proof_of_possession(),
    }
    return _prove(post("/room-keys", pair), ring, "/room-keys", post)


def _prove(answer: Any, ring: ParticipantKeyRing | RoomKeyRing, keys: str, post: Post) -> KeyStanding:
    standing = KeyStanding.model_validate(answer)
    if standing.challenge is None:
        return standing
    proof = {"answer": answer_challenge(ring, standing.challenge)}
    return KeyStanding.model_validate(post(f"{keys}/{standing.kid}/proof", proof))
