"""A warning as the portal, or whoever speaks for it, hands it to a receiver: its outside, or the envelope inside.

The first byte chooses: bytes or edits of a good one, outside or inside. An inside is sealed and signed here, as a clean
room with a bug would do it.
"""

import base64
import json
import tempfile
from pathlib import Path

from tests.fuzz.edits import edited
from tests.fuzz.running import OneInput, main

OUTSIDE, INSIDE, OUTSIDE_EDITS, INSIDE_EDITS = range(4)
SEEDS = [
    bytes([OUTSIDE_EDITS]),
    bytes([INSIDE_EDITS]),
    bytes([OUTSIDE_EDITS, 2, 0, 7]),
    bytes([INSIDE_EDITS, 3, 0, 7]),
    bytes([INSIDE_EDITS, 0, 0, 39]),
    bytes([OUTSIDE]) + b'{"warning_id":1}',
    bytes([INSIDE]) + b"[]",
    bytes([OUTSIDE]) + b"\xff",
    b"",
]
FOUND = [bytes([INSIDE_EDITS, 3, 0, 23])]  # a handle that is no base64url
WORDS = ["warning_id", "participant", "handle", "path", "null", "-1", "1e9"]


def target() -> OneInput:
    from cleanroom.crypto.envelope import seal_bytes
    from cleanroom.receiver.opening import RoomKey, open_warning, parse_message
    from tests.factories.sealed_warnings import Sender

    sender = Sender(Path(tempfile.mkdtemp(prefix="fuzz-warning-")))
    key = RoomKey(sender.room.signing_kid, sender.room.signing_public_key)
    good = sender.warning()
    outside, inside = good.model_dump(mode="json"), sender.envelope(good)["body"]

    def one_input(data: bytes) -> bool:
        choice, rest = (data[0] if data else 0) % 4, data[1:]
        if choice in (OUTSIDE, OUTSIDE_EDITS):
            message = parse_message(edited(outside, rest) if choice == OUTSIDE_EDITS else rest)
        else:
            message = _sealed(edited(inside, rest) if choice == INSIDE_EDITS else rest)
        return bool(open_warning(message, ring=sender.ring, room_key=key).account)

    def _sealed(text: bytes):
        try:
            envelope = sender.signed(json.loads(text))
        except Exception:  # nothing that could be signed: sealed as it is
            sealed = base64.b64encode(seal_bytes(text, sender.ring.recipient)).decode()
            return good.model_copy(update={"sealed_body": sealed})
        return sender.sealed_by_hand(good, envelope)

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND, WORDS)
