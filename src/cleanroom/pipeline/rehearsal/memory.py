"""How much memory the whole rehearsal takes: this process and every program that it started, added up."""

import threading

import psutil

INTERVAL_SECONDS = 0.5


class PeakMemory:
    """Samples the resident memory of the process tree in the background. Pages shared between processes count in each,
    so the figure errs on the high side."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._sample()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._sample()

    def _watch(self) -> None:
        while not self._stop.wait(INTERVAL_SECONDS):
            self._sample()

    def _sample(self) -> None:
        own = psutil.Process()
        self.peak_bytes = max(self.peak_bytes, sum(_resident(p) for p in [own, *own.children(recursive=True)]))


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:  # it ended between the listing and the reading
        return 0
