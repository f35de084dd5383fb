"""The ceremony of r255-rekey-v1: the scalar that all participants share, and the factor that each gives the room.

The joint scalar is in no ring at all: it lies offline, sealed to each participant, and is opened for the moment in
which a factor is reckoned.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from cleanroom.contracts.canonical import FACTOR_DOMAIN, canonical_bytes, parse_canonical
from cleanroom.contracts.custody import Custodian
from cleanroom.crypto import envelope, r255, schemes, signing
from cleanroom.crypto.ceremonies import Document, change_ring
from cleanroom.crypto.encoding import from_text, to_text
from cleanroom.crypto.keyring import ParticipantKeyRing, RoomKeyRing
from cleanroom.errors import CleanroomError, KeyRefused
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import Scheme


def new_joint(recipients: Sequence[str]) -> dict[str, bytes]:
    """Draw the scalar that the participants share, sealed to each of them: recipient -> what it keeps offline. The
    scalar itself is kept nowhere else."""
    raw = canonical_bytes({"joint": to_text(r255.new_scalar())})
    return {recipient: envelope.seal_bytes(raw, recipient) for recipient in recipients}


def export_factor(ring: ParticipantKeyRing, joint: bytes, room_recipient: str) -> bytes:
    """The factor of the key in use, signed by the participant and sealed to the room. `joint`: its offline share.

    Raises KeyRefused, ContentTampered.
    """
    key = ring.first_hash
    if key.scheme != Scheme.R255_REKEY:
        raise KeyRefused(
            "only keys of r255-rekey-v1 have a factor", zh="僅 r255-rekey-v1 之金鑰有換算因子", rule="scheme"
        )
    body = {
        "participant": ring.institution,
        "kid": key.kid,
        "factor": to_text(r255.factor(_open_joint(ring.decrypt(joint)), key.secret)),
        "demo": ring.demo,
    }
    signature = ring.sign(FACTOR_DOMAIN, canonical_bytes(body))
    signed = {"body": body, "signing_kid": ring.signing_kid, "signature": signature}
    return envelope.seal_bytes(canonical_bytes(signed), room_recipient)


def import_factor(
    folder: Path,
    sealed: bytes,
    *,
    participant: str,
    signing_key: Callable[[str], str],
    custodian: Custodian | None = None,
) -> str:
    """Take a participant's factor into the room's ring; returns the id of its key. `signing_key(kid)`: the public key
    that is registered for the participant under that id, or a refusal.

    Raises ContentTampered, SignatureRefused; KeyRefused: another participant's, another factor for a known key.
    """
    taken: list[str] = []

    def take(document: Document) -> bool:
        body = _verified_factor(RoomKeyRing(document).decrypt(sealed), participant, signing_key)
        if body["demo"] and not document["demo"]:
            raise KeyRefused(
                "the factor belongs to a demo key, and this ring is not a demo ring",
                zh="此換算因子出自示範金鑰，而此金鑰環非示範用",
                rule="demo_keys",
            )
        taken.append(body["kid"])
        return _add_factor(document, {name: body[name] for name in ("participant", "kid", "factor")})

    change_ring(folder, custodian, take)
    return taken[0]


def _add_factor(document: Document, entry: dict[str, str]) -> bool:
    for held in document["factors"]:
        if (held["participant"], held["kid"]) == (entry["participant"], entry["kid"]):
            if held != entry:
                raise KeyRefused(
                    "the room holds another factor for this key",
                    zh="無塵室已持有此金鑰之另一換算因子",
                    rule="factor_other",
                )
            return False
    document["factors"].append(entry)
    return True


def _verified_factor(raw: bytes, participant: str, signing_key: Callable[[str], str]) -> Document:
    try:
        signed = parse_canonical(raw, what=Both("the factor", "換算因子"))
        body, kid, signature = signed["body"], signed["signing_kid"], signed["signature"]
        r255.check_scalar(from_text(body["factor"]))
        schemes.check_kid(Scheme.R255_REKEY, body["kid"])
        owner, _ = body["participant"], body["demo"]
    except (CleanroomError, ValueError, KeyError, TypeError, AttributeError):
        raise KeyRefused("the file does not hold a factor", zh="此檔不含換算因子", rule="factor_form") from None
    if owner != participant:
        raise KeyRefused(
            "the factor belongs to another participant", zh="此換算因子屬其他參與機構", rule="factor_owner"
        )
    signing.verify(signing_key(kid), FACTOR_DOMAIN, canonical_bytes(body), signature)
    return body


def _open_joint(raw: bytes) -> bytes:
    try:
        return r255.check_scalar(from_text(parse_canonical(raw, what=Both("the joint scalar", "共同純量"))["joint"]))
    except (CleanroomError, ValueError, KeyError, TypeError):
        raise KeyRefused("the file does not hold the joint scalar", zh="此檔不含共同純量", rule="joint_share") from None
