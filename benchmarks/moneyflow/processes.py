"""Each measurement in a process of its own, one at a time, watched from outside: its memory, and that it ends."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.moneyflow.agreement import FAILED
from benchmarks.moneyflow.cases import Case, Task

_LOOK_S, _GRACE_S = 0.2, 20
_ROOT = Path(__file__).parents[2]


def measure(engine: str, case: Case, task: Task, *, within_s: float) -> dict:
    """What the process found, with its memory, seconds and the machine's load before it; or why there is nothing."""
    load = round(os.getloadavg()[0], 2)
    with tempfile.TemporaryDirectory(prefix="moneyflow-") as folder:
        given, out = Path(folder) / "task.json", Path(folder) / "found.json"
        given.write_text(json.dumps(_asked(engine, case, task)))
        began = time.perf_counter()
        with _running(given, out, Path(folder) / "errors.txt") as process:
            memory = _watched(process, began + within_s)
        wall = round(time.perf_counter() - began, 1)
        found = json.loads(out.read_text()) if out.exists() else {}
        if process.returncode != 0 and not found.get("cancelled"):
            found["cancelled"] = _why(process, folder, wall, within_s)
    return {"engine": engine, "case": case, **found, "memory": memory, "load_before": load, "wall_s": wall}


def _asked(engine: str, case: Case, task: Task) -> dict:
    paths = {"graph": str(task.graph), "store": str(task.store)}
    return {"engine": engine, "case": case, **paths, "repeat": task.repeat, "limit_s": task.limit_s}


@contextmanager
def _running(given: Path, out: Path, errors: Path) -> Iterator[psutil.Popen]:
    """Ended on the way out, with whatever it started, whoever asks for the end."""
    command = [sys.executable, "-m", "benchmarks.moneyflow.child", str(given), str(out)]
    with errors.open("wb") as sink:
        process = psutil.Popen(command, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL, cwd=_ROOT)
    try:
        yield process
    finally:
        _end(process)


def _watched(process: psutil.Popen, until: float) -> dict[str, float]:
    """Peaks in MiB over the process and those it started: all that is resident, and what no file or other has."""
    peaks = {"resident_mib": 0.0, "private_mib": 0.0}
    while process.poll() is None and time.perf_counter() < until:
        for name, size in zip(peaks, _memory(process), strict=True):
            peaks[name] = max(peaks[name], round(size / 2**20, 1))
        time.sleep(_LOOK_S)
    return peaks


def _memory(process: psutil.Popen) -> tuple[int, int]:
    """Shared pages (files, shared buffers) count once: as much as the process that has the most of them."""
    private, shared = 0, 0
    try:
        for one in (process, *process.children(recursive=True)):
            known = one.memory_info()
            private += known.rss - known.shared
            shared = max(shared, known.shared)
    except psutil.Error:  # one of them ended meanwhile
        return 0, 0
    return private + shared, private


def _end(process: psutil.Popen) -> None:
    """It ends what it started; what is left after the time of grace is killed."""
    if process.poll() is not None:
        return
    started = process.children(recursive=True)
    process.send_signal(signal.SIGTERM)
    _, left = psutil.wait_procs([process, *started], timeout=_GRACE_S)
    for one in left:
        one.kill()
    psutil.wait_procs(left, timeout=_GRACE_S)


def _why(process: psutil.Popen, folder: str, wall: float, within_s: float) -> str:
    if wall >= within_s:
        return f"ended by the time limit, {within_s:.0f} s"
    lines = (Path(folder) / "errors.txt").read_text(errors="replace").strip().splitlines()
    return f"{FAILED}: {lines[-1] if lines else f'exit code {process.returncode}'}"
