"""Key rings: the room's (signing, envelope, K2) and each participant's (signing, envelope, first hash, handles).

A first-hash key never comes to the room; K2 never leaves the room; a handle key never leaves its institution. Rings
hold every key that was ever active, the last one being in use, so that rotation keeps old envelopes and handles
readable and old first hashes reproducible. How keys are made, shared and changed: `crypto.ceremonies`.
"""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from cleanroom.contracts.canonical import KEY_PROOF_DOMAIN
from cleanroom.contracts.custody import Custodian
from cleanroom.contracts.messages import KeyRegistration
from cleanroom.crypto import envelope, signing
from cleanroom.crypto.canaries import canaries_under
from cleanroom.crypto.custody import ring_file
from cleanroom.crypto.encoding import from_text
from cleanroom.crypto.epochs import Epoch, tokens_of
from cleanroom.crypto.handles import HandleKeys
from cleanroom.crypto.schemes import FirstHash, SecondHash, check_kid
from cleanroom.errors import ContentTampered, KeyRefused
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
    def epoch(self) -> int:
        """Which K2 is in use, from 1; tokens of different epochs do not join."""
        return self.epochs[-1].number

    @cached_property
    def epochs(self) -> tuple[Epoch, ...]:
        """Every epoch so far: a new identifier goes through all of them."""
        return tuple(Epoch(k["epoch"], from_text(k["root"])) for k in self._document["k2"])

    @property
    def first_hash_kids(self) -> set[str]:
        """Keys of single participants that the room can convert (r255-rekey-v1)."""
        return {f["kid"] for f in self._document["factors"]}

    def second_hash(self, *, scheme: Scheme, participant: str, kid: str) -> SecondHash:
        """For what a participant hashed under the key `kid`. Raises KeyRefused where the room cannot convert it."""
        check_kid(scheme, kid)
        if scheme == Scheme.HMAC2:
            return SecondHash(self.epochs)
        held = {(f["participant"], f["kid"]): f["factor"] for f in self._document["factors"]}
        if (participant, kid) not in held:
            raise KeyRefused(
                "the clean room has no factor of this participant's first-hash key",
                zh="無塵室未持有該參與機構一次雜湊金鑰之換算因子",
                rule="hash_kid",
            )
        return SecondHash(self.epochs, from_text(held[participant, kid]))

    def number(self, payloads: Iterable[bytes], *, domain: str) -> list[str]:
        """Keyed numbers of 32 hex digits, the same for the same payload within an epoch. `domain` keeps them apart
        from tokens; no identifier kind has its name."""
        return tokens_of(self.epochs, domain, payloads)


class ParticipantKeyRing(_Ring):
    def __init__(self, document: dict[str, Any]):
        super().__init__(document)
        self._handles = HandleKeys([from_text(h["root"]) for h in document["handles"]], document["owner"])

    @classmethod
    def open(cls, folder: Path, *, production: bool, custodian: Custodian | None = None) -> "ParticipantKeyRing":
        document = ring_file.read(folder, production=production, custodian=custodian)
        if document["owner"] == ROOM:
            raise KeyRefused("this is the key ring of the other side", zh="此為他方之金鑰環", rule="key_ring_owner")
        return cls(document)

    @property
    def institution(self) -> str:
        return self.owner

    @property
    def scheme(self) -> Scheme:
        return self.first_hash.scheme

    @property
    def hash_kid(self) -> str:
        return self.first_hash.kid

    @property
    def first_hash(self) -> FirstHash:
        """The first-hash key in use. Raises KeyRefused where there is none yet."""
        if not self.first_hashes:
            raise KeyRefused(
                "this ring has no first-hash key yet; import the shared one",
                zh="此金鑰環尚無一次雜湊金鑰；請匯入共用金鑰",
                rule="k1_missing",
            )
        return self.first_hashes[-1]

    @cached_property
    def first_hashes(self) -> tuple[FirstHash, ...]:
        """Every first-hash key that this ring holds, the one in use last."""
        return tuple(FirstHash(Scheme(k["scheme"]), from_text(k["secret"])) for k in self._document["first_hash"])

    def stage1(self, kind: str, identifiers: Iterable[str]) -> list[bytes]:
        """First hashes, 32 bytes, of canonical identifiers of one kind, under the key in use."""
        return self.first_hash(kind, identifiers)

    def canaries(self) -> dict[str, str]:
        """First hashes of the published dummy identifiers under the key in use: kind -> hex."""
        return canaries_under(self.first_hash)

    def seal_handle(self, account: str) -> bytes:
        """`account`: canonical (institution code and 16 digits)."""
        return self._handles.seal(account)

    def open_handle(self, handle: bytes | str) -> str:
        """The canonical account behind a handle (bytes, or base64url as in routing tables and warnings).

        Raises ContentTampered."""
        try:
            raw = from_text(handle) if isinstance(handle, str) else handle
        except ValueError:
            raise ContentTampered("the handle is not base64url", zh="回查碼非 base64url", rule="handle") from None
        return self._handles.open(raw)

    def key_registrations(self) -> tuple[KeyRegistration, ...]:
        """What the portal's key registration takes: the signing key with its proof, and the sealing key."""
        signing_key = KeyRegistration(
            kid=self.signing_kid,
            purpose="signing",
            public_key=self.signing_public_key,
            proof=self.proof_of_possession(),
        )
        return signing_key, KeyRegistration(kid=self.recipient_kid, purpose="sealing", public_key=self.recipient)
