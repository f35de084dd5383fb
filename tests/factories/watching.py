"""A step in a process of its own that is stopped again and again while somebody looks at everything it leaves about."""

import os
import signal
import tempfile
import time
from collections.abc import Callable
from multiprocessing import forkserver
from pathlib import Path

from tests.factories.leaks import Leak, Scanner, family


def watched(work: Callable[[], object], scanner: Scanner, *, folders: list[Path], temporary: Path) -> list[Leak]:
    """What `scanner` found below `folders` and in open files, at every stop and after the end. `temporary` is the
    process's TMPDIR, and is looked at as well. Raises AssertionError where the work fails or was hardly watched."""
    child = _started(work, temporary)
    found, stops, status, pause = [], 0, None, 0.005
    while status is None:
        time.sleep(pause)
        _signal(child, signal.SIGSTOP)
        began = time.monotonic()
        found += scanner.leaks_in([*folders, temporary]) + scanner.leaks_in_process(child)
        pause = max(0.005, time.monotonic() - began)  # the work gets half of the time
        _signal(child, signal.SIGCONT)
        stops += 1
        ended, raw = os.waitpid(child, os.WNOHANG)
        status = os.waitstatus_to_exitcode(raw) if ended else None
    assert status == 0, f"the watched work ended with {status}"
    assert stops >= 5, f"{stops} stops: this would pass on nothing"
    return found + scanner.leaks_in([*folders, temporary])


def _started(work: Callable[[], object], temporary: Path) -> int:
    child = os.fork()
    if child:
        return child
    try:
        forkserver._forkserver.__init__()  # one that the parent started is not this process's child
        os.environ["TMPDIR"] = tempfile.tempdir = str(temporary)
        work()
        os._exit(0)
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(99)


def _signal(child: int, which: signal.Signals) -> None:
    for process in family(child):
        try:
            os.kill(process, which)
        except ProcessLookupError:
            continue
