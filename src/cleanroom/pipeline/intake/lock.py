"""One take-in at a time in a room."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cleanroom.errors import WarehouseFault
from cleanroom.settings import RoomSettings

PATIENCE_S = 30.0
_LOOK_AGAIN_S = 0.2


@contextmanager
def only_one(settings: RoomSettings) -> Iterator[None]:
    """Wait a while for another take-in to end. Raises WarehouseFault where it goes on: run it again later.

    The lock is on a file of the room and ends with the process that holds it, however that ends. Rooms on several
    machines that share one warehouse need a scheduler that starts one take-in at a time (the DAG's pool has one slot).
    """
    settings.room_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (settings.room_dir / "take-in.lock").open("w") as lock:
        give_up_at = time.monotonic() + PATIENCE_S
        while not _locked(lock):
            if time.monotonic() > give_up_at:
                raise WarehouseFault(
                    "another take-in is at work in this room; this one did nothing. Run it again when that has ended",
                    zh="此機敏區另有收件作業進行中，本次未處理任何資料；請待其結束後再執行",
                    rule="take_in_lock",
                )
            time.sleep(_LOOK_AGAIN_S)
        yield


def _locked(lock) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
