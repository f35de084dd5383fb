"""From a sealed warning to what the institution's own people may read: envelope, room's signature, handle."""

import base64
import binascii
from dataclasses import dataclass

from pydantic import ValidationError

from cleanroom.contracts.canonical import WARNING_DOMAIN, canonical_bytes, parse_canonical
from cleanroom.contracts.messages import WarningBody, WarningMessage
from cleanroom.crypto.keyring import ParticipantKeyRing
from cleanroom.crypto.signing import verify
from cleanroom.errors import ContentTampered, ManifestMalformed, NotTheOwner, SignatureRefused
from cleanroom.vocabulary.both import Both

BODY_CAP_BYTES = 256 * 1024
_COMMON = ("warning_id", "participant", "kind", "amount_bound_cents", "composed_at")


@dataclass(frozen=True)
class RoomKey:
    """The clean room's signing key, as this institution pinned it."""

    kid: str
    public_key: str


@dataclass(frozen=True)
class Opened:
    """`account`: the institution's own account, canonical (its code and 16 digits). Never leaves the institution."""

    message: WarningMessage
    body: WarningBody
    account: str


def parse_message(raw: bytes) -> WarningMessage:
    """Raises ManifestMalformed: not canonical, or not a warning."""
    parse_canonical(raw, what=Both("the warning", "預警"))
    return _validated(WarningMessage, raw)


def open_warning(message: WarningMessage, *, ring: ParticipantKeyRing, room_key: RoomKey) -> Opened:
    """Raises NotTheOwner (another institution's warning, or a handle that is not this institution's),
    ContentTampered (the envelope), SignatureRefused (the room), ManifestMalformed (the inner form)."""
    if message.participant != ring.institution:
        raise NotTheOwner(
            "the warning is addressed to another institution", zh="此預警係發送予其他機構", rule="warning_participant"
        )
    body = _signed_body(ring.decrypt(_sealed(message), cap_bytes=BODY_CAP_BYTES), room_key)
    outside, inside = (m.model_dump(mode="json", include=set(_COMMON)) for m in (message, body))
    if outside != inside:
        raise ContentTampered(
            "the sealed part belongs to another warning", zh="密封內容屬另一預警", rule="warning_binding"
        )
    account = ring.open_handle(body.handle)
    if not account.startswith(ring.institution):
        raise NotTheOwner(
            "the warned account is another institution's", zh="預警所指帳戶屬其他機構", rule="warning_account"
        )
    return Opened(message, body, account)


def _sealed(message: WarningMessage) -> bytes:
    try:
        return base64.b64decode(message.sealed_body, validate=True)
    except binascii.Error:
        raise ContentTampered(
            "the sealed part is not base64", zh="密封內容非 base64", rule="warning_encoding"
        ) from None


def _signed_body(raw: bytes, room_key: RoomKey) -> WarningBody:
    envelope = parse_canonical(raw, what=Both("the sealed part", "密封內容"))
    if not isinstance(envelope, dict) or set(envelope) != {"body", "signing_kid", "signature"}:
        raise ManifestMalformed(
            "the sealed part has another shape than agreed", zh="密封內容不符約定格式", rule="warning_schema"
        )
    if envelope["signing_kid"] != room_key.kid:
        raise SignatureRefused(
            "the warning is signed with another key than the clean room's pinned one; ask the key custodian, then "
            "start the receiver with --trust-room-key",
            zh="此預警所用簽章金鑰，與登錄之無塵室金鑰不同；請洽金鑰保管人後，以 --trust-room-key 啟動接收程式",
            rule="room_key",
        )
    payload = canonical_bytes(envelope["body"])
    verify(room_key.public_key, WARNING_DOMAIN, payload, str(envelope["signature"]))
    return _validated(WarningBody, payload)


def _validated(model, raw: bytes):
    try:
        return model.model_validate_json(raw)
    except ValidationError as e:
        first = e.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the warning"
        raise ManifestMalformed(
            f"{place}: {first['msg']}", zh=f"{place}：不符預警之約定格式（{first['type']}）", rule="warning_schema"
        ) from None
