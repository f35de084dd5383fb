"""A receiver in a process of its own, with keys, token and a small portal."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.factories.sealed_warnings import Sender
from tests.factories.small_portal import SmallPortal
from tests.fakes.portal import MemoryPortal

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "a-token-of-the-tests"
PATIENCE_SECONDS = 30.0


def wait_for(condition) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < ends, "waited in vain"
        time.sleep(0.02)


@dataclass
class Program:
    """`python -m cleanroom.receiver` for one institution; started and ended by id."""

    sender: Sender
    portal: SmallPortal
    running: list[subprocess.Popen] = field(default_factory=list)

    def command(self, *more: str) -> list[str]:
        home = ["--institution", "808", "--home", str(self.sender.home), "--portal", self.portal.url]
        return [sys.executable, "-m", "cleanroom.receiver", *home, *more]

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("CLEANROOM_")}
        return kept | {"PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}

    def start(self, *more: str) -> str:
        """The address it listens on."""
        process = subprocess.Popen(
            self.command(*more), env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.running.append(process)
        line = process.stdout.readline()
        assert line.startswith("listening on "), process.stderr.read()
        return line.removeprefix("listening on ").strip()

    def run(self, *more: str) -> subprocess.CompletedProcess:
        return subprocess.run(self.command(*more), env=self.environment(), capture_output=True, text=True, timeout=60)

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        process = self.running.pop()
        process.kill()
        process.communicate()

    def stop(self) -> int:
        process = self.running.pop()
        process.terminate()
        process.communicate(timeout=20)
        return process.returncode

    def deliver(self, url: str, message, **changes) -> httpx.Response:
        headers, body = self.sender.request(message)
        return httpx.post(url, content=body, headers=headers | changes, timeout=20, trust_env=False)


@pytest.fixture
def program(tmp_path):
    sender = Sender(tmp_path)
    token = sender.home / "portal.token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    memory = MemoryPortal()
    memory.invite(sender.ring, sender.room)
    with SmallPortal(memory.gate("808"), sender.webhook_key, TOKEN) as portal:
        program = Program(sender, portal)
        yield program
        while program.running:
            program.kill()
