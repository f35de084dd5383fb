"""Making, sharing and comparing keys: what `cleanroom keys` calls. Each function can be run again safely.

The ceremony for a consortium: every participant prepares a ring (`prepare_participant_keys`), the first makes K1
(`init_participant_keys` without a share) and exports it to each other's recipient (`export_k1`), the others import
their share (`init_participant_keys` with it). The custodian pins the canaries in the room (`pin_canaries`).
"""

import json
import os
from pathlib import Path

from cleanroom.contracts.custody import Custodian
from cleanroom.contracts.whole_files import write_whole
from cleanroom.crypto import keyring
from cleanroom.crypto.keyring import ParticipantKeyRing, RoomKeyRing
from cleanroom.errors import CanaryMismatch, KeyRefused, ManifestMalformed, Where
from cleanroom.pipeline.custody import custodian_of, noting_refusals
from cleanroom.settings import ParticipantSettings, RoomSettings

K1_SHARE_CAP_BYTES = 64 * 1024


def init_room_keys(keys_dir: Path, *, demo: bool, custodian: Custodian | None = None) -> RoomKeyRing:
    """The room's ring: signing, envelope and K2. An existing ring is kept."""
    return keyring.new_room_ring(keys_dir, demo=demo, custodian=custodian)


def prepare_participant_keys(
    keys_dir: Path, *, institution: str, demo: bool, custodian: Custodian | None = None
) -> ParticipantKeyRing:
    """A participant's ring without K1 yet; its `recipient` is what a share must be sealed to."""
    return keyring.new_participant_ring(keys_dir, institution=institution, demo=demo, custodian=custodian)


def init_participant_keys(
    keys_dir: Path,
    *,
    institution: str,
    demo: bool,
    k1_from: Path | None = None,
    custodian: Custodian | None = None,
) -> ParticipantKeyRing:
    """A complete ring. `k1_from` is a share sealed to this (prepared) ring; without it the ring makes K1.

    Raises KeyRefused: a share for another ring, or another K1 than the ring already holds.
    """
    prepare_participant_keys(keys_dir, institution=institution, demo=demo, custodian=custodian)
    if k1_from is None:
        keyring.make_k1(keys_dir, custodian=custodian)
    else:
        keyring.import_k1(keys_dir, _read_share(k1_from), custodian=custodian)
    return ParticipantKeyRing.open(keys_dir, production=False, custodian=custodian)


def export_k1(keys_dir: Path, recipient: str, *, custodian: Custodian | None = None) -> bytes:
    """K1, sealed to the age recipient of another participant."""
    return ParticipantKeyRing.open(keys_dir, production=False, custodian=custodian).export_k1(recipient)


def canary_card(keys_dir: Path, *, custodian: Custodian | None = None) -> dict:
    """What a participant shows the custodian, in public: the id of K1 and the canaries under it."""
    ring = ParticipantKeyRing.open(keys_dir, production=False, custodian=custodian)
    return {"hash_kid": ring.hash_kid, "canaries": ring.canaries()}


def pin_canaries(pin_file: Path, *, hash_kid: str, canaries: dict[str, str]) -> None:
    """Tell the room which first-stage key the participants agreed on. Another answer for a known key is refused."""
    pins = read_pins(pin_file)
    if pins.setdefault(hash_kid, canaries) != canaries:
        raise CanaryMismatch("other canaries are already pinned for this first-hash key", rule="canary_pin")
    pin_file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(pins, indent=1, sort_keys=True).encode()
    write_whole(pin_file, lambda file: file.write(text))


def pin_card(settings: RoomSettings, card: Path) -> str:
    """Pin what a participant's `canary_card` says; returns the key's id. Raises ManifestMalformed for another file."""
    where = Where(file=card.name)
    try:
        shown = json.loads(card.read_text(encoding="utf-8"))
        kid, canaries = str(shown["hash_kid"]), {str(kind): str(value) for kind, value in shown["canaries"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ManifestMalformed("this is not what `cleanroom keys canaries` prints", where=where) from None
    pin_canaries(pin_file(settings), hash_kid=kid, canaries=canaries)
    return kid


def read_pins(pin_file: Path) -> dict[str, dict[str, str]]:
    """First-hash key id -> kind -> canary, hex. Empty where nothing is pinned yet."""
    return json.loads(pin_file.read_bytes()) if pin_file.exists() else {}


def _read_share(path: Path) -> bytes:
    try:
        if os.path.getsize(path) > K1_SHARE_CAP_BYTES:
            raise KeyRefused("the share is too large to hold a key", rule="k1_share")
        return path.read_bytes()
    except OSError:
        raise KeyRefused(f"the share {path.name} cannot be read", rule="k1_share") from None


def pin_file(settings: RoomSettings) -> Path:
    """Where the room keeps the canaries that the participants agreed on."""
    return settings.keys / "canaries.json"


def open_participant_keys(settings: ParticipantSettings) -> ParticipantKeyRing:
    with noting_refusals(settings):
        return ParticipantKeyRing.open(settings.keys, production=settings.production, custodian=custodian_of(settings))


def open_room_keys(settings: RoomSettings) -> RoomKeyRing:
    with noting_refusals(settings):
        return RoomKeyRing.open(settings.keys, production=settings.production, custodian=custodian_of(settings))
