"""The file of a key ring: `keyring.json` in a directory of its own, owner-only rights, whole or absent.

With a passphrase the file is an age envelope under scrypt, `keyring.age`. Looser rights than 0700/0600, another
owner, symbolic links and demo keys in production are refused: a key that others could read is no longer a key.
"""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pyrage
from pyrage import passphrase as age_passphrase

from cleanroom.contracts.whole_files import write_whole
from cleanroom.errors import KeyRefused

PLAIN_NAME, WRAPPED_NAME = "keyring.json", "keyring.age"


def exists(folder: Path) -> bool:
    return any((folder / name).exists() for name in (PLAIN_NAME, WRAPPED_NAME))


def read(folder: Path, *, production: bool, passphrase: str | None = None) -> dict[str, Any]:
    """Raises KeyRefused with what to do about it."""
    if not exists(folder):
        raise KeyRefused("there is no key ring here; make one with `cleanroom keys init`", rule="key_ring_missing")
    path = folder / (WRAPPED_NAME if (folder / WRAPPED_NAME).exists() else PLAIN_NAME)
    _check_rights(folder, 0o700, stat.S_ISDIR)
    _check_rights(path, 0o600, stat.S_ISREG)
    document = _parse(_unwrap(path, passphrase))
    if production and document["demo"]:
        raise KeyRefused("these are demo keys, and the environment is production", rule="demo_keys")
    return document


def write(folder: Path, document: dict[str, Any], *, passphrase: str | None = None) -> None:
    """Replace the ring's file. The directory is made with owner-only rights where it is missing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _check_rights(folder, 0o700, stat.S_ISDIR)
    raw = json.dumps(document, indent=1).encode()
    name = PLAIN_NAME
    if passphrase:
        raw, name = age_passphrase.encrypt(raw, passphrase), WRAPPED_NAME
    write_whole(folder / name, lambda file: file.write(raw))
    if passphrase:
        (folder / PLAIN_NAME).unlink(missing_ok=True)


def _check_rights(path: Path, allowed: int, is_kind) -> None:
    found = os.lstat(path)
    if not is_kind(found.st_mode) or found.st_uid != os.geteuid():
        raise KeyRefused(f"{path.name} of the key ring is a link or belongs to another user", rule="key_ring_owner")
    if stat.S_IMODE(found.st_mode) & ~allowed:
        raise KeyRefused(
            f"{path.name} of the key ring can be read by others; set its rights to {allowed:o}", rule="key_ring_rights"
        )


def _unwrap(path: Path, passphrase: str | None) -> bytes:
    raw = path.read_bytes()
    if path.name == PLAIN_NAME:
        return raw
    if not passphrase:
        raise KeyRefused("the key ring is wrapped; set CLEANROOM_KEYS_PASSPHRASE_FILE", rule="key_ring_wrapped")
    try:
        return age_passphrase.decrypt(raw, passphrase)
    except pyrage.DecryptError:
        raise KeyRefused("the passphrase does not open the key ring", rule="key_ring_wrapped") from None


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(raw)
    except ValueError:
        raise KeyRefused("the key ring's file is damaged; restore its backup", rule="key_ring_damaged") from None
    if not isinstance(document, dict) or document.get("version") != 1:
        raise KeyRefused("the key ring's file has a form that is not known here", rule="key_ring_damaged")
    return document
