"""Opening the key service that a side's settings name, or its stand-in on loopback."""

import re
from collections.abc import Callable

from cleanroom.contracts.custody import Custodian
from cleanroom.errors import SettingsInvalid
from cleanroom.settings import ParticipantSettings, RoomSettings

_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\]):[0-9]{1,5}")


def key_service(settings: RoomSettings | ParticipantSettings) -> Callable[[str], Custodian]:
    """What opens a key service by its name. Raises SettingsInvalid for a stand-in elsewhere or in production."""
    emulator = settings.kms_emulator
    if emulator and (settings.production or not _LOOPBACK.fullmatch(emulator)):
        raise SettingsInvalid(
            "CLEANROOM_KMS_EMULATOR_HOST is for trials on this machine alone: unset it",
            zh="CLEANROOM_KMS_EMULATOR_HOST 僅供本機測試，請取消此設定",
        )

    def connect(name: str) -> Custodian:
        try:
            from cleanroom.stores.kms_google import GoogleKeyService
        except ImportError:  # an extra: only who keeps keys there needs the client
            raise SettingsInvalid(
                "the client of Cloud KMS is not installed: add the extra `gcp`",
                zh="未安裝 Cloud KMS 用戶端；請加裝選用套件 `gcp`",
            ) from None
        return GoogleKeyService.connect(name, emulator=emulator)

    return connect
