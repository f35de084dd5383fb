"""Secrets that the portal must read again, sealed in its database under a key made from its own secret."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from cleanroom.errors import NotAllowed
from portal.common.said import said


def seal(text: str) -> str:
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Raises NotAllowed where the portal's secret was changed since; earlier ones stand in SECRET_KEY_FALLBACKS."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise NotAllowed(
            **said("the second factor can no longer be read; ask the administrator to remove it")
        ) from None


def _box() -> MultiFernet:
    return MultiFernet([Fernet(_key(secret)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"cleanroom/portal/second-factor/v1")
    return base64.urlsafe_b64encode(derived.derive(secret.encode()))
