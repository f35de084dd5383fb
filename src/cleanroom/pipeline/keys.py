"""Making, sharing and changing keys: what `cleanroom keys` calls. Each function can be run again safely.

The ceremony under `hmac2-v1`: every participant prepares a ring (`prepare_participant_keys`), the first makes K1
(`init_participant_keys` without a share) and exports it to each other's recipient (`export_k1`), the others import
their share (`init_participant_keys` with it).

Under `r255-rekey-v1`: the first participant draws the joint scalar for all (`share_joint`), and each keeps its share
offline. Each draws a key of its own (`make_own_key`) and sends the room its factor (`export_factor`), which the room's
custodian imports (`import_factor`).

Then the custodian pins the canaries in the room (`pipeline.pins`). The same calls with `after` change a key later.
"""

import os
from pathlib import Path
from typing import Literal

from cleanroom.contracts.custody import Custodian
from cleanroom.contracts.standing import registered_signing_key
from cleanroom.crypto import ceremonies, factors
from cleanroom.crypto.canaries import Card
from cleanroom.crypto.keyring import ParticipantKeyRing, RoomKeyRing
from cleanroom.errors import KeyRefused
from cleanroom.pipeline.custody import custodian_of, noting_refusals
from cleanroom.settings import ParticipantSettings, RoomSettings
from cleanroom.stores.ports import Portal
from cleanroom.vocabulary.terms import Scheme

SHARE_CAP_BYTES = 64 * 1024


def init_room_keys(keys_dir: Path, *, demo: bool, custodian: Custodian | None = None) -> RoomKeyRing:
    """The room's ring: signing, envelope and K2. An existing ring is kept."""
    return ceremonies.new_room_ring(keys_dir, demo=demo, custodian=custodian)


def prepare_participant_keys(
    keys_dir: Path, *, institution: str, demo: bool, custodian: Custodian | None = None
) -> ParticipantKeyRing:
    """A participant's ring without first-hash key yet; its `recipient` is what a share must be sealed to."""
    return ceremonies.new_participant_ring(keys_dir, institution=institution, demo=demo, custodian=custodian)


def init_participant_keys(
    keys_dir: Path,
    *,
    institution: str,
    demo: bool,
    k1_from: Path | None = None,
    custodian: Custodian | None = None,
) -> ParticipantKeyRing:
    """A complete ring of `hmac2-v1`. `k1_from`: a share sealed to this (prepared) ring; without it the ring makes K1.

    Raises KeyRefused: a share for another ring, or another K1 than the ring already holds.
    """
    prepare_participant_keys(keys_dir, institution=institution, demo=demo, custodian=custodian)
    if k1_from is None:
        ceremonies.make_first_hash(keys_dir, scheme=Scheme.HMAC2, custodian=custodian)
    else:
        ceremonies.import_k1(keys_dir, read_share(k1_from), custodian=custodian)
    return ParticipantKeyRing.open(keys_dir, production=False, custodian=custodian)


def next_k1(settings: ParticipantSettings, *, after: str, k1_from: Path | None = None) -> str:
    """The K1 that follows the key `after`: drawn here, or from another participant's share. Returns the id in use."""
    custodian = custodian_of(settings)
    if k1_from is None:
        ceremonies.make_first_hash(settings.keys, scheme=Scheme.HMAC2, after=after, custodian=custodian)
    else:
        ceremonies.import_k1(settings.keys, read_share(k1_from), after=after, custodian=custodian)
    return open_participant_keys(settings).hash_kid


def export_k1(keys_dir: Path, recipient: str, *, custodian: Custodian | None = None, production: bool = False) -> bytes:
    """K1 in use, sealed to the age recipient of another participant. In production no demo ring shares its key."""
    ring = ParticipantKeyRing.open(keys_dir, production=production, custodian=custodian)
    return ceremonies.export_k1(ring, recipient)


