"""Routing handles: the way back from a token to an account, for the issuing institution alone.

AES-SIV (RFC 5297) under the institution's own key: deterministic, so the same account has one handle, and opaque to
everyone else. The institution's code is bound in, so that a handle cannot be passed off under another code.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from cleanroom.crypto.hmac2 import subkey
from cleanroom.errors import ContentTampered

_CONTEXT = b"cleanroom/handle/v1"
_KEY_BYTES = 64  # AES-256 in SIV mode takes two keys


class HandleKey:
    def __init__(self, root: bytes, institution: str):
        self._cipher = AESSIV(subkey(root, "handle", length=_KEY_BYTES))
        self._bound = [_CONTEXT, institution.encode()]

    def seal(self, account: str) -> bytes:
        """`account`: canonical, institution code and 16 digits. 16 bytes longer than the text."""
        return self._cipher.encrypt(account.encode(), self._bound)

    def open(self, handle: bytes) -> str:
        try:
            return self._cipher.decrypt(handle, self._bound).decode()
        except (InvalidTag, ValueError):
            raise ContentTampered("the handle was not issued under this key", rule="handle") from None
