"""Answering the challenge for a ring's sealing key: see contracts.possession."""

import base64
import binascii

from cleanroom.contracts.possession import CHALLENGE_CAP_BYTES, answer_to
from cleanroom.crypto.keyring import ParticipantKeyRing, RoomKeyRing
from cleanroom.errors import ContentTampered, KeyRefused


def answer_challenge(ring: ParticipantKeyRing | RoomKeyRing, challenge: str) -> str:
    """`challenge`: base64, as the portal gives it. The answer, hex. Raises KeyRefused for anything else than a
    challenge for the sealing key that this ring has in use."""
    try:
        opened = ring.decrypt(base64.b64decode(challenge, validate=True), cap_bytes=CHALLENGE_CAP_BYTES)
    except (binascii.Error, ValueError, ContentTampered):
        raise KeyRefused(
            "this is no challenge for a key of this ring; nothing is answered",
            zh="此非對本金鑰環之驗證問題；未予回答",
            rule="key_challenge",
        ) from None
    return answer_to(opened, owner=ring.owner, kid=ring.recipient_kid, public_key=ring.recipient)
