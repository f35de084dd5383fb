"""The custodian that a side's settings name."""

from cleanroom.contracts.custody import Custodian
from cleanroom.crypto import custody
from cleanroom.settings import ParticipantSettings, RoomSettings


def custodian_of(settings: RoomSettings | ParticipantSettings) -> Custodian | None:
    """None where the file's rights alone keep the ring. Raises SettingsInvalid, KeyRefused."""
    return custody.choose(settings.key_custody, connect=_connect)


def _connect(name: str) -> Custodian:
    from cleanroom.stores.kms_google import GoogleKeyService  # the client is an extra; only who uses it needs it

    return GoogleKeyService.connect(name)
