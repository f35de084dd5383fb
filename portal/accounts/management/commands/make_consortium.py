"""Make the demo consortium: institutions, one person per role, services; write everyone's login."""

import json
import os
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from pydantic import ValidationError

from cleanroom.errors import CleanroomError
from portal.accounts.actions.make_consortium import make_consortium
from portal.accounts.consortium import Plan


class Command(BaseCommand):
    help = "Make the demo consortium from PLAN.json; the same plan again changes nothing. Refused in production."

    def add_arguments(self, parser) -> None:
        parser.add_argument("plan", type=Path, help="JSON: {institutions: [{code, name, name_zh, sector}]}")
        parser.add_argument("--out", type=Path, required=True, help="where the logins are written, for the owner only")

    def handle(self, *, plan: Path, out: Path, **_options) -> None:
        try:
            wanted = Plan.model_validate_json(plan.read_bytes())
            logins = make_consortium(wanted, known=_known(out))
        except (OSError, ValidationError) as e:
            raise CommandError(f"{plan} is not a plan: {e}") from None
        except CleanroomError as e:
            raise CommandError(str(e), returncode=e.exit_code) from None
        _write(out, logins)
        self.stdout.write(f"{len(wanted.institutions)} institutions, {len(logins)} logins in {out}")


def _known(out: Path) -> dict[str, dict]:
    if not out.exists():
        return {}
    return {login["username"]: login for login in json.loads(out.read_text())}


def _write(out: Path, logins: list[dict]) -> None:
    """Whole or not at all, and readable by the owner only from its first byte."""
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(f".{out.name}.{os.getpid()}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(logins, file, ensure_ascii=False, indent=2)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(out)
