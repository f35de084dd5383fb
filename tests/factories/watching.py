"""A step in a process of its own that is stopped again and again while somebody looks at everything it leaves about."""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path

from tests.factories.leaks import Leak, Scanner, family


def watched(work: Callable[[], object], scanner: Scanner, *, folders: list[Path], temporary: Path) -> list[Leak]:
    """What `scanner` found below `folders` and in open files, at every stop and after the end. `temporary` is the
    process's TMPDIR, and is looked at as well. Raises AssertionError where the work fails or was hardly watched."""
    child = _started(work, temporary)
    try:
        found, stops, status = _looked(child, scanner, [*folders, temporary])
    except BaseException:
        os.kill(child, signal.SIGKILL)  # its fork server and workers end when its pipes do
        os.waitpid(child, 0)
        raise
    assert status == 0, f"the watched work ended with {status}"
    assert stops >= 5, f"{stops} stops: this would pass on nothing"
    return found + scanner.leaks_in([*folders, temporary])


def _looked(child: int, scanner: Scanner, folders: list[Path]) -> tuple[list[Leak], int, int]:
    """What was found until the end of the work, after how many stops, and the work's status."""
    found, stops, pause = [], 0, 0.005
    while True:
        time.sleep(pause)
        with held(child):
            began = time.monotonic()
            found += scanner.leaks_in(folders) + scanner.leaks_in_process(child)
            pause = max(0.005, time.monotonic() - began)  # the work gets half of the time
        stops += 1
        ended, raw = os.waitpid(child, os.WNOHANG)
        if ended:
            return found, stops, os.waitstatus_to_exitcode(raw)


@contextmanager
def held(child: int) -> Iterator[None]:
    """The process and its descendants stand still, and all that were stopped go on: also one whose parent ended just
    before and that is of the family no more. It would stand still for ever, and outlive whoever watched."""
    stopped = list(family(child))
    _signal(stopped, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(stopped, signal.SIGCONT)


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


def _signal(processes: list[int], which: signal.Signals) -> None:
    for process in processes:
        try:
            os.kill(process, which)
        except ProcessLookupError:
            continue
