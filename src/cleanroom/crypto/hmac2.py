"""Scheme `hmac2-v1`: two keyed hashes in different hands.

    subkey1 = HKDF-SHA256(K1, salt=SCHEME, info="stage1/<kind>/<kid>")      at the participants
    t1      = HMAC-SHA256(subkey1, "cleanroom/id/v1\\n" + kind + "\\n" + canonical identifier)      32 bytes
    subkey2 = HKDF-SHA256(K2, salt=SCHEME, info="stage2/<kind>/<epoch>")    in the clean room
    token   = first 16 bytes of HMAC-SHA256(subkey2, t1), as 32 lower-case hex digits

The kind stands in the subkey and in the message: the same digits as phone and as account give different tokens.
Design: trust, "Why both hashes are keyed".
"""

import hmac
from collections.abc import Iterable

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SCHEME = "hmac2-v1"
ROOT_BYTES = 32
TOKEN_BYTES = 16
_MESSAGE_DOMAIN = b"cleanroom/id/v1\n"


def stage1(root: bytes, kid: str, kind: str, identifiers: Iterable[str]) -> list[bytes]:
    """First hash of canonical identifiers, 32 bytes each, in order."""
    key, prefix = subkey(root, f"stage1/{kind}/{kid}"), _MESSAGE_DOMAIN + kind.encode() + b"\n"
    return [hmac.digest(key, prefix + text.encode(), "sha256") for text in identifiers]


def stage2(root: bytes, epoch: str, kind: str, first_hashes: Iterable[bytes]) -> list[str]:
    """Second hash of first hashes: final tokens of 32 hex digits, in order."""
    key = subkey(root, f"stage2/{kind}/{epoch}")
    return [hmac.digest(key, t1, "sha256")[:TOKEN_BYTES].hex() for t1 in first_hashes]


def subkey(root: bytes, info: str, *, length: int = 32) -> bytes:
    """One key per use from one root, by HKDF (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=length, salt=SCHEME.encode(), info=info.encode()).derive(root)
