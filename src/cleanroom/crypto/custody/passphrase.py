"""Custody by a passphrase: an age envelope under scrypt (RFC 7914); the passphrase stands in a file."""

from pathlib import Path

import pyrage
from pyrage import passphrase as age_passphrase

from cleanroom.contracts.canonical import canonical_bytes, parse_canonical
from cleanroom.contracts.custody import KeyContext
from cleanroom.crypto.encoding import from_text, to_text
from cleanroom.errors import CleanroomError, KeyRefused
from cleanroom.vocabulary.both import Both

LEAST_CHARACTERS = 12
_NO_MATCH = "the passphrase does not open the key ring"


class PassphraseCustodian:
    """See `contracts.custody.Custodian`. age knows no additional data, so the context stands inside, beside the key."""

    name = "passphrase"

    def __init__(self, passphrase: str):
        self._passphrase = passphrase

    def __repr__(self) -> str:
        return "<PassphraseCustodian>"

    @classmethod
    def from_file(cls, path: Path) -> "PassphraseCustodian":
        """The first line of the file: no passphrase stands in an environment variable. Raises KeyRefused."""
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise KeyRefused(
                "the passphrase file cannot be read", zh="通行密語檔無法讀取", rule="key_custody"
            ) from None
        passphrase = lines[0].strip() if lines else ""
        if len(passphrase) < LEAST_CHARACTERS:
            raise KeyRefused(
                f"the passphrase has fewer than {LEAST_CHARACTERS} characters",
                zh=f"通行密語少於 {LEAST_CHARACTERS} 字元",
                rule="key_custody",
            )
        return cls(passphrase)

    def wrap(self, plaintext: bytes, *, context: KeyContext) -> bytes:
        inside = {"context": to_text(context.aad), "key": to_text(plaintext)}
        return age_passphrase.encrypt(canonical_bytes(inside), self._passphrase)

    def unwrap(self, ciphertext: bytes, *, context: KeyContext) -> bytes:
        try:
            inside = parse_canonical(
                age_passphrase.decrypt(ciphertext, self._passphrase), what=Both("the wrapped key", "經包裝之金鑰")
            )
            wrapped_for, key = from_text(inside["context"]), from_text(inside["key"])
        except (pyrage.DecryptError, CleanroomError, ValueError, KeyError, TypeError):
            raise KeyRefused(_NO_MATCH, zh="通行密語無法開啟金鑰環", rule="key_ring_wrapped") from None
        if wrapped_for != context.aad:
            raise KeyRefused(
                "the key was wrapped for another owner or purpose",
                zh="金鑰係為其他擁有者或用途包裝",
                rule="key_context",
            )
        return key
