"""Scheme `hmac2-v1`: two keyed hashes in different hands.

    subkey1 = HKDF-SHA256(K1, salt=SCHEME, info="stage1/<kind>/<kid>")      at the participants
    t1      = HMAC-SHA256(subkey1, "cleanroom/id/v1\\n" + kind + "\\n" + canonical identifier)      32 bytes
    subkey2 = HKDF-SHA256(K2, salt=SCHEME, info="stage2/<kind>/<epoch>")    in the clean room
    token   = first 16 bytes of HMAC-SHA256(subkey2, t1), as 32 lower-case hex digits

The kind stands in the subkey and in the message: the same digits as phone and as account give different tokens.
Design: trust, "Why both hashes are keyed".
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SCHEME = "hmac2-v1"
ROOT_BYTES = 32
TOKEN_BYTES = 16
_MESSAGE_DOMAIN = b"cleanroom/id/v1\n"
_BLOCK_BYTES = 64  # of SHA-256


def stage1(root: bytes, kid: str, kind: str, identifiers: Iterable[str]) -> list[bytes]:
    """First hash of canonical identifiers, 32 bytes each, in order."""
    hashed = keyed(subkey(root, f"stage1/{kind}/{kid}"), message_prefix(kind))
    return [hashed(text.encode()).digest() for text in identifiers]


def stage2(root: bytes, epoch: str, kind: str, first_hashes: Iterable[bytes]) -> list[str]:
    """Second hash of first hashes: final tokens of 32 hex digits, in order."""
    hashed = keyed(subkey(root, f"stage2/{kind}/{epoch}"))
    return [hashed(t1).hexdigest()[: 2 * TOKEN_BYTES] for t1 in first_hashes]


def message_prefix(kind: str) -> bytes:
    """What stands before every canonical identifier of a kind when it is hashed."""
    return _MESSAGE_DOMAIN + kind.encode() + b"\n"


def keyed(key: bytes, prefix: bytes = b"") -> Callable[[bytes], "hashlib._Hash"]:
    """HMAC-SHA256 (RFC 2104) of `prefix` + message under a key of 32 bytes, as a hash object. Both padded key blocks
    and the prefix are absorbed once and copied for each message: twice as fast as one `hmac.digest` per identifier."""
    block = key.ljust(_BLOCK_BYTES, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in block) + prefix)
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in block))

    def digest(message: bytes) -> "hashlib._Hash":
        first, second = inner.copy(), outer.copy()
        first.update(message)
        second.update(first.digest())
        return second

    return digest


def new_root() -> bytes:
    """A secret from which subkeys come: K1, K2."""
    return secrets.token_bytes(ROOT_BYTES)


def subkey(root: bytes, info: str, *, length: int = 32) -> bytes:
    """One key per use from one root, by HKDF (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=length, salt=SCHEME.encode(), info=info.encode()).derive(root)
