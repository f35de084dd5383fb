"""Make the secrets that compose.yaml reads: one file each, random, in a folder that its owner alone can enter.

    python infra/make_secrets.py                  into infra/secrets (ignored by git)

What is there stays. Three things are not random and are put there by hand: `tls_certificate` and `tls_key` (from the
authority whose certificates the participants trust) and `room_portal_token` (from the portal, once it runs).
The folder has mode 0700; the files 0444, because a container's user reads them under another number.
"""

import base64
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

BY_HAND = ("tls_certificate", "tls_key", "room_portal_token")


def password() -> str:
    return secrets.token_urlsafe(36)


def fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def lookout_clients() -> str:
    """One client of each role, in the form of the lookout's clients.json."""
    roles = {"desk": "reader", "line": "feeder"}
    return json.dumps({"clients": [{"name": n, "role": r, "token": password()} for n, r in roles.items()]})


def drawn() -> dict[str, Callable[[], str]]:
    return {
        "portal_secret_key": password,
        "portal_db_password": password,
        "room_db_password": password,
        "room_keys_passphrase": password,
        "redis_password": password,
        "airflow_fernet_key": fernet_key,
        "airflow_jwt_secret": password,
        "airflow_secret_key": password,
        "airflow_passwords": lambda: json.dumps({"operator": password()}),
        "lookout_clients": lookout_clients,
    }


def derived(values: Mapping[str, str]) -> dict[str, str]:
    """Addresses that hold a password. Passwords are URL-safe, so they stand in an address as they are."""
    return {
        "portal_database": f"postgresql://portal:{values['portal_db_password']}@portal-db:5432/portal",
        "portal_broker": f"redis://:{values['redis_password']}@queue:6379/0",
        "redis_auth": f"requirepass {values['redis_password']}",
        "airflow_database": f"postgresql+psycopg2://airflow:{values['room_db_password']}@room-db:5432/airflow",
    }


def write(folder: Path) -> list[str]:
    """Names of the files that were made now."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = [name for name, draw in drawn().items() if _write_once(folder / name, draw())]
    values = {name: (folder / name).read_text() for name in drawn()}
    return made + [name for name, text in derived(values).items() if _write_once(folder / name, text)]


def _write_once(path: Path, text: str) -> bool:
    if path.exists():
        return False
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text)
    fresh.chmod(0o444)
    os.replace(fresh, path)
    return True


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "secrets"
    print(f"{len(write(folder))} secrets made in {folder}")
    missing = [name for name in BY_HAND if not (folder / name).exists()]
    if missing:
        print(f"still to be put there by hand: {', '.join(missing)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
