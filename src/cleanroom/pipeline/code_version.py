"""Which code is running: the checkout's commit, or the installed package's version."""

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cleanroom.settings import project_root

PACKAGE = "financial-clean-room"


def code_commit(root: Path | None = None, *, stamped: str = "") -> str:
    """`stamped`, where the build wrote the commit into the image (CLEANROOM_CODE_COMMIT); else 40 hex digits of HEAD,
    with `-changed` where tracked files differ from it; `package-<version>` outside a checkout."""
    if stamped:
        return stamped
    where = root or project_root()
    head = _git(where, "rev-parse", "HEAD") if (where / ".git").exists() else None
    if head is None:
        return f"package-{_version()}"
    return head + ("-changed" if _git(where, "status", "--porcelain", "--untracked-files=no") else "")


def _git(where: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(where), *arguments], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _version() -> str:
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "unknown"
