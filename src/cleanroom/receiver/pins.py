"""Whom the receiver believes: the portal's transport key and the clean room's signing key, pinned at first use.

The portal tells both keys once. Afterwards a changed key is refused until a person confirms it: otherwise whoever
controls the portal could speak in the clean room's name.
"""

from cleanroom.crypto.signing import check_public_key
from cleanroom.errors import KeyRefused
from cleanroom.receiver.inbox import Inbox
from cleanroom.receiver.opening import RoomKey
from cleanroom.receiver.portal import PortalClient

WEBHOOK_KEY, ROOM_KID, ROOM_KEY = "portal_webhook_key", "room_signing_kid", "room_signing_key"


def pin_webhook_key(inbox: Inbox, portal: PortalClient, *, given: str | None) -> str:
    """A key that the operator gives is pinned anew; else the pinned one; else the one that the portal shows."""
    key = given or inbox.mark(WEBHOOK_KEY) or portal.webhook_key()
    check_public_key(key)
    inbox.set_mark(WEBHOOK_KEY, key)
    return key


def pin_room_key(inbox: Inbox, portal: PortalClient, *, institution: str, trust: str | None) -> RoomKey:
    """The pinned key, without asking; at first use, or where the operator trusts the new key id `trust`, the portal's.

    Raises KeyRefused where no key is registered or another one than the operator named.
    """
    kid, key = inbox.mark(ROOM_KID), inbox.mark(ROOM_KEY)
    if kid and key and trust in (None, kid):
        return RoomKey(kid, key)
    gate = portal.gate(institution)
    if not gate.room_signing_kid or not gate.room_signing_key:
        raise KeyRefused(
            "the clean room has not registered a signing key yet", zh="無塵室尚未登錄簽章金鑰", rule="room_key"
        )
    if trust not in (None, gate.room_signing_kid):
        raise KeyRefused(
            "the portal shows another signing key of the clean room than the one named",
            zh="入口網站所示之無塵室簽章金鑰，與所給定者不同",
            rule="room_key",
        )
    check_public_key(gate.room_signing_key)
    inbox.set_mark(ROOM_KEY, gate.room_signing_key)
    inbox.set_mark(ROOM_KID, gate.room_signing_kid)
    return RoomKey(gate.room_signing_kid, gate.room_signing_key)