def canary_card(keys_dir: Path, *, custodian: Custodian | None = None, production: bool = False) -> Card:
    """What a participant shows the custodian, in public: scheme and id of its first-hash key, canaries under it."""
    ring = ParticipantKeyRing.open(keys_dir, production=production, custodian=custodian)
    return Card(ring.institution, ring.scheme, ring.hash_kid, ring.canaries())


# --- r255-rekey-v1 ------------------------------------------------------------------------------------------------


def share_joint(recipients: dict[str, str]) -> dict[str, bytes]:
    """Draw the joint scalar: participant -> its share, sealed to the recipient named. Nothing else keeps it."""
    sealed = factors.new_joint(list(recipients.values()))
    return {participant: sealed[recipient] for participant, recipient in recipients.items()}


def make_own_key(settings: ParticipantSettings, *, after: str | None = None) -> str:
    """A first-hash key of the participant's own, the first or the one that follows `after`. Returns the id in use."""
    ceremonies.make_first_hash(settings.keys, scheme=Scheme.R255_REKEY, after=after, custodian=custodian_of(settings))
    return open_participant_keys(settings).hash_kid


def export_factor(settings: ParticipantSettings, *, joint: Path, room_recipient: str) -> bytes:
    """The factor of the key in use, signed and sealed to the room. `joint`: the share that was kept offline."""
    return factors.export_factor(open_participant_keys(settings), read_share(joint), room_recipient)


def import_factor(settings: RoomSettings, sealed: Path, *, participant: str, portal: Portal) -> str:
    """Take a participant's factor into the room's ring; returns the id of its key. Its signature must be by a key
    that is registered and active at the portal."""
    gate = portal.gate(participant)
    return factors.import_factor(
        settings.keys,
        read_share(sealed),
        participant=participant,
        signing_key=lambda kid: registered_signing_key(gate, kid).public_key,
        custodian=custodian_of(settings),
    )


# --- opening ------------------------------------------------------------------------------------------------------


def next_handle_key(settings: ParticipantSettings, *, after: int) -> None:
    """A new handle key for a ring that holds `after` of them; the older ones go on opening what they issued."""
    ceremonies.next_handle_key(settings.keys, after=after, custodian=custodian_of(settings))


def open_participant_keys(settings: ParticipantSettings) -> ParticipantKeyRing:
    with noting_refusals(settings):
        return ParticipantKeyRing.open(settings.keys, production=settings.production, custodian=custodian_of(settings))


def open_room_keys(settings: RoomSettings) -> RoomKeyRing:
    """Raises SettingsInvalid where no room is (`require_room`); KeyRefused, KeyServiceDenied, KeyServiceFault."""
    settings.require_room()
    with noting_refusals(settings):
        return RoomKeyRing.open(settings.keys, production=settings.production, custodian=custodian_of(settings))


def open_keys(settings: ParticipantSettings | RoomSettings) -> ParticipantKeyRing | RoomKeyRing:
    return open_room_keys(settings) if isinstance(settings, RoomSettings) else open_participant_keys(settings)


def renew_key(
    settings: ParticipantSettings | RoomSettings, *, purpose: Literal["signing", "sealing"], after: str
) -> bool:
    """Draw the signing or sealing key that follows the key `after`; it counts once it is proposed and approved. False
    where the ring has gone on already."""
    renew = ceremonies.next_signing_key if purpose == "signing" else ceremonies.next_recipient
    return renew(settings.keys, after=after, custodian=custodian_of(settings))


def read_share(path: Path) -> bytes:
    """What another party sealed to this ring. Raises KeyRefused for a file that cannot be one."""
    try:
        if os.path.getsize(path) > SHARE_CAP_BYTES:
            raise KeyRefused("the share is too large to hold a key", zh="檔案過大，不可能為金鑰檔", rule="k1_share")
        return path.read_bytes()
    except OSError:
        raise KeyRefused(
            f"the share {path.name} cannot be read", zh=f"金鑰檔 {path.name} 無法讀取", rule="k1_share"
        ) from None
