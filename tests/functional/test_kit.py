"""The participant's kit as an institution installs it: the wheel and its lock, in an environment of its own, outside
any checkout. Skipped where the lock cannot be installed because no package index answers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cleanroom.errors import MalformedRows
from cleanroom.settings import project_root
from tests.factories.clean_room import CleanRoom
from tests.factories.standing_portal import standing_portal

pytestmark = pytest.mark.slow

ROOT = project_root()
# What belongs to the locked room and the portal, and has no place at an institution.
FOREIGN = ("django", "ninja", "celery", "airflow", "dbt", "duckdb", "google", "lightgbm", "sklearn", "portal")
NO_INDEX = ("error sending request", "Failed to fetch", "dns error", "Network connectivity is disabled", "timed out")


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    """The folder of the kit's programs."""
    folder = tmp_path_factory.mktemp("kit")
    uv = Path(sys.executable).with_name("uv")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    subprocess.run([uv, "venv", "-q", "-p", sys.executable, folder / "venv"], check=True, capture_output=True)
    install = [uv, "pip", "install", "-q", "--python", folder / "venv" / "bin" / "python"]
    locked = subprocess.run(
        [*install, "--require-hashes", "-r", ROOT / "requirements" / "kit.txt"], capture_output=True, text=True
    )
    if locked.returncode and any(sign in locked.stderr for sign in NO_INDEX):
        pytest.skip("no package index answers, so the kit's lock cannot be installed")
    assert locked.returncode == 0, locked.stderr
    subprocess.run([*install, "--no-deps", wheel], check=True, capture_output=True)
    return folder / "venv" / "bin"


@pytest.fixture(scope="module")
def institution(tmp_path_factory):
    """An institution with keys and files, and the portal's answer on its standing over HTTP: its environment."""
    room = CleanRoom.make(tmp_path_factory.mktemp("institution") / "home")
    with standing_portal(room, "808") as portal:
        yield room, portal


def run(kit, institution, *words, cwd):
    """In an environment that knows nothing of this checkout."""
    room, portal = institution
    env = {"PATH": os.environ["PATH"], "CLEANROOM_HOME": str(room.home), "CLEANROOM_PORTAL_URL": portal.url}
    env |= {"CLEANROOM_LANGUAGE": "en", "HOME": str(cwd)}
    return subprocess.run([kit / "cleanroom", *words], cwd=cwd, env=env, capture_output=True, text=True, timeout=240)


def test_the_kit_agrees_with_the_published_answers(kit, institution, tmp_path):
    done = run(kit, institution, "conformance", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "known answers agree" in done.stdout


def test_nothing_of_the_room_or_the_portal_is_there(kit, tmp_path):
    look = f"import importlib.util as u; print([n for n in {FOREIGN!r} if u.find_spec(n)])"
    done = subprocess.run([kit / "python", "-I", "-c", look], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    own = subprocess.run(
        [kit / "python", "-I", "-c", "import cleanroom; print(cleanroom.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "site-packages" in own.stdout


def test_a_dry_run_judges_by_the_suites_that_the_wheel_carries(kit, institution, tmp_path):
    room, portal = institution
    done = run(kit, institution, "seal", "--institution", "808", "--dry-run", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["rows"] == 5
    assert portal.paths == ["/api/v1/participants/808/gate"], (
        "a dry run asks the portal for its standing, and nothing else"
    )
    assert room.names("") == []


def test_a_dry_run_reports_what_is_wrong(kit, institution, tmp_path):
    room = institution[0]
    before = [list(row) for row in room.data["808"].rows["transfers"]]
    room.data["808"].rows["transfers"][1][7] = "1,000.00"
    room.data["808"].write()
    try:
        done = run(kit, institution, "seal", "--institution", "808", "--dry-run", cwd=tmp_path)
    finally:
        room.data["808"].rows["transfers"] = before
        room.data["808"].write()
    assert done.returncode == MalformedRows.exit_code
    assert "Report on transfers.parquet" in done.stdout
    assert "amount_twd" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_seals_and_sends(kit, institution, tmp_path):
    room = institution[0]
    done = run(kit, institution, "upload", "--institution", "808", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Submissions sent: 3" in done.stdout
    room.take_in("808")
    assert room.landed()["landing.transfers"] == 3
