"""The portal's own transport key: signs what the portal sends, and nothing that the locked room signs.

A file with owner-only rights under the portal's home; made by `manage.py make_webhook_key`. It proves to a receiver
that a request came from this portal. What stands inside a warning is signed and sealed by the locked room.
"""

import base64
import hashlib
import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cleanroom.errors import KeyRefused
from portal.common.said import said

FILE_NAME = "webhook_ed25519.pem"


@dataclass(frozen=True)
class WebhookKey:
    """`kid` is derived from the public key, so that a new key always has a new name."""

    private: Ed25519PrivateKey

    @property
    def public_bytes(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def kid(self) -> str:
        return "portal-" + hashlib.sha256(self.public_bytes).hexdigest()[:16]

    @property
    def public_key(self) -> str:
        """Base64url without padding: the form of every public key in the messages."""
        return base64.urlsafe_b64encode(self.public_bytes).rstrip(b"=").decode()

    @property
    def standard_webhooks_key(self) -> str:
        """The form that Standard Webhooks libraries read."""
        return "whpk_" + base64.b64encode(self.public_bytes).decode()

    def sign(self, domain: bytes, payload: bytes) -> str:
        """Base64url signature over domain + payload: the form of every signature in the messages."""
        return base64.urlsafe_b64encode(self.private.sign(domain + payload)).rstrip(b"=").decode()

    def headers(self, *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
        """Standard Webhooks: the id is stable over retries, the timestamp is the attempt's, in Unix seconds."""
        signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
        signature = base64.b64encode(self.private.sign(signed)).decode()
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": f"v1a,{signature}",
        }


def make(keys_dir: Path) -> WebhookKey:
    """Write a new key where none is; the key that is there, where one is. Directory 0700, file 0600."""
    keys_dir.mkdir(parents=True, exist_ok=True)
    keys_dir.chmod(0o700)
    if not (keys_dir / FILE_NAME).exists():
        _write(keys_dir / FILE_NAME, Ed25519PrivateKey.generate())
    return read(keys_dir)


def _write(path: Path, key: Ed25519PrivateKey) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)  # unlike a rename, never replaces the key that another process made first
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def read(keys_dir: Path) -> WebhookKey:
    """KeyRefused where the key is missing, unreadable, or readable by others."""
    path = keys_dir / FILE_NAME
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise KeyRefused(**said("the portal has no webhook key; run `manage.py make_webhook_key`")) from None
    if stat.S_IMODE(mode) & 0o077:
        raise KeyRefused(**said("the portal's webhook key can be read by others; set its rights to 0600"))
    return _parse(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _parse(path: Path, changed_ns: int) -> WebhookKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused(**said("the portal's webhook key is not an Ed25519 key; remove it and make a new one"))
    return WebhookKey(key)


def verify(public_key: str, signature: str, message: bytes) -> bool:
    """Whether the base64url `signature` over `message` verifies under the base64url Ed25519 `public_key`."""
    try:
        Ed25519PublicKey.from_public_bytes(_decode(public_key)).verify(_decode(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
