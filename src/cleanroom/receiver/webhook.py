"""Who sent this request, and when: Standard Webhooks headers with an Ed25519 signature of the portal's key."""

import base64
import binascii
from collections.abc import Mapping

from cleanroom.crypto.encoding import to_text
from cleanroom.crypto.signing import verify
from cleanroom.errors import SignatureRefused

TOLERANCE_SECONDS = 300
MOST_SIGNATURES = 8  # a header may carry several while a key is being changed
_LONGEST_ID = 128


def check_request(headers: Mapping[str, str], body: bytes, *, public_key: str, now: float) -> str:
    """The webhook-id of an authentic and recent request. `headers` in lower case; `now` in Unix seconds.

    Raises SignatureRefused: a header is missing or malformed, the attempt is older or newer than five minutes, or no
    `v1a` signature verifies. The id stays the same over retries; the timestamp is the attempt's.
    """
    message_id = headers.get("webhook-id", "")
    if not 0 < len(message_id) <= _LONGEST_ID or not message_id.isprintable():
        raise SignatureRefused(
            "the webhook-id header is missing or malformed", zh="缺少 webhook-id 標頭或格式有誤", rule="webhook_id"
        )
    timestamp = headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > 12:
        raise SignatureRefused(
            "the webhook-timestamp header is missing or malformed",
            zh="缺少 webhook-timestamp 標頭或格式有誤",
            rule="webhook_timestamp",
        )
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureRefused(
            "the request is older or newer than five minutes; compare the clocks of both sides",
            zh="請求時間與現在相差逾五分鐘；請核對雙方時鐘",
            rule="webhook_timestamp",
        )
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    _check_any(headers.get("webhook-signature", ""), signed, public_key)
    return message_id


def _check_any(header: str, signed: bytes, public_key: str) -> None:
    offered = [part.removeprefix("v1a,") for part in header.split(" ") if part.startswith("v1a,")]
    for text in offered[:MOST_SIGNATURES]:
        try:
            verify(public_key, b"", signed, to_text(base64.b64decode(text, validate=True)))
        except (SignatureRefused, binascii.Error):
            continue
        return
    raise SignatureRefused(
        "no signature of the request verifies under the portal's key",
        zh="請求之簽章無一可以入口網站金鑰驗證",
        rule="webhook_signature",
    )
