"""`cleanroom lookout serve`: one keeper and some workers behind one socket. What dies is started again, up to a limit.

Workers and keeper end with this process, of whatever it dies. A refusal (a damaged index, settings that can't hold)
ends the whole service with the refusal's own exit code: starting again would get the same answer.
"""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from cleanroom.errors import CleanroomError, IndexDamaged, ServiceFault
from cleanroom.lookout.service import access, clients, family, metrics
from cleanroom.lookout.service.folders import Folders, alone, url_of, write_whole
from cleanroom.lookout.service.syncing import TIES, TRANSFERS

LOOPBACK = "127.0.0.1"
BACKLOG = 1024
MOST_DEATHS, WITHIN_SECONDS = 8, 60.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 5.0
LOOK_SECONDS = 0.05
STOP_SECONDS = 10.0
BIND_SECONDS = 5.0
CURRENT = "current.json"  # of an index that is whole
_OWN_FAULTS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL}


@dataclass
class Child:
    """A keeper or worker, and when it died before. `sockets`: handles that it shares."""

    name: str
    arguments: list[str]
    sockets: tuple[int, ...] = ()
    after_crash: tuple[str, ...] = ()  # what it is told where it died of a fault in its own memory
    crashed: bool = False
    process: subprocess.Popen | None = None
    start_at: float = 0.0
    deaths: list[float] = field(default_factory=list)


def serve(folders: Folders, *, workers: int, port: int, host: str = LOOPBACK, room_graph: Path | None = None) -> None:
    """Until SIGTERM or SIGINT. Raises what a child was refused for; ServiceFault where one dies again and again."""
    _check_buildable(folders, room_graph)
    folders.make()
    access.make_key(folders.access_key)
    if not os.environ.get(clients.GIVEN):
        clients.make(folders.clients)
    with alone(folders), _listening(host, port) as listener:
        _build_first(folders, room_graph)
        _warm()
        metrics.clear(folders.metrics)
        folders.keeper_state.unlink(missing_ok=True)
        watch = _Watch(folders, _children(folders, workers, listener, room_graph))
        watch.run(listener.getsockname()[:2])


def _check_buildable(folders: Folders, room_graph: Path | None) -> None:
    """Raises IndexDamaged where there is no index and the line has published nothing to build one from: before a
    folder is made at a place that was given by mistake."""
    if (folders.index / CURRENT).exists() or (room_graph and (room_graph / TRANSFERS).exists()):
        return
    if room_graph is None:
        raise IndexDamaged("there is no index here; build one with `cleanroom lookout build`",
                           zh="此處無索引；請以 cleanroom lookout build 建立", rule="no_index")  # fmt: skip
    raise IndexDamaged("there is no index here, and the line has published no transfers to build one from",
                       zh="此處無索引，產線亦尚未發布可供建立之交易", rule="no_index")  # fmt: skip


def _children(folders: Folders, workers: int, listener: socket.socket, room_graph: Path | None) -> list[Child]:
    home, handle = str(folders.home), listener.fileno()
    graph = ["--room-graph", str(room_graph)] if room_graph else []
    keeper = Child("keeper", [*_module("keeper"), "--home", home, *graph], after_crash=("--after-crash",))
    arguments = [*_module("worker"), "--home", home, "--socket", str(handle)]
    return [keeper, *(Child(f"worker-{i + 1}", arguments, (handle,)) for i in range(workers))]


def _module(name: str) -> list[str]:
    return [sys.executable, "-m", f"cleanroom.lookout.service.{name}", "--parent", str(os.getpid())]


def _build_first(folders: Folders, room_graph: Path | None) -> None:
    """Where there is no index yet: from what the line has published, in a process that then ends."""
    if room_graph is None or (folders.index / CURRENT).exists():
        return
    arguments = ["lookout", "build", "--index", str(folders.home), "--transfers", str(room_graph / TRANSFERS)]
    if (room_graph / TIES).exists():
        arguments += ["--ties", str(room_graph / TIES)]
    done = subprocess.run([sys.executable, "-m", "cleanroom.cli", *arguments], stdin=subprocess.DEVNULL)
    if done.returncode:
        raise ServiceFault(
            "the index could not be built from what the line published; the reason stands above",
            zh="無法以產線發布之資料建立索引；原因見上",
        )


