"""Settings of the service: ceilings that no request can lift, and where its folder lies."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from cleanroom.errors import SettingsInvalid
from cleanroom.lookout.bounds import DEFAULT
from cleanroom.settings import RoomSettings

_PREFIX = "CLEANROOM_LOOKOUT_"


@dataclass(frozen=True)
class LookoutSettings:
    """Each field is also a variable of the environment: CLEANROOM_LOOKOUT_<FIELD>.

    `accounts`, `transfers`, `seconds`: the bounds of a walk whose request names none; `most_...`: the highest that a
    request may name. `walks_at_once` run in threads of a worker, `walks_waiting` stand in line, more are told to come
    back. `question_bytes`, `batch_bytes`: the largest bodies. `body_seconds`: the longest that a body may take.
    `merge_share`: the keeper merges once the delta is this share of the base, but not below `merge_least` transfers.
    `access_part_bytes`: a file of the access log that has grown to so many is followed by the next.
    """

    accounts: int = DEFAULT.accounts
    transfers: int = DEFAULT.transfers
    seconds: float = DEFAULT.seconds
    most_accounts: int = 100_000
    most_transfers: int = 100_000_000
    most_seconds: float = 5.0
    walks_at_once: int = 2
    walks_waiting: int = 64
    question_bytes: int = 256 * 1024
    batch_bytes: int = 256 * 1024**2
    body_seconds: float = 10.0
    merge_share: float = 0.05
    merge_least: int = 250_000
    receipt_hours: float = 48.0
    access_part_bytes: int = 256 * 1024**2

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "LookoutSettings":
        """Raises SettingsInvalid for a value that is no number above zero."""
        env = os.environ if environ is None else environ
        given = {f.name: env[_PREFIX + f.name.upper()] for f in fields(cls) if env.get(_PREFIX + f.name.upper())}
        return cls(**{name: _number(name, text, type(getattr(cls, name))) for name, text in given.items()})


def default_folder(environ: Mapping[str, str] | None = None) -> Path:
    """CLEANROOM_LOOKOUT_DIR, else `lookout` in the room's folder."""
    env = os.environ if environ is None else environ
    named = env.get(_PREFIX + "DIR")
    return Path(named).expanduser().absolute() if named else RoomSettings.from_environment(env).room_dir / "lookout"


def _number(name: str, text: str, kind: type) -> int | float:
    try:
        value = kind(text)
    except ValueError:
        raise SettingsInvalid(
            f"{_PREFIX}{name.upper()} is not a number; give one greater than zero",
            zh=f"{_PREFIX}{name.upper()} 非數字；須為大於零之數",
        ) from None
    if not value > 0:
        raise SettingsInvalid(
            f"{_PREFIX}{name.upper()} must be greater than zero", zh=f"{_PREFIX}{name.upper()} 須大於零"
        )
    return value
