"""One rehearsal a folder: two would share its portal's database and its receivers."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cleanroom.errors import NotAllowed, Where


@contextmanager
def alone_in(home: Path) -> Iterator[None]:
    """The folder is ours while the context is open; the lock dies with this process. Raises NotAllowed."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".rehearsal").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotAllowed(
                "another demo, run or Airflow is at work on this folder; end it (Ctrl-C), or name another folder",
                zh="此資料夾已有示範、執行或 Airflow 進行中；請先結束（Ctrl-C），或另行指定資料夾",
                where=Where(file=str(home)),
                rule="one_rehearsal",
            ) from None
        yield
