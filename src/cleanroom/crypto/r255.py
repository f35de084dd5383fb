"""Scheme `r255-rekey-v1`: a first-hash key per participant, and yet one token per identifier.

    P  = hash_to_group("cleanroom/id/v1\\n" + kind + "\\n" + canonical identifier)      a point of ristretto255
    t1 = a_i P                                under participant i's own scalar a_i; 32 bytes
    Q  = r_i t1 = k P                         in the clean room, with r_i = k / a_i
    token = second keyed hash of Q            as in `hmac2-v1`

The participants share the scalar k, which lies offline and never comes to the room; the room holds every r_i and K2.
Neither side alone tells a P from another: the room would need k or an a_i, a participant K2. One participant changes
its a_i alone and hands in a new r_i; Q, and with it every token, stays.

The group: ristretto255, RFC 9496. The hash to it: `expand_message_xmd` with SHA-512 (RFC 9380, section 5.3.1) to 64
bytes, then the one-way map of RFC 9496, section 4.3.4; so the discrete logarithm of P is known to nobody, and an
institution can use any library that has the suite ristretto255_XMD:SHA-512_R255MAP_RO_.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from typing import Any

from cleanroom.crypto.hmac2 import message_prefix
from cleanroom.errors import KeyRefused, MalformedRows, SettingsInvalid

SCALAR_BYTES = POINT_BYTES = 32
ORDER = 2**252 + 27742317777372353535851937790883648493  # of the group, RFC 9496, section 4
HASH_DOMAIN = b"cleanroom/r255-rekey-v1/ristretto255_XMD:SHA-512_R255MAP_RO_"
_UNIFORM_BYTES, _BLOCK_BYTES = 64, 128  # what the map takes; the block of SHA-512


def check_available() -> None:
    """Raises SettingsInvalid where the extra is not installed."""
    _library()


def new_scalar() -> bytes:
    """A secret scalar, drawn evenly from 1 .. ORDER - 1; 32 bytes, little endian."""
    while not any(scalar := _library().crypto_core_ristretto255_scalar_random()):
        continue
    return scalar


def check_scalar(scalar: bytes) -> bytes:
    """Raises KeyRefused: of another length, zero, or not reduced."""
    if len(scalar) != SCALAR_BYTES or not 0 < int.from_bytes(scalar, "little") < ORDER:
        raise KeyRefused("the scalar is zero or is not one of the group's", zh="純量為零，或不屬於該群", rule="scalar")
    return scalar


def factor(joint: bytes, own: bytes) -> bytes:
    """r_i = k / a_i, what brings a participant's first hashes to the joint key. Raises KeyRefused."""
    library = _library()
    inverse = library.crypto_core_ristretto255_scalar_invert(check_scalar(own))
    return library.crypto_core_ristretto255_scalar_mul(check_scalar(joint), inverse)


def stage1(scalar: bytes, kind: str, identifiers: Iterable[str]) -> list[bytes]:
    """First hashes of canonical identifiers: encoded points, 32 bytes each, in order."""
    check_scalar(scalar)
    multiply, prefix = _library().crypto_scalarmult_ristretto255, message_prefix(kind)
    return [multiply(scalar, _hash_to_group(prefix + text.encode())) for text in identifiers]


def convert(scalar: bytes, points: Iterable[bytes]) -> list[bytes]:
    """Points times the room's factor. Raises MalformedRows for what encodes no point, or the identity."""
    check_scalar(scalar)
    multiply = _library().crypto_scalarmult_ristretto255
    return [_multiplied(multiply, scalar, point) for point in points]


def _multiplied(multiply, scalar: bytes, point: bytes) -> bytes:
    if len(point) == POINT_BYTES:  # the installed library leaves out its own check of the length
        try:
            return multiply(scalar, point)
        except RuntimeError:  # not an encoding of a point (RFC 9496, section 4.3.1), or the identity
            pass
    raise MalformedRows(
        "a first hash is no point of the group, or the identity",
        zh="有一次雜湊非群中之點，或為單位元",
        rule="r255_point",
    )


def _hash_to_group(message: bytes) -> bytes:
    return _library().crypto_core_ristretto255_from_hash(_expand(message, HASH_DOMAIN))


def _expand(message: bytes, domain: bytes) -> bytes:
    """`expand_message_xmd` of RFC 9380 for 64 bytes, which is one block of output."""
    tag = domain + len(domain).to_bytes(1, "big")
    first = hashlib.sha512(bytes(_BLOCK_BYTES) + message + _UNIFORM_BYTES.to_bytes(2, "big") + b"\0" + tag).digest()
    return hashlib.sha512(first + b"\x01" + tag).digest()


@cache
def _library() -> Any:
    try:
        import rbcl  # an optional extra
    except ImportError:
        raise SettingsInvalid(
            "the scheme r255-rekey-v1 needs libsodium's ristretto255; install the extra `rekey`",
            zh="r255-rekey-v1 需要 libsodium 之 ristretto255；請加裝選用套件 `rekey`",
            rule="rekey_missing",
        ) from None
    return rbcl
