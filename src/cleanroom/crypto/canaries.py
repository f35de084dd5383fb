"""Canaries: first hashes of three published dummy identifiers, written in an awkward spelling on purpose.

They travel in every manifest. A participant with another key or another normaliser gets other canaries, and is
refused before its tokens could fail to join. They tell nothing of a real person: nobody has these identifiers.

What the participants agreed on is pinned in the room: the scheme, and under `hmac2-v1` the canaries of every K1 by its
id; under `r255-rekey-v1`, where every participant has a key of its own, what all canaries come to at the joint key.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cleanroom.contracts.manifest import Manifest
from cleanroom.crypto.identifiers import canonical
from cleanroom.crypto.schemes import check_kid
from cleanroom.errors import CanaryMismatch, KeyRefused
from cleanroom.vocabulary.terms import IdentifierKind, Scheme

if TYPE_CHECKING:
    from cleanroom.crypto.keyring import RoomKeyRing

# kind -> (institution, raw spelling); full-width, padding and punctuation exercise the normaliser.
DUMMIES: dict[IdentifierKind, tuple[str | None, str]] = {
    IdentifierKind.NATIONAL_ID: (None, " ａ１２３４５６７８９ "),
    IdentifierKind.ACCOUNT: ("000", "１２３４５６"),
    IdentifierKind.PHONE: (None, "０９００-０００-０００"),
}
JOINT = "joint"  # stands where a key's id stands, for the key that no participant uses itself

Canaries = Mapping[str, str]
"""Identifier kind -> 64 hex digits."""


@dataclass(frozen=True)
class Card:
    """What a participant shows the key custodian, in public."""

    participant: str
    scheme: Scheme
    hash_kid: str
    canaries: Canaries


@dataclass(frozen=True)
class Pins:
    """`agreed`: id of a first-hash key, or JOINT -> canaries. `closed`: ids under which nothing more is taken in."""

    scheme: Scheme | None = None
    agreed: Mapping[str, Canaries] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()


def canaries_under(first_hash: Callable[[str, Iterable[str]], list[bytes]]) -> dict[str, str]:
    """`first_hash(kind, canonical identifiers)`; the answer maps kind to 64 hex digits."""
    return {
        kind.value: first_hash(kind.value, [canonical(kind, raw, institution=code)])[0].hex()
        for kind, (code, raw) in DUMMIES.items()
    }


def card_of(manifest: Manifest) -> Card:
    return Card(manifest.participant, manifest.scheme, manifest.hash_kid, manifest.canaries)


def check(shown: Card | Manifest, pins: Pins, ring: "RoomKeyRing", *, production: bool) -> bool:
    """Dummy identifiers must hash as the participants agreed. False where nothing is pinned yet, and may be now.

    Raises KeyRefused: another scheme than agreed (`scheme`), a key that was closed (`hash_kid_closed`) or of which
    the room has no factor (`hash_kid`); CanaryMismatch: nothing pinned in production, an unknown key, other canaries.
    """
    card = card_of(shown) if isinstance(shown, Manifest) else shown
    _check_key(card, pins)
    if pins.scheme is None:
        if production:
            raise CanaryMismatch(
                "no first-hash key is pinned; the key custodian pins it first",
                zh="尚未登錄一次雜湊金鑰；請先由金鑰保管人登錄",
                rule="canary_unpinned",
            )
        return False
    name, canaries = pinned_form(card, ring)
    if name not in pins.agreed:
        raise CanaryMismatch(
            "the identifiers were hashed under another first-hash key than the participants agreed on",
            zh="識別碼所用之一次雜湊金鑰，與參與機構約定者不同",
            rule="hash_kid",
        )
    if dict(pins.agreed[name]) != canaries:
        raise CanaryMismatch(
            "the dummy identifiers hash differently: another key or another normaliser was used",
            zh="測試值之雜湊不同：所用金鑰或正規化方式不一致",
            rule="canaries",
        )
    return True


def pinned(pins: Pins, card: Card, ring: "RoomKeyRing") -> Pins:
    """With what the card shows. Raises CanaryMismatch where other canaries are pinned for the same key; KeyRefused
    for another scheme, a closed key, or one without factor."""
    _check_key(card, pins)
    name, canaries = pinned_form(card, ring)
    if dict(pins.agreed.get(name, canaries)) != canaries:
        raise CanaryMismatch(
            "other canaries are already pinned for this first-hash key",
            zh="此一次雜湊金鑰已登錄其他測試值",
            rule="canary_pin",
        )
    return replace(pins, scheme=card.scheme, agreed={**pins.agreed, name: canaries})


def pinned_form(card: Card, ring: "RoomKeyRing") -> tuple[str, dict[str, str]]:
    """Under which name canaries are pinned, and as what."""
    if card.scheme == Scheme.HMAC2:
        return card.hash_kid, dict(card.canaries)
    second = ring.second_hash(scheme=card.scheme, participant=card.participant, kid=card.hash_kid)
    points = second.joint(bytes.fromhex(t1) for t1 in card.canaries.values())
    return JOINT, {kind: point.hex() for kind, point in zip(card.canaries, points, strict=True)}


def _check_key(card: Card, pins: Pins) -> None:
    if pins.scheme is not None and card.scheme != pins.scheme:
        raise KeyRefused(
            "the identifiers were hashed by another scheme than the participants agreed on",
            zh="識別碼所用之雜湊方式，與參與機構約定者不同",
            rule="scheme",
        )
    check_kid(card.scheme, card.hash_kid)
    if card.hash_kid in pins.closed:
        raise KeyRefused(
            "the first-hash key is closed; seal the file again under the key in use",
            zh="此一次雜湊金鑰已停用；請以現用金鑰重新封裝檔案",
            rule="hash_kid_closed",
        )
