"""What the portal reads from its environment, with embedded defaults; production must say each secret itself."""

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from cleanroom.errors import SettingsInvalid

EMBEDDED, PRODUCTION = "embedded", "production"  # the same words as the clean room's settings
ROOT = Path(__file__).resolve().parents[2]


def home(env: Mapping[str, str]) -> Path:
    """The portal's own folder: `CLEANROOM_HOME`/portal, by default under the checkout's ignored `var/`."""
    return Path(env.get("CLEANROOM_HOME") or ROOT / "var").expanduser().absolute() / "portal"


def is_production(env: Mapping[str, str]) -> bool:
    value = env.get("CLEANROOM_ENVIRONMENT") or EMBEDDED
    if value not in (EMBEDDED, PRODUCTION):
        raise SettingsInvalid(f"CLEANROOM_ENVIRONMENT is {value!r}; set it to {EMBEDDED} or {PRODUCTION}")
    return value == PRODUCTION


def listed(env: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in env.get(name, "").split(",") if part.strip()]


def hosts(env: Mapping[str, str]) -> list[str]:
    """Names under which the portal is reached: `CLEANROOM_PORTAL_HOSTS`; embedded: this machine."""
    named = listed(env, "CLEANROOM_PORTAL_HOSTS")
    if is_production(env) and not named:
        raise SettingsInvalid("set CLEANROOM_PORTAL_HOSTS to the names under which the portal is reached")
    return named or ["127.0.0.1", "localhost", "testserver"]


def secret_key(env: Mapping[str, str]) -> str:
    """From `CLEANROOM_PORTAL_SECRET_KEY`; embedded only: made once and kept, readable by its owner alone."""
    if given := env.get("CLEANROOM_PORTAL_SECRET_KEY"):
        return given
    if is_production(env):
        raise SettingsInvalid("set CLEANROOM_PORTAL_SECRET_KEY: in production the portal makes no secret of its own")
    return kept_secret(home(env) / "secret.key")


def kept_secret(path: Path) -> str:
    """Read the secret; where none is, write one. Two processes that start together end with the same one."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(64))
        with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
            os.link(fresh, path)  # never shows a half-written file
        fresh.unlink()
    return path.read_text()


def static_root(env: Mapping[str, str]) -> Path:
    """Where collectstatic writes; there from the start, since the file server looks for it."""
    folder = home(env) / "static"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def database(env: Mapping[str, str]) -> dict:
    """`CLEANROOM_PORTAL_DATABASE`, a postgresql:// address; without it a file, with one writer at a time."""
    url = env.get("CLEANROOM_PORTAL_DATABASE", "")
    return _postgresql(url) if url else _sqlite(home(env) / "db.sqlite3")


def _sqlite(path: Path) -> dict:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",  # a transaction that reads first and then writes cannot lose a race
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


def _postgresql(url: str) -> dict:
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise SettingsInvalid("CLEANROOM_PORTAL_DATABASE must look like postgresql://USER:PASSWORD@HOST:PORT/NAME")
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
    }


def broker(env: Mapping[str, str]) -> dict:
    """Celery's broker settings: `CLEANROOM_BROKER` (redis://...), else folders that need no server."""
    if url := env.get("CLEANROOM_BROKER"):
        return {"broker_url": url}
    folder = home(env) / "broker"
    for name in ("messages", "processed", "control"):
        (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        "broker_url": "filesystem://",
        "broker_transport_options": {
            "data_folder_in": str(folder / "messages"),
            "data_folder_out": str(folder / "messages"),
            "processed_folder": str(folder / "processed"),
            "control_folder": str(folder / "control"),
            "store_processed": False,
        },
    }
