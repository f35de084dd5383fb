"""A served lookout: its folder, its processes, a client for each role."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.lookout.index.building import build
from cleanroom.lookout.service import clients
from cleanroom.lookout.service.batches import SCHEMA
from cleanroom.lookout.service.client import LookoutClient, address_of
from cleanroom.lookout.service.clients import token_of
from cleanroom.lookout.service.folders import Folders, read_state
from cleanroom.lookout.verdicts.listings import Listing, as_table
from cleanroom.vocabulary.terms import LookoutRole

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECONDS = 30.0
START_SECONDS = 150.0  # where the kernels have to be compiled first


def token(name: str | int) -> str:
    """Of an account with this name."""
    return str(name).encode().hex().rjust(32, "0")


def transfer(number: int, sender: str, receiver: str, *, minute: float, cents: int = 1000) -> dict:
    return {
        "transfer_id": token(f"t{number}"),
        "executed_at": NOON + timedelta(minutes=minute),
        "sender_account_token": token(sender),
        "receiver_account_token": token(receiver),
        "amount_cents": cents,
    }


def chain_of(length: int, *, first: int = 1) -> list[dict]:
    """A0 -> A1 -> A2 ..., a minute apart."""
    return [transfer(first + i, f"A{i}", f"A{i + 1}", minute=i) for i in range(length)]


def table_of(rows: list[dict]) -> pa.Table:
    named = ("transfer_id", "sender_account_token", "receiver_account_token")
    return pa.Table.from_pylist([r | {n: bytes.fromhex(r[n]) for n in named} for r in rows], schema=SCHEMA)


def as_json(rows: list[dict]) -> dict:
    return {"transfers": [row | {"executed_at": row["executed_at"].isoformat()} for row in rows]}


def listing(account: str, *, minute: float, cents: int = 500, case: str = "C1") -> Listing:
    at = NOON + timedelta(minutes=minute)
    return Listing(bytes.fromhex(token(account)), int(at.timestamp() * 1e6), None, cents, case)


def publish_listings(path: Path, listings: list[Listing]) -> None:
    fresh = path.with_name(".listings.new")
    pq.write_table(as_table(listings), fresh)
    os.replace(fresh, path)


def indexed(home: Path, rows: list[dict]) -> Folders:
    """A folder with an index of these transfers, and its clients."""
    folders = Folders(home)
    folders.make()
    pq.write_table(table_of(rows), home / "first.parquet")
    build([home / "first.parquet"], folders.index)
    clients.make(folders.clients)
    return folders


@dataclass
class Served:
    folders: Folders
    process: subprocess.Popen

    @property
    def address(self) -> str:
        return address_of(self.folders)

    def client(self, role: LookoutRole = LookoutRole.READER, *, language: str = "en") -> LookoutClient:
        return LookoutClient.of(self.folders, role, language=language)

    def post(
        self, path: str, body: object, *, role: LookoutRole | None = LookoutRole.READER, **headers: str
    ) -> httpx.Response:
        """The raw answer."""
        if role is not None:
            headers["authorization"] = f"Bearer {token_of(self.folders.clients, role)}"
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.post(self.address + path, content=content, headers=headers, trust_env=False, timeout=SECONDS)

    def get(self, path: str, *, role: LookoutRole | None = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {token_of(self.folders.clients, role)}"} if role else {}
        return httpx.get(self.address + path, headers=headers, trust_env=False, timeout=SECONDS)

    def running(self) -> dict[str, int]:
        return read_state(self.folders.supervisor_state).get("running", {})

    def wait_ready(self) -> None:
        until(lambda: self.process.poll() is not None or self._is_ready(), "it is ready", seconds=START_SECONDS)
        assert self.process.poll() is None, self.process.stdout.read()

    def _is_ready(self) -> bool:
        try:
            return bool(read_state(self.folders.supervisor_state)) and self.get("/health").status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(SECONDS)


@contextmanager
def served(folders: Folders, *, workers: int = 1, environ: dict[str, str] | None = None) -> Iterator[Served]:
    process = start(folders, workers=workers, environ=environ)
    running = Served(folders, process)
    try:
        running.wait_ready()
        yield running
    finally:
        if process.poll() is None:
            running.stop()
        process.stdout.close()


def start(folders: Folders, *, workers: int = 1, environ: dict[str, str] | None = None) -> subprocess.Popen:
    arguments = ["lookout", "serve", "--index", str(folders.home), "--workers", str(workers), "--port", "0"]
    graph = ["--room-graph", str(folders.home / "published")]
    return subprocess.Popen(
        [sys.executable, "-m", "cleanroom.cli", *arguments, *graph],
        env=os.environ | (environ or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def until(holds: Callable[[], object], what: str, *, seconds: float = SECONDS) -> object:
    """Wait for it; what it said at last."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if said := holds():
            return said
        time.sleep(0.02)
    raise AssertionError(f"it never came about that {what}")


def is_alive(pid: int) -> bool:
    """A zombie counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
