"""Ed25519 signatures over domain-separated bytes; keys that no honest party makes are refused.

PyNaCl, because other libraries accept small-order public keys, under which forged signatures verify.
"""

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from cleanroom.contracts.canonical import KEY_PROOF_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import KeyRegistration
from cleanroom.crypto.encoding import from_text, to_text
from cleanroom.errors import KeyRefused, SignatureRefused

PUBLIC_KEY_BYTES = 32


def sign(seed: bytes, domain: bytes, payload: bytes) -> str:
    """Signature of `domain + payload`, base64url. `seed` is the 32-byte private seed."""
    return to_text(SigningKey(seed).sign(domain + payload).signature)


def public_key_of(seed: bytes) -> str:
    return to_text(bytes(SigningKey(seed).verify_key))


def check_public_key(text: str) -> bytes:
    """The key's 32 bytes. Raises KeyRefused: not base64url, not 32 bytes, not a point of the main subgroup."""
    try:
        raw = from_text(text)
    except ValueError:
        raise KeyRefused(
            "the signing key is not base64url; register it again",
            zh="簽章金鑰非 base64url；請重新登錄",
            rule="key_encoding",
        ) from None
    if len(raw) != PUBLIC_KEY_BYTES:
        raise KeyRefused(
            "the signing key is not 32 bytes long; it must be an Ed25519 key",
            zh="簽章金鑰長度非 32 位元組；須為 Ed25519 金鑰",
            rule="key_length",
        )
    if not crypto_core_ed25519_is_valid_point(raw):
        raise KeyRefused(
            "the signing key is not a point of the main subgroup of Ed25519",
            zh="簽章金鑰非 Ed25519 主子群之點",
            rule="key_point",
        )
    return raw


def verify(public_key: str, domain: bytes, payload: bytes, signature: str) -> None:
    """Raises SignatureRefused, or KeyRefused for a key that must not be trusted at all."""
    key = VerifyKey(check_public_key(public_key))
    try:
        key.verify(domain + payload, from_text(signature))
    except (BadSignatureError, ValueError):
        raise SignatureRefused(
            "the signature does not verify under the registered key", zh="簽章無法以登錄之金鑰驗證", rule="signature"
        ) from None


def proof_payload(participant: str, purpose: str, kid: str, public_key: str) -> bytes:
    """What a proof of possession signs, after KEY_PROOF_DOMAIN."""
    return canonical_bytes({"participant": participant, "purpose": purpose, "kid": kid, "public_key": public_key})


def check_proof(participant: str, registration: KeyRegistration) -> None:
    """Whoever registers a signing key must hold its private half. Raises KeyRefused."""
    payload = proof_payload(participant, registration.purpose, registration.kid, registration.public_key)
    try:
        verify(registration.public_key, KEY_PROOF_DOMAIN, payload, registration.proof or "")
    except SignatureRefused:
        raise KeyRefused(
            "the proof of possession does not verify under the key itself",
            zh="持有私鑰之證明無法以該金鑰驗證",
            rule="key_proof",
        ) from None
