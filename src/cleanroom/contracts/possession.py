"""Proof that whoever registers a sealing key can open what is sealed to it.

An age key signs nothing (X25519, RFC 7748), so its holder opens a challenge instead: the portal seals one to the key,
the holder answers with a hash of what was inside. What is opened names its owner and its key, and only its hash is
given away: nobody can have other ciphertexts opened by calling them challenges.
"""

import hashlib
import re

from cleanroom.contracts.canonical import KEY_CHALLENGE_DOMAIN, canonical_bytes, parse_canonical
from cleanroom.errors import CleanroomError, KeyRefused
from cleanroom.vocabulary.both import Both

NONCE_BYTES = 32
CHALLENGE_CAP_BYTES = 4096  # opened
_NONCE = re.compile(r"[0-9a-f]{64}")


def fingerprint(public_key: str) -> str:
    """The first 128 bits of the SHA-256, in groups that can be read out: what two people compare by voice."""
    digits = hashlib.sha256(public_key.encode()).hexdigest()[:32]
    return " ".join(digits[i : i + 4] for i in range(0, 32, 4))


def challenge(*, owner: str, kid: str, public_key: str, nonce: bytes) -> bytes:
    """What is sealed to the key. `owner`: an institution's code, or `room`."""
    claim = {"owner": owner, "kid": kid, "public_key": public_key, "nonce": nonce.hex()}
    return KEY_CHALLENGE_DOMAIN + canonical_bytes(claim)


def answer_to(opened: bytes, *, owner: str, kid: str, public_key: str) -> str:
    """The answer, hex. Raises KeyRefused where what was opened is no challenge for this key of this owner."""
    raw = opened.removeprefix(KEY_CHALLENGE_DOMAIN)
    try:
        claim = parse_canonical(raw, what=Both("the challenge", "驗證問題")) if raw != opened else None
    except CleanroomError:
        claim = None
    expected = {"owner": owner, "kid": kid, "public_key": public_key}
    if not isinstance(claim, dict) or claim != {**expected, "nonce": claim.get("nonce")} or not _is_nonce(claim):
        raise KeyRefused(
            "this is no challenge for this key; nothing is answered",
            zh="此非對本金鑰之驗證問題；未予回答",
            rule="key_challenge",
        )
    return hashlib.sha256(b"answer\n" + opened).hexdigest()


def _is_nonce(claim: dict) -> bool:
    return isinstance(claim["nonce"], str) and _NONCE.fullmatch(claim["nonce"]) is not None
