"""How the keys of a ring are made, shared and changed. Each function can be run again: it changes nothing twice.

A secret leaves a ring in two ways only, each time sealed to whom it is for: K1 to another participant, and a
participant's factor (`crypto.factors`) to the clean room.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cleanroom.contracts.canonical import canonical_bytes, parse_canonical
from cleanroom.contracts.custody import Custodian
from cleanroom.crypto import envelope, hmac2, schemes, signing
from cleanroom.crypto.custody import ring_file
from cleanroom.crypto.encoding import from_text, to_text
from cleanroom.crypto.keyring import ROOM, ParticipantKeyRing, RoomKeyRing
from cleanroom.crypto.schemes import FirstHash
from cleanroom.errors import CleanroomError, KeyRefused
from cleanroom.vocabulary.both import Both
from cleanroom.vocabulary.terms import Scheme

Document = dict[str, Any]


# --- rings --------------------------------------------------------------------------------------------------------


def new_room_ring(folder: Path, *, demo: bool, custodian: Custodian | None = None) -> RoomKeyRing:
    """Make the room's ring; an existing one is kept as it is."""
    if not ring_file.exists(folder):
        document = _new_document(ROOM, demo=demo)
        document["k2"] = [_epoch(1)]
        document["factors"] = []
        ring_file.write(folder, document, custodian=custodian)
    return RoomKeyRing.open(folder, production=False, custodian=custodian)


def new_participant_ring(
    folder: Path, *, institution: str, demo: bool, custodian: Custodian | None = None
) -> ParticipantKeyRing:
    """Make a participant's ring, still without a first-hash key; an existing one of the same institution is kept."""
    if not ring_file.exists(folder):
        document = _new_document(institution, demo=demo)
        document["handles"] = [_handle_key()]
        document["first_hash"] = []
        ring_file.write(folder, document, custodian=custodian)
    ring = ParticipantKeyRing.open(folder, production=False, custodian=custodian)
    if ring.institution != institution:
        raise KeyRefused(
            "the key ring in this directory belongs to another institution",
            zh="此資料夾之金鑰環屬其他機構",
            rule="key_ring_owner",
        )
    return ring


def _new_document(owner: str, *, demo: bool) -> Document:
    return {
        "version": 1,
        "owner": owner,
        "demo": demo,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "signing": [_signing_key()],
        "recipients": [_recipient()],
    }


def _public_kid(public: str) -> str:
    return hashlib.sha256(public.encode()).hexdigest()[:16]


def change_ring(folder: Path, custodian: Custodian | None, change: Callable[[Document], bool]) -> bool:
    """Read, change, write, while nobody else may. `change` answers whether it changed anything."""
    with ring_file.changing(folder):
        document = ring_file.read(folder, production=False, custodian=custodian)
        changed = change(document)
        if changed:
            ring_file.write(folder, document, custodian=custodian)
    return changed


# --- signing and sealing keys -----------------------------------------------------------------------------------------


def next_signing_key(folder: Path, *, after: str, custodian: Custodian | None = None) -> bool:
    """Draw a new signing key for a ring that signs with the key `after`."""

    def add(document: Document) -> bool:
        return _add_next(document["signing"], after, _signing_key)

    return change_ring(folder, custodian, add)


def next_recipient(folder: Path, *, after: str, custodian: Custodian | None = None) -> bool:
    """Draw a new sealing key. The ring goes on opening what was sealed to the earlier ones."""

    def add(document: Document) -> bool:
        return _add_next(document["recipients"], after, _recipient)

    return change_ring(folder, custodian, add)


def _add_next(held: list[Document], after: str, make: Callable[[], Document]) -> bool:
    _check_held(held, after)
    if held[-1]["kid"] != after:
        return False
    held.append(make())
    return True


def _check_held(held: list[Document], kid: str) -> None:
    if kid not in [entry["kid"] for entry in held]:
        raise KeyRefused(
            "the ring never held the key that the new one should follow",
            zh="金鑰環未曾持有新金鑰所接續之金鑰",
            rule="key_unknown",
        )


def _signing_key() -> Document:
    seed = secrets.token_bytes(32)
    return {"kid": _public_kid(signing.public_key_of(seed)), "seed": to_text(seed)}


def _recipient() -> Document:
    identity, recipient = envelope.new_identity()
    return {"kid": _public_kid(recipient), "identity": identity, "recipient": recipient}


# --- first-hash keys ----------------------------------------------------------------------------------------------


def make_first_hash(
    folder: Path, *, scheme: Scheme, after: str | None = None, custodian: Custodian | None = None
) -> bool:
    """Draw a first-hash key: the first one, or the one that follows the key `after`. A ring that has gone on already
    stays as it is. K1 is drawn by the founding participant for all; a scalar by each for itself.

    Raises KeyRefused where the ring never held `after`, or goes on with a key of another scheme.
    """

    def add(document: Document) -> bool:
        if after is not None:
            _check_held(document["first_hash"], after)
        if _in_use(document) != after:
            _check_scheme(document, scheme)
            return False
        _add_first_hash(document, schemes.new_key(scheme))
        return True

    return change_ring(folder, custodian, add)


