"""`make check`: every check runs, every failure is reported, nothing is changed."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Check:
    name: str
    arguments: list[str]
    environ: dict[str, str] = field(default_factory=dict)


def checks(home: Path) -> list[Check]:
    python, manage = sys.executable, str(ROOT / "portal" / "manage.py")
    return [
        Check("format", [str(BIN / "ruff"), "format", "--check", "."]),
        Check("lint", [str(BIN / "ruff"), "check", "."]),
        Check("import contracts", [str(BIN / "lint-imports")]),
        Check("yaml", [str(BIN / "yamllint"), "--strict", "infra", "dbt_project", "src", ".yamllint.yaml"]),
        Check("dockerfile", [str(BIN / "hadolint"), "infra/Dockerfile"]),
        Check("suites", [python, "-m", "cleanroom.quality.suites", "--check"]),
        Check("sql", [str(BIN / "sqlfluff"), "lint", "--processes", "2", "dbt_project/models"]),
        Check("migrations", [python, manage, "makemigrations", "--check", "--dry-run"]),
        Check("deployment", [python, manage, "check", "--deploy", "--fail-level", "WARNING"], production(home)),
        Check("dbt parse, embedded", [python, "-m", "cleanroom.pipeline.dbt", "parse", "--target", "embedded"]),
        Check("dbt parse, warehouse", [python, "-m", "cleanroom.pipeline.dbt", "parse", "--target", "warehouse"]),
        Check("DAGs and policies", [python, "-m", "pytest", "-q", "tests/policy"]),
    ]


def production(home: Path) -> dict[str, str]:
    """Settings as a deployment has them, with a key made for this one check."""
    return {
        "CLEANROOM_ENVIRONMENT": "production",
        "CLEANROOM_HOME": str(home),
        "CLEANROOM_PORTAL_SECRET_KEY": secrets.token_urlsafe(64),
        "CLEANROOM_PORTAL_HOSTS": "portal.example.org",
    }


def run(check: Check, home: Path) -> bool:
    environ = os.environ | {"CLEANROOM_HOME": str(home), "CLEANROOM_PROJECT": str(ROOT)} | check.environ
    clock = time.perf_counter()
    done = subprocess.run(check.arguments, cwd=ROOT, env=environ, capture_output=True, text=True)
    passed = done.returncode == 0
    print(f"{'ok  ' if passed else 'FAIL'} {check.name} ({time.perf_counter() - clock:.1f} s)", flush=True)
    if not passed:
        print(done.stdout[-6000:], done.stderr[-6000:], sep="\n")
    return passed


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        failed = [check.name for check in checks(home) if not run(check, home)]
    print("check: " + (f"{len(failed)} failed: {', '.join(failed)}" if failed else "all passed"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
