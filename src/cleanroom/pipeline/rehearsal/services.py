"""The programs that a rehearsal needs beside the line: portal, worker, receivers. Started, watched and ended by id."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from cleanroom.errors import ServiceFault, Where
from cleanroom.pipeline.code_version import code_commit
from cleanroom.settings import project_root

LOOPBACK = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 10.0


@dataclass
class Services:
    """Programs of this rehearsal. A context: leaving it ends what it started, and only that."""

    home: Path
    environ: Mapping[str, str]
    _running: dict[str, subprocess.Popen] = field(default_factory=dict)

    def __enter__(self) -> "Services":
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._running.values()):
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._running.values():
            _wait_or_kill(process, deadline)

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    def run(self, name: str, arguments: list[str]) -> None:
        """A command that ends by itself. Raises ServiceFault with the end of its output where it fails."""
        with self._log(name) as log:
            done = subprocess.run(arguments, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if done.returncode:
            raise ServiceFault(
                f"{name} failed with status {done.returncode}: {self._tail(name)}",
                zh=f"{name} 失敗，狀態碼 {done.returncode}：{self._tail(name)}",
                where=Where(file=str(self.logs / f"{name}.log")),
            )

    def start(self, name: str, arguments: list[str], *, sockets: tuple[socket.socket, ...] = ()) -> subprocess.Popen:
        """A program that runs until it is ended, at the latest when this process dies, even of SIGKILL."""
        with self._log(name) as log:
            process = subprocess.Popen(
                [*_ends_with_us(), *arguments],
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[held.fileno() for held in sockets],
            )
        self._running[name] = process
        return process

    def check_alive(self) -> None:
        for name, process in self._running.items():
            if process.poll() is not None:
                raise ServiceFault(
                    f"{name} ended by itself with status {process.returncode}: {self._tail(name)}",
                    zh=f"{name} 自行結束，狀態碼 {process.returncode}：{self._tail(name)}",
                    where=Where(file=str(self.logs / f"{name}.log")),
                )

    def wait_for_line(self, name: str, marker: str) -> str:
        """The first line of the program's output that starts with `marker`; receivers print where they listen."""
        path = self.logs / f"{name}.log"
        for _ in self._until(START_SECONDS):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                if line.startswith(marker):
                    return line
        raise ServiceFault(
            f"{name} was not ready within {START_SECONDS:.0f} s",
            zh=f"{name} 未於 {START_SECONDS:.0f} 秒內就緒",
            where=Where(file=str(path)),
        )

    def wait_for_health(self, name: str, url: str) -> None:
        for _ in self._until(START_SECONDS):
            try:
                if httpx.get(url, timeout=2.0, trust_env=False).is_success:
                    return
            except httpx.HTTPError:
                continue
        raise ServiceFault(
            f"{name} was not ready within {START_SECONDS:.0f} s: {self._tail(name)}",
            zh=f"{name} 未於 {START_SECONDS:.0f} 秒內就緒：{self._tail(name)}",
        )

    def _until(self, seconds: float):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check_alive()
            yield
            time.sleep(0.1)

    def _log(self, name: str):
        return (self.logs / f"{name}.log").open("w", encoding="utf-8")

    def _tail(self, name: str) -> str:
        lines = (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
        return " / ".join(lines[-3:])


def _wait_or_kill(process: subprocess.Popen, deadline: float) -> None:
    try:
        process.wait(timeout=max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _ends_with_us() -> list[str]:
    """util-linux's wrapper has the kernel end the program with its parent; elsewhere it stays until it is ended."""
    wrapper = shutil.which("setpriv")
    return [wrapper, "--pdeathsig", "TERM", "--"] if wrapper else []


def held_port(wanted: int = 0) -> socket.socket:
    """A socket on `wanted` where it is free on loopback, else on any free port. It listens already, so that nobody
    else takes the port, and answers there, before the program that it is handed to has started."""
    for port in (wanted, 0):
        held = socket.socket()
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((LOOPBACK, port))
            held.listen()
        except OSError:
            held.close()
            continue
        return held
    raise ServiceFault("no free port on loopback", zh="本機無可用之連接埠")


def free_port(wanted: int = 0) -> int:
    """`wanted` where it is free on loopback, else any free port."""
    with held_port(wanted) as held:
        return held.getsockname()[1]


def service_environment(home: Path, portal_url: str) -> dict[str, str]:
    """What every program of the rehearsal sees: this home, this portal, nothing of the caller's cloud settings."""
    root = project_root()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLEANROOM_")}
    return kept | {
        "CLEANROOM_HOME": str(home),
        "CLEANROOM_PROJECT": str(root),
        "CLEANROOM_PORTAL_URL": portal_url,
        "CLEANROOM_CODE_COMMIT": code_commit(),  # one rehearsal is of one code, whoever edits a file meanwhile
        "DJANGO_SETTINGS_MODULE": "portal.config.settings",
        "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root)]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",  # a csv.py in the caller's folder must not be taken for Python's
    }


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(project_root() / "portal" / "manage.py"), *arguments]