def export_k1(ring: ParticipantKeyRing, recipient: str) -> bytes:
    """K1 in use, sealed to another participant's recipient. Raises KeyRefused under a scheme without shared keys."""
    key = ring.first_hash
    if key.scheme != Scheme.HMAC2:
        raise KeyRefused(
            "under r255-rekey-v1 every participant has a first-hash key of its own",
            zh="採 r255-rekey-v1 時，各參與機構自有其一次雜湊金鑰",
            rule="scheme",
        )
    share = {"k1": to_text(key.secret), "kid": key.kid, "demo": ring.demo}
    return envelope.seal_bytes(canonical_bytes(share), recipient)


def import_k1(folder: Path, share: bytes, *, after: str | None = None, custodian: Custodian | None = None) -> bool:
    """Take K1 from a share that was sealed to this ring: the first one, or the one that follows the key `after`.

    Raises ContentTampered; KeyRefused: no key, another one than the ring holds, a demo key in a real ring.
    """

    def take(document: Document) -> bool:
        root, demo = _open_share(ParticipantKeyRing(document).decrypt(share))
        if demo and not document["demo"]:
            raise KeyRefused(
                "the share holds a demo key, and this ring is not a demo ring",
                zh="金鑰檔為示範金鑰，而此金鑰環非示範用",
                rule="demo_keys",
            )
        key = FirstHash(Scheme.HMAC2, root)
        if _in_use(document) == key.kid:
            return False
        if _in_use(document) != after:
            raise KeyRefused(
                "this ring holds another first-hash key than the share",
                zh="此金鑰環之一次雜湊金鑰與金鑰檔不同",
                rule="k1_other",
            )
        _add_first_hash(document, key)
        return True

    return change_ring(folder, custodian, take)


def _in_use(document: Document) -> str | None:
    return document["first_hash"][-1]["kid"] if document["first_hash"] else None


def _check_scheme(document: Document, scheme: Scheme) -> None:
    if (held := document["first_hash"][-1]["scheme"]) != scheme:
        raise KeyRefused(
            f"the first-hash key in use is of {held}; a key of {scheme} follows it with --after alone",
            zh=f"現用一次雜湊金鑰為 {held}；如須改用 {scheme}，請以 --after 指明現用金鑰",
            rule="scheme_in_use",
        )


def _add_first_hash(document: Document, key: FirstHash) -> None:
    document["first_hash"].append({"scheme": key.scheme.value, "kid": key.kid, "secret": to_text(key.secret)})


def _open_share(raw: bytes) -> tuple[bytes, bool]:
    try:
        share = parse_canonical(raw, what=Both("the share", "金鑰檔"))
        root, demo = from_text(share["k1"]), share["demo"]
    except (CleanroomError, ValueError, KeyError, TypeError):
        raise KeyRefused(
            "the share does not hold a first-hash key", zh="金鑰檔不含一次雜湊金鑰", rule="k1_share"
        ) from None
    if len(root) != hmac2.ROOT_BYTES or share.get("kid") != FirstHash(Scheme.HMAC2, root).kid:
        raise KeyRefused(
            "the share's key and its key id do not belong together", zh="金鑰檔之金鑰與其代號不符", rule="k1_share"
        )
    return root, bool(demo)


# --- K2 and handle keys -------------------------------------------------------------------------------------------


def add_epoch(folder: Path, number: int, *, custodian: Custodian | None = None) -> bool:
    """Give the room's ring the K2 of epoch `number`, which must be the next one. False where it has it already."""

    def add(document: Document) -> bool:
        latest = document["k2"][-1]["epoch"]
        if number not in (latest, latest + 1):
            raise KeyRefused(
                f"the ring is at epoch {latest}; only epoch {latest + 1} can follow",
                zh=f"金鑰環為第 {latest} 期；其後僅能為第 {latest + 1} 期",
                rule="epoch",
            )
        if number == latest:
            return False
        document["k2"].append(_epoch(number))
        return True

    return change_ring(folder, custodian, add)


def next_handle_key(folder: Path, *, after: int, custodian: Custodian | None = None) -> bool:
    """Draw a new handle key for a ring that holds `after` of them. Older ones go on opening the handles they issued.

    False where it was drawn before. Raises KeyRefused for a number that the ring never reached.
    """

    def add(document: Document) -> bool:
        count = len(document["handles"])
        if not 1 <= after <= count:
            raise KeyRefused(
                f"the ring holds {count} handle keys", zh=f"金鑰環現有回查碼金鑰 {count} 把", rule="handle_count"
            )
        if count != after:
            return False
        document["handles"].append(_handle_key())
        return True

    return change_ring(folder, custodian, add)


def _epoch(number: int) -> Document:
    return {"epoch": number, "root": to_text(hmac2.new_root())}


def _handle_key() -> Document:
    return {"root": to_text(hmac2.new_root())}
