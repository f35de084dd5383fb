"""Warnings as the clean room sends them, and requests as the portal posts them, under keys made for a test."""

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from cleanroom.contracts.canonical import WARNING_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import PathStep, WarningMessage
from cleanroom.crypto.ceremonies import new_participant_ring, new_room_ring
from cleanroom.crypto.encoding import to_text
from cleanroom.crypto.envelope import seal_bytes
from cleanroom.crypto.keyring import ParticipantKeyRing, RoomKeyRing
from cleanroom.dispatch.candidates import Candidate
from cleanroom.dispatch.composing import compose
from cleanroom.dispatch.selection import Numbered
from cleanroom.vocabulary.terms import Severity, WarningKind

ACCOUNT = "8080000000123456789"
COMPOSED = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
STEP = PathStep(
    layer=1, executed_at=COMPOSED, sender_institution="822", receiver_institution="808", amount_cents=1_500_00
)


def candidate(**changes: Any) -> Candidate:
    basis = {
        "kind": WarningKind.MULE,
        "account_token": "0" * 32,
        "institution": "808",
        "owned": True,
        "cause": "f" * 32,
        "as_of": COMPOSED,
        "severity": Severity.NORMAL,
        "score": 0.7,
        "resting_cents": 90_000,
        "reasons": ({"code": "fan_in", "en": "many", "zh_hant": "多"},),
        "amount_bound_cents": 120_000,
        "layer": 1,
        "path": (STEP,),
        "requested_action": "look",
    }
    return Candidate(**(basis | changes))


@dataclass
class Sender:
    """The clean room and the portal of a test, with the ring of the institution that receives."""

    folder: Path
    institution: str = "808"
    transport: SigningKey = field(default_factory=SigningKey.generate)

    def __post_init__(self) -> None:
        self.room: RoomKeyRing = new_room_ring(self.folder / "room-keys", demo=True)
        home = self.folder / self.institution
        self.ring: ParticipantKeyRing = new_participant_ring(home / "keys", institution=self.institution, demo=True)
        self.home = home

    @property
    def webhook_key(self) -> str:
        return to_text(bytes(self.transport.verify_key))

    def warning(self, number: int = 1, *, account: str = ACCOUNT, recipient: str | None = None, **changes: Any):
        one = Numbered(f"{number:032x}", candidate(**changes), to_text(self.ring.seal_handle(account)))
        return compose(
            one,
            recipient=recipient or self.ring.recipient,
            release_id="score-1",
            sign=self.room.sign,
            signing_kid=self.room.signing_kid,
            now=COMPOSED,
        )

    def sealed_by_hand(self, message: WarningMessage, envelope: Mapping[str, Any]) -> WarningMessage:
        """The same outside with another inside: what a forger would try."""
        sealed = base64.b64encode(seal_bytes(canonical_bytes(envelope), self.ring.recipient)).decode()
        return message.model_copy(update={"sealed_body": sealed})

    def envelope(self, message: WarningMessage) -> dict[str, Any]:
        import json

        return json.loads(self.ring.decrypt(base64.b64decode(message.sealed_body)))

    def signed(self, body: dict[str, Any]) -> dict[str, Any]:
        signature = self.room.sign(WARNING_DOMAIN, canonical_bytes(body))
        return {"body": body, "signing_kid": self.room.signing_kid, "signature": signature}

    def request(self, message: WarningMessage, *, at: float | None = None) -> tuple[dict[str, str], bytes]:
        body = canonical_bytes(message.model_dump(mode="json"))
        return self.headers(message.warning_id, body, at=at), body

    def headers(self, webhook_id: str, body: bytes, *, at: float | None = None) -> dict[str, str]:
        stamp = str(int(time.time() if at is None else at))
        signed = b".".join((webhook_id.encode(), stamp.encode(), body))
        signature = base64.b64encode(self.transport.sign(signed).signature).decode()
        return {"webhook-id": webhook_id, "webhook-timestamp": stamp, "webhook-signature": f"v1a,{signature}"}
