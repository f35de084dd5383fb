"""A portal that is really served, and a Chromium that looks at it.

The portal runs as its own process on a database of its own, as in the demo. `chromium` ends with each module, because
its event loop would make the framework refuse database work in the tests that follow.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.browser.accessible import Inspection
from tests.browser.pictures import Pictures

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers often have 64 MB of shared memory, too little for a long page
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PLAN = {
    "institutions": [
        {"code": "808", "name": "First Demo Bank", "name_zh": "第一示範銀行", "sector": "bank"},
        {"code": "822", "name": "Second Demo Bank", "name_zh": "第二示範銀行", "sector": "bank"},
        {"code": "901", "name": "Demo Telecom", "name_zh": "示範電信", "sector": "telecom"},
    ]
}


@dataclass(frozen=True)
class Served:
    """A portal at `url`. `logins` by user name, as make_consortium wrote them."""

    url: str
    home: Path
    env: dict[str, str]
    logins: dict[str, dict]

    def api(self, username: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.logins[username]['api_token']}"}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60)

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, str(ROOT / "portal" / "manage.py"), *arguments]
        return subprocess.run(command, env=self.env, check=True, capture_output=True, text=True, timeout=120).stdout


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("portal")
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    env = {**os.environ, "CLEANROOM_HOME": str(home), "CLEANROOM_ENVIRONMENT": "embedded", "PYTHONPATH": path}
    portal = Served(f"http://127.0.0.1:{_free_port()}", home, env, {})
    portal.manage("migrate", "-v0")
    (home / "plan.json").write_text(json.dumps(PLAN))
    portal.manage("make_consortium", str(home / "plan.json"), "--out", str(home / "logins.json"))
    portal.logins.update({login["username"]: login for login in json.loads((home / "logins.json").read_text())})
    with _serving(portal):
        yield portal


@contextmanager
def _serving(portal: Served) -> Iterator[None]:
    bind = portal.url.removeprefix("http://")
    # A browser keeps its connection open; the server does not wait for it at the end.
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-b",
        bind,
        "--threads",
        "4",
        "--graceful-timeout",
        "1",
        "portal.config.wsgi",
    ]
    with (portal.home / "server.log").open("w") as log:
        server = subprocess.Popen(command, env=portal.env, cwd=ROOT, stdout=log, stderr=log)
        try:
            _wait(portal, server)
            yield
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:  # a browser that keeps its connection open makes it wait for longer
                server.kill()
                server.wait()


def _wait(portal: Served, server: subprocess.Popen) -> None:
    for _attempt in range(150):
        try:
            if httpx.get(f"{portal.url}/api/v1/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
        assert server.poll() is None, (portal.home / "server.log").read_text()
    raise AssertionError("the portal did not come up")


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@dataclass
class Looker:
    """One person's browser window. `problems` collects console errors, failed scripts and answers of 400 and above."""

    page: object
    url: str
    pictures: Pictures
    inspection: Inspection
    problems: list[str] = field(default_factory=list)

    def open(self, path: str):
        return self.page.goto(self.url + path)

    def sign_in(self, login: dict) -> "Looker":
        self.open("/accounts/login/")
        self.page.fill("#id_username", login["username"])
        self.page.fill("#id_password", login["password"])
        self.page.click("main button")
        assert self.page.url == self.url + "/", self.page.inner_text("main")
        return self

    def shot(self, name: str) -> None:
        """Kept for people as a picture, and looked at for what shuts somebody out."""
        self.pictures.take(self.page, name)
        self.inspection.look(self.page)

    def text(self) -> str:
        return self.page.inner_text("main")


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian package: chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    """Taken only where PORTAL_SCREENSHOTS names a folder."""
    named = os.environ.get("PORTAL_SCREENSHOTS")
    if named is None:
        return Pictures(None)
    Path(named).mkdir(parents=True, exist_ok=True)
    return Pictures(Path(named))


@pytest.fixture(scope="session")
def inspection() -> Inspection:
    return Inspection()


@pytest.fixture
def look(served, chromium, pictures, inspection):
    """`look("en-US")` opens a window; at the end of the test none of them may have seen a problem."""
    opened: list[Looker] = []

    def window(locale: str = "en-US", *, width: int = 1280, height: int = 900) -> Looker:
        context = chromium.new_context(locale=locale, viewport={"width": width, "height": height})
        looker = Looker(context.new_page(), served.url, pictures, inspection)
        _watch(looker)
        opened.append(looker)
        return looker

    yield window
    problems = [problem for looker in opened for problem in looker.problems]
    for looker in opened:
        looker.page.context.close()
    assert problems == []


def _watch(looker: Looker) -> None:
    page, problems = looker.page, looker.problems
    page.on(
        "console", lambda m: problems.append(f"console {m.type}: {m.text}") if m.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on("response", lambda r: problems.append(f"{r.status} {r.url}") if r.status >= 400 else None)
