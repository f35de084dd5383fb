"""Routing handles: the way back from a token to an account, for the issuing institution alone.

AES-SIV (RFC 5297) under the institution's own key: deterministic, so the same account has one handle, and opaque to
everyone else. The institution's code is bound in, so that a handle cannot be passed off under another code. Handles
outlive their key: a new key issues new ones, and the older keys open what they issued.
"""

from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from cleanroom.crypto.hmac2 import subkey
from cleanroom.errors import ContentTampered

_CONTEXT = b"cleanroom/handle/v1"
_KEY_BYTES = 64  # AES-256 in SIV mode takes two keys


class HandleKeys:
    """Every handle key of an institution, the one in use last: handles go back to it for years."""

    def __init__(self, roots: Sequence[bytes], institution: str):
        self._ciphers = [AESSIV(subkey(root, "handle", length=_KEY_BYTES)) for root in roots]
        self._bound = [_CONTEXT, institution.encode()]

    def seal(self, account: str) -> bytes:
        """`account`: canonical, institution code and 16 digits. 16 bytes longer than the text."""
        return self._ciphers[-1].encrypt(account.encode(), self._bound)

    def open(self, handle: bytes) -> str:
        """Raises ContentTampered for what none of the keys issued."""
        for cipher in reversed(self._ciphers):
            try:
                return cipher.decrypt(handle, self._bound).decode()
            except (InvalidTag, ValueError):
                continue
        raise ContentTampered(
            "the handle was not issued under this institution's keys",
            zh="此回查碼並非以本機構之金鑰產生",
            rule="handle",
        )
