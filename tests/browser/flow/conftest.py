"""A portal in the middle of its work, really served, and one person's window. Every page is watched: a console error
fails the test. Chromium and the folder of pictures come from the conftest above."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path

import pytest

from tests.browser.accessible import Inspection
from tests.browser.pictures import Pictures

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "browser-test-password-1"


@pytest.fixture(scope="module")
def portal_home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("portal")


@pytest.fixture(scope="module")
def portal(portal_home):
    """Address of a portal in the middle of its work; its own database, ended by its own id."""
    home = portal_home
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEANROOM_", "DJANGO_", "PYTEST"))}
    environment = {**kept, "CLEANROOM_HOME": str(home), "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    environment["DJANGO_SETTINGS_MODULE"] = "tests.portal_settings"
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


# What has the focus: whether it is the wanted element, whether it can be seen, and whether a ring shows it.
FOCUSED = """wanted => {
  const e = document.activeElement;  // parts of a date show their ring inside of it
  if (!e || e === document.body) return null;
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  const radios = wanted.type === "radio" && e.type === "radio" && wanted.name === e.name;
  return {there: e === wanted || radios, html: e.outerHTML.slice(0, 120),
          ring: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || /^date/.test(e.type),
          seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight}
}"""
JUMPY = '() => document.querySelectorAll(\'[tabindex]:not([tabindex="0"]):not([tabindex="-1"])\').length'
MOST_TABS = 250


class Visit:
    """One person's browser window: `path` opens a page, `shot` keeps a picture, `problems` is what the console said."""

    def __init__(self, page, base: str, pictures: Pictures, inspection: Inspection):
        self.page, self.base, self.pictures, self.problems = page, base, pictures, []
        self.inspection = inspection
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
        """Signed in, by keyboard: the first field has the focus, Enter sends the form."""
        self.page.context.clear_cookies()
        self.open("/accounts/login/")
        self._type_into("username", username)
        self.page.keyboard.press("Tab")
        self._type_into("password", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(self.base + "/")
        return self

    def _type_into(self, name: str, text: str) -> None:
        """The field has the focus by itself; on a busy machine a moment after the page is there."""
        self.page.wait_for_function("name => document.activeElement.name === name", arg=name)
        self.page.keyboard.type(text)
        assert self.page.locator(f"[name={name}]").input_value() == text

    def walk_to(self, wanted) -> None:
        """Tab on until the element has the focus. Whatever has it on the way is seen, and seen to have it."""
        element = wanted.element_handle()
        assert self.page.evaluate(JUMPY) == 0, "an order of the focus that is not the page's"
        for _step in range(MOST_TABS):
            state = self.page.evaluate(FOCUSED, element)
            if state and state["there"]:
                return
            self.page.keyboard.press("Tab")
            state = self.page.evaluate(FOCUSED, element)
            if state and not state["seen"]:  # the page scrolls in the next frame
                self.page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
                state = self.page.evaluate(FOCUSED, element)
            assert state is None or (state["ring"] and state["seen"]), f"the focus cannot be seen on {state['html']}"
        raise AssertionError(f"no way by keyboard to {element}")

    def press(self, wanted) -> None:
        """A link, a button, or what unfolds."""
        self.walk_to(wanted)
        self.page.keyboard.press("Enter")

    def tick(self, wanted) -> None:
        """A box, or one of several choices: the first by the space bar, the others by the arrows."""
        self.walk_to(wanted)
        self.page.keyboard.press("Space")
        for _step in range(9):
            if wanted.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError("it cannot be ticked by keyboard")

    def write(self, wanted, text: str) -> None:
        self.walk_to(wanted)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def choose(self, wanted, text: str) -> None:
        """An option of a list, by the arrows."""
        self.walk_to(wanted)
        for _step in range(60):
            if text in wanted.evaluate("e => e.selectedOptions[0].textContent"):
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no option {text}")

    def set_moment(self, wanted, moment: datetime, *, with_time: bool = True) -> None:
        """A day, and a time, part by part as this browser shows them: month, day, year, hour, minute, half of the
        day."""
        self.walk_to(wanted)
        self.page.keyboard.type(f"{moment:%m%d%Y%I%M%p}" if with_time else f"{moment:%m%d%Y}")
        assert wanted.input_value() == moment.strftime("%Y-%m-%dT%H:%M" if with_time else "%Y-%m-%d")

    def hand_in(self, wanted, path: Path) -> None:
        """A file, into a field that the keyboard reaches; the chooser that opens there is the browser's own."""
        self.walk_to(wanted)
        wanted.set_input_files(path)

    def has_focus(self, wanted) -> bool:
        return wanted.evaluate("e => e === document.activeElement")

    def speak_chinese(self) -> None:
        self.press(self.page.get_by_role("button", name="中文"))
        self.page.get_by_role("button", name="English").wait_for()

    def shot(self, name: str) -> None:
        """Kept for people as a picture, and looked at for what shuts somebody out."""
        self.pictures.take(self.page, f"flow-{name}")
        self.inspection.look(self.page)

    def text(self) -> str:
        return self.page.inner_text("main")

    def fits(self) -> bool:
        """Whether the page needs no sideways scrolling."""
        return self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.fixture
def visit(portal, chromium, pictures, inspection):
    context = chromium.new_context(locale="en-GB", timezone_id="Asia/Taipei", reduced_motion="reduce",
                                   viewport={"width": 1280, "height": 900})  # fmt: skip
    visit = Visit(context.new_page(), portal, pictures, inspection)
    yield visit
    context.close()
    assert visit.problems == []
