"""A warning as it leaves the room: signed by the room, sealed to one institution, without any identifier outside."""

import base64
from collections.abc import Callable
from datetime import datetime

from cleanroom.contracts.canonical import WARNING_DOMAIN, canonical_bytes
from cleanroom.contracts.messages import ParticipantGate, WarningBody, WarningMessage
from cleanroom.crypto.envelope import seal_bytes
from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.dispatch.selection import Numbered
from cleanroom.errors import KeyRefused

NUMBER_KIND = "warning"  # domain of the keyed hash that numbers warnings; no identifier kind has this name


def warning_ids(keys: RoomKeyRing, identities: list[dict[str, str]]) -> list[str]:
    """32 hex digits each, the same for the same identity. Keyed: a number tells nothing of the account to anyone
    outside the room, not even to who holds its token."""
    return keys.number([canonical_bytes(identity) for identity in identities], domain=NUMBER_KIND)


def sealing_key(gate: ParticipantGate) -> str:
    """The institution's age recipient. Raises KeyRefused where none is registered and active."""
    active = [k for k in gate.keys if k.purpose == "sealing" and k.state == "active"]
    if not active:
        raise KeyRefused(
            f"institution {gate.participant} has no active sealing key; it registers one in the portal",
            zh=f"機構 {gate.participant} 無啟用中之封裝金鑰；請由該機構於入口網站登錄",
            rule="sealing_key_missing",
        )
    return max(active, key=lambda k: k.registered_at).public_key


def compose(
    one: Numbered,
    *,
    recipient: str,
    release_id: str,
    sign: Callable[[bytes, bytes], str],
    signing_kid: str,
    now: datetime,
) -> WarningMessage:
    """`sign(domain, payload)` is the room's signature; `recipient` the institution's age key."""
    body, c = _body(one, now), one.candidate
    signed = body.model_dump(mode="json")
    envelope = {
        "body": signed,
        "signing_kid": signing_kid,
        "signature": sign(WARNING_DOMAIN, canonical_bytes(signed)),
    }
    return WarningMessage(
        warning_id=one.warning_id,
        participant=c.institution,
        kind=c.kind,
        severity=c.severity,
        release_id=release_id,
        reason_codes=tuple(r["code"] for r in c.reasons),
        amount_bound_cents=c.amount_bound_cents,
        layer=c.layer,
        composed_at=now,
        sealed_body=base64.b64encode(seal_bytes(canonical_bytes(envelope), recipient)).decode(),
    )


def _body(one: Numbered, now: datetime) -> WarningBody:
    c = one.candidate
    return WarningBody(
        warning_id=one.warning_id,
        participant=c.institution,
        kind=c.kind,
        handle=one.handle,
        score=c.score,
        reasons=c.reasons,
        path=c.path,
        amount_bound_cents=c.amount_bound_cents,
        requested_action=c.requested_action,
        composed_at=now,
    )
