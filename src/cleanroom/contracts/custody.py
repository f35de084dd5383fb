"""Who keeps the key that a key ring's file is encrypted under. Implementations: crypto.custody, stores.kms_google."""

from dataclasses import dataclass
from typing import Protocol

from cleanroom.contracts.canonical import CUSTODY_DOMAIN, canonical_bytes


@dataclass(frozen=True)
class KeyContext:
    """What a wrapped key is for. It is bound to the ciphertext, so that it opens for nothing else.

    `owner`: `room`, or an institution's code. `purpose`: e.g. `key-ring`.
    """

    owner: str
    purpose: str

    @property
    def aad(self) -> bytes:
        """Additional authenticated data: the domain prefix and the canonical form (RFC 8785)."""
        return CUSTODY_DOMAIN + canonical_bytes({"owner": self.owner, "purpose": self.purpose})


class Custodian(Protocol):
    """Wraps and unwraps data keys of up to 1 kB; what it wraps them with never leaves it."""

    name: str  # stands beside what it wrapped, so that nothing is ever brought to another custodian

    def wrap(self, plaintext: bytes, *, context: KeyContext) -> bytes:
        """Raises KeyRefused or KeyServiceDenied where it may not, KeyServiceFault where it does not answer."""

    def unwrap(self, ciphertext: bytes, *, context: KeyContext) -> bytes:
        """The same refusals; also for changed bytes and for another context than they were wrapped with."""