def _warm() -> None:
    """Kernels are compiled in a process of its own, before anybody waits for them. Raises ServiceFault."""
    done = subprocess.run(
        [sys.executable, "-m", "cleanroom.lookout.service.warming"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise ServiceFault(f"the kernels could not be made ready: {last[0]}", zh=f"運算核心無法備妥：{last[0]}")


class _Watch:
    def __init__(self, folders: Folders, children: list[Child]):
        self._folders, self._children, self._stopping = folders, children, False
        self._told: dict = {}
        self._announced = False

    def run(self, address: tuple[str, int]) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        try:
            while not self._stopping:
                for child in self._children:
                    self._look_after(child)
                self._tell(address)
                time.sleep(LOOK_SECONDS)
        finally:
            self._end_all()
            self._folders.supervisor_state.unlink(missing_ok=True)

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _look_after(self, child: Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.start_at and self._has_its_turn(child):
                self._start(child)
        elif child.process.poll() is not None:
            self._died(child, child.process.returncode)

    def _has_its_turn(self, child: Child) -> bool:
        """Workers begin once the keeper has brought the verdicts up to the index."""
        return not child.sockets or self._folders.keeper_state.exists()

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(
            [*child.arguments, "--told-in", str(self._told_in(child)), *(child.after_crash if child.crashed else ())],
            stdin=subprocess.DEVNULL,
            pass_fds=child.sockets,
            env=os.environ | _kept_bytecode(self._folders),
            start_new_session=True,  # a terminal's Ctrl-C reaches this process alone, which ends them in order
        )

    def _died(self, child: Child, status: int) -> None:
        error = family.told(self._told_in(child)) if status > 0 else None
        if family.is_final(error):
            raise error
        now = time.monotonic()
        child.deaths = [at for at in child.deaths if now - at < WITHIN_SECONDS] + [now]
        if len(child.deaths) >= MOST_DEATHS:
            raise _gave_up(child, error)
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (len(child.deaths) - 1), LONGEST_PAUSE_SECONDS)
        why = error.sentence if error else f"status {status}"
        print(f"lookout: {child.name} ended ({why}); it starts again in {pause:g} s", file=sys.stderr, flush=True)
        child.process, child.start_at, child.crashed = None, now + pause, -status in _OWN_FAULTS

    def _told_in(self, child: Child) -> Path:
        return self._folders.run / f"{child.name}.ending"

    def _tell(self, address: tuple[str, int]) -> None:
        """Who runs, for `status` and for tests; written where it changed."""
        running = {c.name: c.process.pid for c in self._children if c.process}
        self._announce(address, whole=len(running) == len(self._children))
        deaths = {c.name: len(c.deaths) for c in self._children}
        state = {"pid": os.getpid(), "host": address[0], "port": address[1], "running": running, "deaths": deaths}
        if state != self._told:
            self._told = state
            write_whole(self._folders.supervisor_state, msgspec.json.encode(state), durable=False)

    def _announce(self, address: tuple[str, int], *, whole: bool) -> None:
        """Once, to whoever started it on a terminal."""
        if whole and not self._announced:
            self._announced = True
            print(f"lookout: serves at {url_of(*address)}", file=sys.stderr, flush=True)

    def _end_all(self) -> None:
        """Workers first; the keeper then chains what they left of the access log."""
        workers = [child for child in self._children if child.sockets]
        _end([child.process for child in workers])
        _end([child.process for child in self._children if child not in workers])


def _kept_bytecode(folders: Folders) -> dict[str, str]:
    """Modules are compiled once, in a folder of ours, wherever they lie: a worker starts in half the time."""
    return {"PYTHONPYCACHEPREFIX": str(folders.bytecode), "PYTHONDONTWRITEBYTECODE": ""}


def _end(processes: list[subprocess.Popen | None]) -> None:
    running = [process for process in processes if process is not None and process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _gave_up(child: Child, error: CleanroomError | None) -> ServiceFault:
    why = f": {error.sentence}" if error else ""
    return ServiceFault(
        f"{child.name} died {MOST_DEATHS} times within {WITHIN_SECONDS:.0f} s{why}; nothing is served any more",
        zh=f"{child.name} 於 {WITHIN_SECONDS:.0f} 秒內異常結束 {MOST_DEATHS} 次{why}；服務已停止",
    )


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """The one socket that all workers share: who is free takes the next connection, and none is lost with a worker."""
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(kind, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(listener, host, port)
        listener.listen(BACKLOG)
        yield listener


def _bind(listener: socket.socket, host: str, port: int) -> None:
    """The workers of a supervisor that was killed may hold the port for a moment. Raises ServiceFault."""
    deadline = time.monotonic() + BIND_SECONDS
    while True:
        try:
            return listener.bind((host, port))
        except OSError as e:
            if e.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise ServiceFault(
                    f"port {port} on {host} can't be listened on ({e.strerror}); give another",
                    zh=f"無法於 {host} 使用通訊埠 {port}（{e.strerror}）；請另行指定",
                ) from None
            time.sleep(LOOK_SECONDS)
