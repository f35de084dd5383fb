"""A ring as its custodian keeps it: JSON of the wrapped data key and the ring under it.

    {"version": 1, "custodian", "owner", "purpose", "wrapped_key", "nonce", "ciphertext"}

The AES-GCM additional data is the context and the custodian's name; the nonce is 96 random bits under a data key that
encrypts this one message.
"""

import json
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cleanroom.contracts.custody import Custodian, KeyContext
from cleanroom.crypto.encoding import from_text, to_text
from cleanroom.errors import KeyRefused

PURPOSE = "key-ring"
_FIELDS = frozenset({"version", "custodian", "owner", "purpose", "wrapped_key", "nonce", "ciphertext"})
_KEY_BITS, _NONCE_BYTES = 256, 12
Document = dict[str, Any]


def parse(raw: bytes) -> Document:
    """Raises KeyRefused."""
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        raise _damaged() from None
    if not isinstance(content, dict) or content.get("version") != 1:
        raise KeyRefused(
            "the key ring's file has a form that is not known here", zh="金鑰環檔案格式不明", rule="key_ring_damaged"
        )
    return content


def is_sealed(content: Document) -> bool:
    return "ciphertext" in content


def custodian_of(content: Document) -> str | None:
    """The name of the custodian that the ring is with; None for a ring in clear."""
    return content.get("custodian")


def seal(document: Document, custodian: Custodian) -> Document:
    """Raises what the custodian raises."""
    context = KeyContext(document["owner"], PURPOSE)
    key, nonce = AESGCM.generate_key(_KEY_BITS), secrets.token_bytes(_NONCE_BYTES)
    ciphertext = AESGCM(key).encrypt(nonce, json.dumps(document).encode(), _aad(context, custodian.name))
    return {
        "version": 1,
        "custodian": custodian.name,
        "owner": context.owner,
        "purpose": context.purpose,
        "wrapped_key": to_text(custodian.wrap(key, context=context)),
        "nonce": to_text(nonce),
        "ciphertext": to_text(ciphertext),
    }


def open_sealed(content: Document, custodian: Custodian | None) -> Document:
    """Raises KeyRefused for another custodian and for a changed file; and what the custodian raises."""
    if custodian is None:
        raise KeyRefused(
            "the key ring is wrapped; set CLEANROOM_KEY_CUSTODY to the custodian that it is with",
            zh="金鑰環已包裝；請將 CLEANROOM_KEY_CUSTODY 設為其保管方式",
            rule="key_ring_wrapped",
        )
    context, wrapped, nonce, ciphertext = _parts(content)
    if custodian_of(content) != custodian.name:
        raise KeyRefused(
            "the key ring is with another custodian than CLEANROOM_KEY_CUSTODY names",
            zh="金鑰環之保管方式與 CLEANROOM_KEY_CUSTODY 所指不同",
            rule="key_ring_wrapped",
        )
    key = custodian.unwrap(wrapped, context=context)
    try:
        document = json.loads(AESGCM(key).decrypt(nonce, ciphertext, _aad(context, custodian.name)))
    except (InvalidTag, ValueError):
        raise _damaged() from None
    if document.get("owner") != context.owner:
        raise _damaged()
    return document


def _parts(content: Document) -> tuple[KeyContext, bytes, bytes, bytes]:
    if (
        set(content) != _FIELDS
        or content["purpose"] != PURPOSE
        or not all(isinstance(content[name], str) for name in _FIELDS - {"version"})
    ):
        raise _damaged()
    try:
        wrapped, nonce, ciphertext = (from_text(content[name]) for name in ("wrapped_key", "nonce", "ciphertext"))
    except ValueError:
        raise _damaged() from None
    return KeyContext(content["owner"], PURPOSE), wrapped, nonce, ciphertext


def _aad(context: KeyContext, custodian: str) -> bytes:
    return context.aad + b"\n" + custodian.encode()


def _damaged() -> KeyRefused:
    return KeyRefused(
        "the key ring's file is damaged; restore its backup", zh="金鑰環檔案毀損；請自備份還原", rule="key_ring_damaged"
    )
