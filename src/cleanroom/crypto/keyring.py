"""Key rings: the room's (signing, envelope, K2) and each participant's (signing, envelope, K1, handles).

K1 is shared by the participants and never comes to the room; K2 never leaves the room; a handle key never leaves its
institution. Rings hold every key that was ever active, the last one being in use, so that rotation keeps old
envelopes and handles readable. No method gives a private key away except `export_k1`, sealed to its recipient.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cleanroom.contracts.canonical import KEY_PROOF_DOMAIN, canonical_bytes, parse_canonical
from cleanroom.contracts.custody import Custodian
from cleanroom.contracts.messages import KeyRegistration
from cleanroom.crypto import envelope, hmac2, signing
from cleanroom.crypto.canaries import canaries_under
from cleanroom.crypto.custody import ring_file
from cleanroom.crypto.encoding import from_text, to_text
from cleanroom.crypto.handles import HandleKey
from cleanroom.errors import CleanroomError, KeyRefused
from cleanroom.vocabulary.terms import Scheme

ROOM = "room"


class _Ring:
    """What both sides have: a signing key and an envelope key."""

    def __init__(self, document: dict[str, Any]):
        self._document = document
        self._signing, self._recipient = document["signing"][-1], document["recipients"][-1]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.owner}>"  # a log line must not show keys

    @property
    def owner(self) -> str:
        return self._document["owner"]

    @property
    def demo(self) -> bool:
        return self._document["demo"]

    @property
    def signing_kid(self) -> str:
        return self._signing["kid"]

    @property
    def signing_public_key(self) -> str:
        """Ed25519, base64url."""
        return signing.public_key_of(from_text(self._signing["seed"]))

    @property
    def recipient_kid(self) -> str:
        return self._recipient["kid"]

    @property
    def recipient(self) -> str:
        """age recipient, `age1...`."""
        return self._recipient["recipient"]

    @property
    def recipient_kids(self) -> tuple[str, ...]:
        """Every envelope key that this ring can still open."""
        return tuple(r["kid"] for r in self._document["recipients"])

    def sign(self, domain: bytes, payload: bytes) -> str:
        """Ed25519 signature over `domain + payload`, base64url. Domains: cleanroom.contracts.canonical."""
        return signing.sign(from_text(self._signing["seed"]), domain, payload)

    def decrypt(self, ciphertext: bytes, *, cap_bytes: int | None = None) -> bytes:
        """Open an age envelope in memory. Raises ContentTampered."""
        return envelope.open_bytes(ciphertext, self._identities(), cap_bytes=cap_bytes)

    def decrypt_file(self, path: Path, *, cap_bytes: int | None = None) -> bytes:
        with path.open("rb") as file:
            return envelope.open_stream(file, self._identities(), cap_bytes=cap_bytes)

    def proof_of_possession(self, participant: str | None = None, purpose: str = "signing") -> str:
        """Signature with which the portal checks that whoever registers the signing key also holds it."""
        payload = signing.proof_payload(participant or self.owner, purpose, self.signing_kid, self.signing_public_key)
        return self.sign(KEY_PROOF_DOMAIN, payload)

    def _identities(self) -> list[str]:
        return [r["identity"] for r in self._document["recipients"]]


class RoomKeyRing(_Ring):
    @classmethod
    def open(cls, folder: Path, *, production: bool, custodian: Custodian | None = None) -> "RoomKeyRing":
        return cls(ring_file.read(folder, production=production, custodian=custodian, owner=ROOM))

    @property
    def epoch(self) -> str:
        """Which K2 is in use; tokens of different epochs do not join."""
        return self._document["k2"][-1]["epoch"]

    def stage2(self, kind: str, first_hashes: Iterable[bytes]) -> list[str]:
        """Final tokens, 32 hex digits, of first hashes of one identifier kind."""
        return hmac2.stage2(from_text(self._document["k2"][-1]["root"]), self.epoch, kind, first_hashes)


class ParticipantKeyRing(_Ring):
    def __init__(self, document: dict[str, Any]):
        super().__init__(document)
        self._handles = HandleKey(from_text(document["handle"]["root"]), document["owner"])

    @classmethod
    def open(cls, folder: Path, *, production: bool, custodian: Custodian | None = None) -> "ParticipantKeyRing":
        document = ring_file.read(folder, production=production, custodian=custodian)
        if document["owner"] == ROOM:
            raise KeyRefused("this is the key ring of the other side", rule="key_ring_owner")
        return cls(document)

    @property
    def institution(self) -> str:
        return self.owner

    @property
    def scheme(self) -> Scheme:
        return Scheme.HMAC2

    @property
    def hash_kid(self) -> str:
        return self._k1()["kid"]

    def stage1(self, kind: str, identifiers: Iterable[str]) -> list[bytes]:
        """First hashes, 32 bytes, of canonical identifiers of one kind."""
        return hmac2.stage1(from_text(self._k1()["root"]), self.hash_kid, kind, identifiers)

    def canaries(self) -> dict[str, str]:
        """First hashes of the published dummy identifiers under this ring's K1: kind -> hex."""
        return canaries_under(self.stage1)

    def seal_handle(self, account: str) -> bytes:
        """`account`: canonical (institution code and 16 digits)."""
        return self._handles.seal(account)

    def open_handle(self, handle: bytes | str) -> str:
        """The canonical account behind a handle (bytes, or base64url as in routing tables and warnings)."""
        return self._handles.open(from_text(handle) if isinstance(handle, str) else handle)

    def key_registrations(self) -> tuple[KeyRegistration, ...]:
        """What the portal's key registration takes: the signing key with its proof, and the sealing key."""
        signing_key = KeyRegistration(
            kid=self.signing_kid,
            purpose="signing",
            public_key=self.signing_public_key,
            proof=self.proof_of_possession(),
        )
        return signing_key, KeyRegistration(kid=self.recipient_kid, purpose="sealing", public_key=self.recipient)

    def export_k1(self, recipient: str) -> bytes:
        """K1 sealed to another participant's recipient. The only way in which a secret leaves a ring."""
        share = {"k1": self._k1()["root"], "kid": self.hash_kid, "demo": self.demo}
        return envelope.seal_bytes(canonical_bytes(share), recipient)

    def _k1(self) -> dict[str, str]:
        if not self._document["k1"]:
            raise KeyRefused("this ring has no first-hash key yet; import the shared one", rule="k1_missing")
        return self._document["k1"][-1]


