"""Ed25519 signatures of the room and of participants, under keys that were checked when they were registered."""

import base64
import binascii

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from cleanroom.contracts.checkpoints import Cosignature, SignedCheckpoint
from cleanroom.errors import SignatureRefused
from portal.common.said import said
from portal.participants.models import RoomKey
from portal.participants.queries import active_signing_key


def check_room(signed: SignedCheckpoint) -> None:
    """Under any of the room's approved keys that was not revoked: checkpoints from before an exchange stay good."""
    keys = RoomKey.objects.active().filter(signing_kid=signed.signing_kid)
    if not any(_verifies(key.signing_key, signed) for key in keys):
        raise SignatureRefused(
            **said("the checkpoint is not signed by the clean room's registered key"), rule="checkpoint"
        )


def check_participant(cosignature: Cosignature) -> None:
    key = active_signing_key(cosignature.participant, cosignature.signing_kid)
    if key is None or not _verifies(key.public_key, cosignature):
        raise SignatureRefused(
            **said("the cosignature is not signed by the institution's registered key"), rule="cosignature"
        )


def _verifies(public_key: str, document: SignedCheckpoint | Cosignature) -> bool:
    try:
        VerifyKey(_decoded(public_key)).verify(document.domain + document.covered(), _decoded(document.signature))
    except (BadSignatureError, ValueError):
        return False
    return True


def _decoded(text: str) -> bytes:
    """Base64url without padding. Raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as e:
        raise ValueError(str(e)) from None
