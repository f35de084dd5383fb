"""What the portal tells the room: standings, orders, answers to warnings, hashes of its log.

The first byte chooses the question; with its highest bit the rest edits a good answer, else it is the body itself.
A body of another shape is a fault of the portal, which the room reports and tries again.
"""

import json

from tests.fuzz.edits import edited
from tests.fuzz.running import OneInput, main

EDITS = 0x80
ORDER = {
    "approved_at": "2025-05-01T00:00:00Z",
    "approved_by": "custodian",
    "dataset": "transfers",
    "kind": "release",
    "order_id": "1",
    "ordered_by": "steward",
    "participant": "808",
    "reason": "agreed",
    "sequence": 1,
    "submission_id": "ab" * 32,
}
ANSWER = {
    "action": "hold",
    "answer": "controlled",
    "answered_at": "2025-05-01T00:00:00Z",
    "held_cents": 5,
    "participant": "808",
    "reason": "",
    "signature": "AAAA",
    "signing_kid": "k",
    "warning_id": "ab" * 16,
}
STANDING = {
    "answers": [ANSWER],
    "attempts": 1,
    "composed_at": "2025-05-01T00:00:00Z",
    "delivered_at": None,
    "kind": "mule",
    "participant": "808",
    "severity": "critical",
    "warning_id": "ab" * 16,
}
HASHES = {"after": 0, "hashes": ["ab" * 32], "size": 1}
GOOD = ([ORDER], [STANDING], HASHES)
SEEDS = [
    bytes([EDITS]),
    bytes([EDITS + 1]),
    bytes([EDITS + 2]),
    bytes([EDITS, 2, 0, 9]),
    b"\0" + json.dumps([ORDER]).encode(),
    b"\1{}",
    b"\2" + b"[" * 20_000,
    b"\1\xff",
    b"",
]
FOUND: list[bytes] = []
WORDS = [*ORDER, *STANDING, *HASHES, "null", "1e400"]


def target() -> OneInput:
    import httpx

    from cleanroom.errors import PortalFault
    from cleanroom.stores.portal_http import HttpPortal

    said = [b""]
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=said[0]))
    portal = HttpPortal("http://portal.example", "token", transport=transport)
    questions = (
        lambda: all(order.kind in ("release", "withdraw") for order in portal.orders("808")),
        lambda: all(len(standing.warning_id) == 32 for standing in portal.warnings()),
        lambda: portal.log_hashes(after=0).size >= 0,
    )

    def one_input(data: bytes) -> bool:
        choice = data[0] if data else 0
        question = (choice & ~EDITS) % len(questions)
        said[0] = edited(GOOD[question], data[1:]) if choice & EDITS else data[1:]
        try:
            return questions[question]()
        except PortalFault:
            return False

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND, WORDS)
