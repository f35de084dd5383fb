"""What a public key must be before it is registered."""

import base64
import binascii

import pyrage
from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from cleanroom.contracts.canonical import KEY_PROOF_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import KeyRegistration
from cleanroom.errors import KeyRefused


def check_registration(registration: KeyRegistration, *, participant: str) -> None:
    """Raise KeyRefused unless the key is sound and, for a signing key, its holder proves possession."""
    if registration.purpose == "sealing":
        check_recipient(registration.public_key)
        return
    check_signing_key(registration.public_key)
    _check_proof(registration, participant)


def check_signing_key(public_key: str) -> None:
    """An Ed25519 point of the full order: under a point of small order, forged signatures verify."""
    raw = _decoded(public_key, "the signing key")
    if len(raw) != 32:
        raise KeyRefused("the signing key is not an Ed25519 key of 32 bytes", rule="key_form")
    if not crypto_core_ed25519_is_valid_point(raw):
        raise KeyRefused("the signing key is a weak point of the curve; make another key pair", rule="key_small_order")


def check_recipient(recipient: str) -> None:
    """A public age recipient (X25519)."""
    try:
        pyrage.x25519.Recipient.from_str(recipient)
    except Exception:  # the library raises its own types, by version
        raise KeyRefused("the sealing key is not an age recipient (age1...)", rule="key_form") from None


def _check_proof(registration: KeyRegistration, participant: str) -> None:
    if not registration.proof:
        raise KeyRefused("a signing key comes with a proof that you hold its private part", rule="key_proof")
    claim = {
        "participant": participant,
        "purpose": registration.purpose,
        "kid": registration.kid,
        "public_key": registration.public_key,
    }
    signature = _decoded(registration.proof, "the proof")
    try:
        VerifyKey(_decoded(registration.public_key, "the key")).verify(
            KEY_PROOF_DOMAIN + canonical_bytes(claim), signature
        )
    except (BadSignatureError, ValueError):
        raise KeyRefused("the proof was not made with this key for this institution", rule="key_proof") from None


def _decoded(text: str, what: str) -> bytes:
    """Base64url without padding, in its one spelling."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise KeyRefused(f"{what} is not base64url", rule="key_form") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise KeyRefused(f"{what} is not base64url in its one spelling, without padding", rule="key_form")
    return raw
