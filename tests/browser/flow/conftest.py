"""A portal in the middle of its work, really served, and one person's window. Every page is watched: a console error
fails the test. Chromium and the folder of pictures come from the conftest above."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "browser-test-password-1"


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """Address of a portal in the middle of its work; its own database, ended by its own id."""
    home = tmp_path_factory.mktemp("portal")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEANROOM_", "DJANGO_", "PYTEST"))}
    environment = {**kept, "CLEANROOM_HOME": str(home), "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    seed = [sys.executable, "-m", "tests.factories.seed_flow", PASSWORD]
    subprocess.run(seed, cwd=ROOT, env=environment, check=True, timeout=180)
    port = free_port()
    server = [sys.executable, "-m", "gunicorn", "portal.config.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4",
              "--log-level", "warning"]  # fmt: skip
    process = subprocess.Popen(server, cwd=ROOT, env=environment)
    try:
        wait_until_up(f"http://127.0.0.1:{port}/api/v1/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_up(url: str, process: subprocess.Popen) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        assert process.poll() is None, "the portal ended by itself"
        try:
            urllib.request.urlopen(url, timeout=2)  # noqa: S310  our own loopback address
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError("the portal did not come up")


class Visit:
    """One person's browser window: `path` opens a page, `shot` keeps a picture, `problems` is what the console said."""

    def __init__(self, page, base: str, shots: Path):
        self.page, self.base, self.shots, self.problems = page, base, shots, []
        self.expects_refusal = False  # a page that says no with a status of its own, which the console repeats
        page.on("console", self._said)
        page.on("pageerror", lambda e: self.problems.append(str(e)))
        page.on("requestfailed", self._failed)

    def _said(self, message) -> None:
        refusal = self.expects_refusal and "status of 422" in message.text
        if message.type in ("error", "warning") and not refusal:
            self.problems.append(message.text)

    def _failed(self, request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a click that turned out to be a download
            self.problems.append(f"{request.url}: {request.failure}")

    def open(self, path: str) -> None:
        response = self.page.goto(self.base + path)
        assert response.ok, f"{path}: {response.status}"

    def enter(self, username: str) -> "Visit":
        self.page.context.clear_cookies()
        self.open("/accounts/login/")
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(self.base + "/")
        return self

    def speak_chinese(self) -> None:
        self.page.get_by_role("button", name="中文").click()
        self.page.get_by_role("button", name="English").wait_for()

    def shot(self, name: str) -> None:
        path = self.shots / f"flow-{name}.png"
        self.page.screenshot(path=path, full_page=True)
        assert path.stat().st_size > 5000, "an empty picture"

    def text(self) -> str:
        return self.page.inner_text("main")

    def fits(self) -> bool:
        """Whether the page needs no sideways scrolling."""
        return self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.fixture
def visit(portal, chromium, shots):
    context = chromium.new_context(locale="en-GB", timezone_id="Asia/Taipei", viewport={"width": 1280, "height": 900})
    visit = Visit(context.new_page(), portal, shots)
    yield visit
    context.close()
    assert visit.problems == []
