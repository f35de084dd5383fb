"""What the portal answers an institution's receiver; the first byte chooses the question, 4 edits a good standing."""

import json

from tests.fuzz.edits import edited
from tests.fuzz.running import OneInput, main

_GATE = {
    "participant": "822",
    "name": "n",
    "sector": "bank",
    "state": "active",
    "mou": None,
    "specification": None,
    "keys": [],
    "known_institutions": ["808"],
    "next_sequence": {"transfers": 1},
    "room_recipient_kid": None,
    "room_recipient": None,
    "room_signing_kid": None,
    "room_signing_key": None,
}
REFUSED, EDITS = 3, 4
SEEDS = [
    b"\0" + json.dumps(_GATE).encode(),
    b"\1" + b'{"public_key": "AAAA"}',
    b"\2" + b"[]",
    b"\0" + b"[]",
    b"\1" + b"[]",
    b"\2" + b'{"cursor": 1}',
    b"\3" + b'{"title": "t", "status": 403, "detail": "d", "reason": "r"}',
    b"\1" + b"[" * 20_000,
    b"\2" + b"9" * 20_000,
    b"\1\xff",
    bytes([EDITS, 3, 0, 7]),
]
FOUND: list[bytes] = []
WORDS = ["public_key", "cursor", "detail", "null", "822", *_GATE]


def target() -> OneInput:
    import httpx

    from cleanroom.errors import PortalFault
    from cleanroom.receiver.portal import PortalClient

    said = [200, b""]
    client = PortalClient("http://portal.example", "token")
    transport = httpx.MockTransport(lambda request: httpx.Response(said[0], content=said[1]))
    client._client = httpx.Client(base_url="http://portal.example", transport=transport)
    questions = (
        lambda: bool(client.gate("822").participant),
        lambda: isinstance(client.webhook_key(), str),
        lambda: all(isinstance(row, dict) for row in client.pull("822", 0)),
    )

    def one_input(data: bytes) -> bool:
        choice = data[0] if data else 0
        raw = edited(_GATE, data[1:]) if choice % 5 == EDITS else data[1:]
        said[:] = [403 if choice % 5 == REFUSED else 200, raw]
        try:
            return questions[0 if choice % 5 == EDITS else choice % 5 % 3]()
        except PortalFault:
            return False

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND, WORDS)
