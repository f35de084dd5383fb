"""What a public key must be before it is proposed, and what its holder must show before it is approved."""

import base64
import binascii
import hashlib
import hmac
import secrets

import pyrage
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from cleanroom.contracts.canonical import KEY_PROOF_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import KeyRegistration
from cleanroom.contracts.possession import NONCE_BYTES, answer_to, challenge
from cleanroom.errors import KeyRefused
from portal.common.said import said

ROOM = "room"


def check_registration(registration: KeyRegistration, *, participant: str) -> None:
    """Raise KeyRefused unless the key is sound and, for a signing key, its holder proves possession."""
    if registration.purpose == "sealing":
        check_recipient(registration.public_key)
        return
    check_signing_key(registration.public_key)
    check_proof(participant, registration.purpose, registration.kid, registration.public_key, registration.proof)


def check_signing_key(public_key: str) -> None:
    """An Ed25519 point of the full order: under a point of small order, forged signatures verify."""
    raw = _decoded(public_key, gettext_lazy("the signing key"))
    if len(raw) != 32:
        raise KeyRefused(**said("the signing key is not an Ed25519 key of 32 bytes"), rule="key_form")
    if not crypto_core_ed25519_is_valid_point(raw):
        raise KeyRefused(
            **said("the signing key is a weak point of the curve; make another key pair"), rule="key_small_order"
        )


def check_recipient(recipient: str) -> None:
    """A public age recipient (X25519)."""
    try:
        pyrage.x25519.Recipient.from_str(recipient)
    except Exception:  # the library raises its own types, by version
        raise KeyRefused(**said("the sealing key is not an age recipient (age1...)"), rule="key_form") from None


def check_proof(owner: str, purpose: str, kid: str, public_key: str, proof: str | None) -> None:
    """Raise KeyRefused unless `proof` is this key's signature over its own registration for this owner."""
    if not proof:
        raise KeyRefused(**said("a signing key comes with a proof that you hold its private part"), rule="key_proof")
    claim = {"participant": owner, "purpose": purpose, "kid": kid, "public_key": public_key}
    signature = _decoded(proof, gettext_lazy("the proof"))
    try:
        VerifyKey(_decoded(public_key, gettext_lazy("the key"))).verify(
            KEY_PROOF_DOMAIN + canonical_bytes(claim), signature
        )
    except (BadSignatureError, ValueError):
        raise KeyRefused(**said("the proof was not made with this key for this owner"), rule="key_proof") from None


def new_challenge(*, owner: str, kid: str, recipient: str) -> dict[str, str]:
    """`challenge` (sealed to the recipient, base64) and `answer_digest` (SHA-256 of the answer, hex). The answer itself
    is kept nowhere."""
    opened = challenge(owner=owner, kid=kid, public_key=recipient, nonce=secrets.token_bytes(NONCE_BYTES))
    sealed = pyrage.encrypt(opened, [pyrage.x25519.Recipient.from_str(recipient)])
    answer = answer_to(opened, owner=owner, kid=kid, public_key=recipient)
    return {
        "challenge": base64.b64encode(sealed).decode(),
        "answer_digest": hashlib.sha256(answer.encode()).hexdigest(),
    }


def check_answer(key, answer: str) -> None:
    """Raise KeyRefused unless this answers the key's challenge."""
    given = hashlib.sha256(answer.strip().lower().encode()).hexdigest()
    if not (key.answer_digest and hmac.compare_digest(given, key.answer_digest)):
        raise KeyRefused(**said("this is not the answer to the key's challenge"), rule="key_proof")


def _decoded(text: str, what: Promise) -> bytes:
    """Base64url without padding, in its one spelling."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise KeyRefused(**said("%(what)s is not base64url", what=what), rule="key_form") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise KeyRefused(
            **said("%(what)s is not base64url in its one spelling, without padding", what=what), rule="key_form"
        )
    return raw
