"""Time-based one-time codes (RFC 6238: SHA-1, six digits, 30 seconds), as the common apps make them."""

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote

STEP_SECONDS = 30
DRIFT_STEPS = 1  # a phone's clock may be one step off


def new_secret() -> str:
    """160 random bits, base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def step_at(seconds: float) -> int:
    return int(seconds) // STEP_SECONDS


def matching_step(secret: str, code: str, *, now: float, after: int) -> int | None:
    """The step whose code this is, within the drift and later than `after`: a code counts once."""
    current = step_at(now)
    steps = range(max(current - DRIFT_STEPS, after + 1), current + DRIFT_STEPS + 1)
    return next((step for step in steps if hmac.compare_digest(code_at(secret, step).encode(), code.encode())), None)


def address_for_app(secret: str, *, username: str, issuer: str) -> str:
    """What the QR code holds."""
    label = quote(f"{issuer}:{username}", safe=":")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer)}&digits=6&period={STEP_SECONDS}"
