"""The custodian that a side's settings name, and the move of a ring from one to another."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from cleanroom.contracts.custody import Custodian
from cleanroom.contracts.messages import AuditEvent
from cleanroom.crypto import custody
from cleanroom.crypto.custody import ring_file
from cleanroom.crypto.keyring import ROOM
from cleanroom.errors import CleanroomError, KeyRefused, KeyServiceDenied, KeyServiceFault, NotAllowed
from cleanroom.settings import ParticipantSettings, RoomSettings
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.key_service import key_service

Settings = RoomSettings | ParticipantSettings


def custodian_of(settings: Settings) -> Custodian | None:
    """None where the file's rights alone keep the ring. Raises SettingsInvalid, KeyRefused."""
    return custody.choose(settings.key_custody, connect=key_service(settings))


def rewrap(settings: Settings, *, to: str) -> bool:
    """Bring this side's ring to the custodian named `to` (as in CLEANROOM_KEY_CUSTODY; empty: the file's rights
    alone). False where it is there already. The ring that a refusal, a fault or a kill leaves is whole.

    Raises NotAllowed where a ring in clear is asked for in production; KeyRefused, KeyServiceDenied, KeyServiceFault.
    """
    if settings.production and not to:
        raise NotAllowed(
            "in production a key ring is with a custodian",
            zh="正式環境之金鑰環須設定保管方式",
            rule="key_ring_unwrapped",
        )
    with noting_refusals(settings):
        new = custody.choose(to, connect=key_service(settings))
        moved = ring_file.rewrap(settings.keys, old=custodian_of(settings), new=new)
    if moved:
        _note(settings, "keys.rewrapped", {"custodian": new.name if new else "file"})
    return moved


@contextmanager
def noting_refusals(settings: Settings) -> Iterator[None]:
    """Keys that could not be opened stand in this side's audit log, with the reason. Where the side has no folder yet
    it has no log either, and none is begun."""
    try:
        yield
    except (KeyRefused, KeyServiceDenied, KeyServiceFault) as e:
        if settings.audit_file.parent.is_dir():
            with suppress(CleanroomError):  # what stopped the run is the keys, whatever the log says
                _note(settings, "keys.refused", {"reason": e.reason, "rule": e.rule})
        raise


def _note(settings: Settings, verb: str, detail: dict[str, str | None]) -> None:
    owner = settings.institution if isinstance(settings, ParticipantSettings) else ROOM
    event = AuditEvent(at=datetime.now(UTC), actor=owner, verb=verb, subject=f"key_ring:{owner}", detail=detail)
    AuditFile(settings.audit_file).append(event)
