"""Submissions made in a moment from one that was honestly sealed: any number, month, content and claim."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import pyarrow as pa

from cleanroom.contracts.canonical import MANIFEST_DOMAIN
from cleanroom.contracts.manifest import Manifest, Period, SignedManifest, SubmissionKey
from cleanroom.crypto.envelope import new_identity, seal_bytes
from tests.factories.clean_room import CleanRoom
from tests.factories.tampering import PART, Waiting, parquet, with_column

AMOUNTS = {"good": [100, 200, 300], "gate": [100, 0, 300]}


@dataclass(frozen=True)
class Crafted:
    """`submission_id`, `draw`: as the room will know it. `quality`: good, gate (breaks a rule), bytes (damaged)."""

    submission_id: str
    sequence: int
    draw: str
    month: int
    quality: str
    supersedes: str | None = None

    @property
    def place(self) -> str:
        return f"808/transfers/{self.sequence:08d}/{self.draw}"


@dataclass
class Workshop:
    """Made from three transfers of 808 that wait in some room."""

    template: SignedManifest
    rows: pa.Table
    _contents: dict[tuple[int, str], bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, waiting: Waiting) -> "Workshop":
        return cls(waiting.signed, waiting.rows())

    def send(
        self, room: CleanRoom, *, sequence: int, month: int, quality: str, supersedes: str | None = None, **other
    ) -> Crafted:
        """Key, part and manifest into the room's inbox, signed by 808."""
        identity, recipient = new_identity()
        sealed_key = seal_bytes(identity.encode(), room.ring.recipient)
        plaintext = self._content(month, quality)
        ciphertext = seal_bytes(plaintext, recipient)
        part = self.template.manifest.parts[0].model_copy(update=_sizes(plaintext, ciphertext))
        manifest = Manifest.model_validate({
            **self.template.manifest.model_dump(),
            "sequence": sequence,
            "period": Period(first=f"2025-{month:02d}-01", last=f"2025-{month:02d}-28"),
            "recipient_kid": room.ring.recipient_kid,
            "key": SubmissionKey(recipient=recipient, bytes=len(sealed_key), sha256=sha256(sealed_key).hexdigest()),
            "supersedes": supersedes,
            "parts": (part,),
            "created_at": datetime.now(UTC).replace(microsecond=0),
            **other,
        })  # fmt: skip
        if quality == "bytes":
            ciphertext = ciphertext[:-1] + bytes([ciphertext[-1] ^ 1])
        self._put(room, manifest, sealed_key, ciphertext)
        draw = manifest.place.rpartition("/")[2]
        return Crafted(manifest.submission_id, sequence, draw, month, quality, supersedes)

    def _put(self, room: CleanRoom, manifest: Manifest, sealed_key: bytes, ciphertext: bytes) -> None:
        ring = room.ring_of("808")
        signature = ring.sign(MANIFEST_DOMAIN, manifest.canonical())
        signed = SignedManifest(manifest=manifest, signing_kid=ring.signing_kid, signature=signature)
        room.objects.put_bytes(manifest.key_name, sealed_key)
        room.objects.put_bytes(f"{manifest.folder}/{PART}", ciphertext)
        room.objects.put_bytes(f"{manifest.folder}/manifest.json", signed.to_bytes())

    def _content(self, month: int, quality: str) -> bytes:
        key = month, quality if quality in AMOUNTS else "good"
        if key not in self._contents:
            times = [datetime(2025, month, day, 10, tzinfo=UTC) for day in (2, 3, 4)]
            rows = with_column(self.rows, "executed_at", times)
            self._contents[key] = parquet(with_column(rows, "amount_cents", AMOUNTS[key[1]]))
        return self._contents[key]


def _sizes(plaintext: bytes, ciphertext: bytes) -> dict[str, int | str]:
    return {
        "plaintext_bytes": len(plaintext),
        "plaintext_sha256": sha256(plaintext).hexdigest(),
        "ciphertext_bytes": len(ciphertext),
        "ciphertext_sha256": sha256(ciphertext).hexdigest(),
    }
