"""The BigQuery emulator as a process of the test: its own environment, a free loopback port, ended by its pid."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

PROJECT = Path(__file__).resolve().parents[2]
PROGRAM = PROJECT / ".venv-bqemulator" / "bin" / "bqemulator"
ABSENT = "the BigQuery emulator's environment is absent; infra/bqemulator/setup.sh makes it"
_STARTS_WITHIN_S = 60


@contextmanager
def running_emulator(folder: Path) -> Iterator[str]:
    """Gives the endpoint, like http://127.0.0.1:43210. Everything it holds is in memory and gone afterwards."""
    port = _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    with (folder / "bqemulator.log").open("wb") as log:
        process = subprocess.Popen(_command(port), env=_environment(folder), stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_until_up(process, endpoint)
            yield endpoint
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _command(port: int) -> list[str]:
    places = ["--rest-host", "127.0.0.1", "--rest-port", str(port), "--grpc-host", "127.0.0.1", "--grpc-port", "0"]
    return [str(PROGRAM), "start", "--ephemeral", "--log-level", "error", *places]


def _environment(folder: Path) -> dict[str, str]:
    # Format extensions would be fetched from elsewhere; Parquet needs none. Set-up put the others below this HOME.
    own = {"BQEMU_ENABLE_FORMAT_EXTENSIONS": "false", "BQEMU_GCS_LOCAL_ROOT": str(folder)}
    return {"PATH": os.environ["PATH"], "HOME": str(PROGRAM.parents[1]), **own}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_up(process: subprocess.Popen, endpoint: str) -> None:
    ends_at = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < ends_at:
        assert process.poll() is None, "the BigQuery emulator ended by itself; see bqemulator.log"
        try:
            if httpx.get(f"{endpoint}/healthz", timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError("the BigQuery emulator did not come up")
