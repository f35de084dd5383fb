"""What a piece of work took, with all processes that it started: the most memory, and the time of the processors."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil


@dataclass
class Peak:
    """`bytes`: proportional set size, in which pages that processes share count once. `cpu_s`: seconds of processors,
    which do not depend on what else the machine does."""

    bytes: int = 0
    cpu_s: float = 0.0

    @property
    def mib(self) -> float:
        return self.bytes / 1024**2


@contextmanager
def watched(every_s: float = 0.25) -> Iterator[Peak]:
    """Looked at `every_s` seconds, so a shorter peak, or the end of a process, may be missed."""
    peak, ended, before, spent = Peak(), threading.Event(), _cpu_s(), {}

    def look() -> None:
        while True:
            peak.bytes = max(peak.bytes, held())
            spent.update(_cpu_s())
            if ended.wait(every_s):
                return

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()
        spent.update(_cpu_s())
        peak.cpu_s = sum(seconds - before.get(pid, 0.0) for pid, seconds in spent.items())


def held() -> int:
    """Bytes that this process and its descendants hold now."""
    total = 0
    for process in _all():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.memory_full_info().pss
    return total


def _cpu_s() -> dict[int, float]:
    found = {}
    for process in _all():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            times = process.cpu_times()
            found[process.pid] = times.user + times.system
    return found


def _all() -> list[psutil.Process]:
    own = psutil.Process()
    return [own, *own.children(recursive=True)]