def new_room_ring(folder: Path, *, demo: bool, custodian: Custodian | None = None) -> RoomKeyRing:
    """Make the room's ring; an existing one is kept as it is."""
    if not ring_file.exists(folder):
        document = _new_document(ROOM, demo=demo)
        document["k2"] = [{"epoch": "1", "root": to_text(secrets.token_bytes(hmac2.ROOT_BYTES))}]
        ring_file.write(folder, document, custodian=custodian)
    return RoomKeyRing.open(folder, production=False, custodian=custodian)


def new_participant_ring(
    folder: Path, *, institution: str, demo: bool, custodian: Custodian | None = None
) -> ParticipantKeyRing:
    """Make a participant's ring, still without K1; an existing one of the same institution is kept."""
    if not ring_file.exists(folder):
        document = _new_document(institution, demo=demo)
        document["handle"] = {"root": to_text(secrets.token_bytes(hmac2.ROOT_BYTES))}
        document["k1"] = []
        ring_file.write(folder, document, custodian=custodian)
    ring = ParticipantKeyRing.open(folder, production=False, custodian=custodian)
    if ring.institution != institution:
        raise KeyRefused("the key ring in this directory belongs to another institution", rule="key_ring_owner")
    return ring


def make_k1(folder: Path, *, custodian: Custodian | None = None) -> None:
    """The first participant makes K1 for all. A ring that holds one keeps it."""
    with ring_file.changing(folder):
        document = ring_file.read(folder, production=False, custodian=custodian)
        if not document["k1"]:
            _add_k1(document, secrets.token_bytes(hmac2.ROOT_BYTES))
            ring_file.write(folder, document, custodian=custodian)


def import_k1(folder: Path, share: bytes, *, custodian: Custodian | None = None) -> None:
    """Take K1 from a share that was sealed to this ring. Raises KeyRefused, ContentTampered."""
    with ring_file.changing(folder):
        document = ring_file.read(folder, production=False, custodian=custodian)
        if _take_k1(document, share):
            ring_file.write(folder, document, custodian=custodian)


def _take_k1(document: dict[str, Any], share: bytes) -> bool:
    """Whether the ring has changed."""
    root, demo = _open_share(ParticipantKeyRing(document).decrypt(share))
    if demo and not document["demo"]:
        raise KeyRefused("the share holds a demo key, and this ring is not a demo ring", rule="demo_keys")
    held = [k["kid"] for k in document["k1"]]
    if held and held[-1] != _secret_kid(root):
        raise KeyRefused("this ring holds another first-hash key than the share", rule="k1_other")
    if not held:
        _add_k1(document, root)
    return not held


def _open_share(raw: bytes) -> tuple[bytes, bool]:
    try:
        share = parse_canonical(raw, what="the share")
        root, demo = from_text(share["k1"]), share["demo"]
    except (CleanroomError, ValueError, KeyError, TypeError):
        raise KeyRefused("the share does not hold a first-hash key", rule="k1_share") from None
    if len(root) != hmac2.ROOT_BYTES or share.get("kid") != _secret_kid(root):
        raise KeyRefused("the share's key and its key id do not belong together", rule="k1_share")
    return root, bool(demo)


def _add_k1(document: dict[str, Any], root: bytes) -> None:
    document["k1"].append({"kid": _secret_kid(root), "root": to_text(root)})


def _new_document(owner: str, *, demo: bool) -> dict[str, Any]:
    seed = secrets.token_bytes(32)
    identity, recipient = envelope.new_identity()
    return {
        "version": 1,
        "owner": owner,
        "demo": demo,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "signing": [{"kid": _public_kid(signing.public_key_of(seed)), "seed": to_text(seed)}],
        "recipients": [{"kid": _public_kid(recipient), "identity": identity, "recipient": recipient}],
    }


def _public_kid(public: str) -> str:
    return hashlib.sha256(public.encode()).hexdigest()[:16]


def _secret_kid(root: bytes) -> str:
    """Names a secret without telling anything about it: HKDF output under its own label."""
    return "k1-" + hmac2.subkey(root, "kid", length=8).hex()
