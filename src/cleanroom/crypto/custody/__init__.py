"""Custody of a key ring: who can open its file.

`CLEANROOM_KEY_CUSTODY` names the custodian: empty (the file's owner-only rights alone: demos, refused in production),
`passphrase:FILE`, or `gcp-kms://projects/P/locations/L/keyRings/R/cryptoKeys/K`.
"""

from collections.abc import Callable
from pathlib import Path

from cleanroom.contracts.custody import Custodian
from cleanroom.crypto.custody.passphrase import PassphraseCustodian
from cleanroom.errors import SettingsInvalid

KEY_SERVICE = "gcp-kms://"
_PASSPHRASE = "passphrase:"  # noqa: S105 - the scheme of a name


def choose(setting: str, *, connect: Callable[[str], Custodian]) -> Custodian | None:
    """The custodian that the setting names; None for none. `connect` opens a key service, given its name.

    Raises SettingsInvalid for another form of name; KeyRefused where the passphrase file is not usable.
    """
    if not setting:
        return None
    if setting.startswith(_PASSPHRASE) and len(setting) > len(_PASSPHRASE):
        return PassphraseCustodian.from_file(Path(setting.removeprefix(_PASSPHRASE)).expanduser())
    if setting.startswith(KEY_SERVICE):
        return connect(setting)
    raise SettingsInvalid(
        "CLEANROOM_KEY_CUSTODY is not known here; leave it empty, or set passphrase:FILE or "
        "gcp-kms://projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY",
        zh="CLEANROOM_KEY_CUSTODY 之設定不明；請留空，"
        "或設為 passphrase:FILE 或 gcp-kms://projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY",
    )
