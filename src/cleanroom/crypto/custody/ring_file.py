"""The file of a key ring: `keyring.json` in a directory of its own, owner-only rights, whole or absent.

Under a custodian the ring is encrypted with AES-256-GCM (NIST SP 800-38D) under a random data key, fresh for every
writing, that the custodian wraps; owner, purpose and custodian are bound to it. Looser rights than 0700/0600, another
owner, symbolic links, demo keys and unwrapped rings in production are refused: a key that others could read is no
longer a key.
"""

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cleanroom.contracts.custody import Custodian
from cleanroom.contracts.whole_files import taking_turns, write_whole
from cleanroom.crypto.custody import sealed_ring
from cleanroom.errors import KeyRefused

NAME = "keyring.json"
Document = dict[str, Any]


def exists(folder: Path) -> bool:
    return os.path.lexists(folder / NAME)


def read(folder: Path, *, production: bool, custodian: Custodian | None = None, owner: str | None = None) -> Document:
    """The ring in clear, in memory. `owner`, where given, is checked before a custodian is asked anything.

    Raises KeyRefused with what to do about it; KeyServiceDenied, KeyServiceFault from the key service.
    """
    document = _open(_content(folder), custodian, owner)
    if production:
        _check_for_production(document, custodian)
    return document


def write(folder: Path, document: Document, *, custodian: Custodian | None = None) -> None:
    """Replace the ring's file, once the custodian has shown that it opens what it wrapped.

    The directory is made with owner-only rights where it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _check_rights(folder, 0o700, stat.S_ISDIR)
    content = sealed_ring.seal(document, custodian) if custodian else document
    if custodian and sealed_ring.open_sealed(content, custodian) != document:
        raise KeyRefused(
            "the custodian does not give back what it wrapped; nothing is written",
            zh="保管方式無法還原其所包裝者；未寫入任何內容",
            rule="key_custody",
        )
    raw = json.dumps(content, indent=1).encode()
    write_whole(folder / NAME, lambda file: file.write(raw))


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Whoever reads a ring to write it back takes turns; what a killed writer left is swept away."""
    _check_rights(folder, 0o700, stat.S_ISDIR)
    with taking_turns(folder):
        for draft in folder.glob(f".{NAME}.*.tmp"):
            draft.unlink(missing_ok=True)
        yield


def rewrap(folder: Path, *, old: Custodian | None, new: Custodian | None) -> bool:
    """Bring the ring from one custodian to another, under a fresh data key. The file is replaced in one step, so a
    kill leaves the ring with one of the two. False where it is with the new one already.

    Raises KeyRefused, KeyServiceDenied, KeyServiceFault; the ring then stays as it was.
    """
    with changing(folder):
        content = _content(folder)
        try:
            document = _open(content, old)
        except KeyRefused:
            if sealed_ring.custodian_of(content) != (new.name if new else None):
                raise
            _open(content, new)
            return False
        write(folder, document, custodian=new)
        return True


def _content(folder: Path) -> Document:
    """What the file holds, sealed or clear."""
    if not exists(folder):
        raise KeyRefused(
            "there is no key ring here; set CLEANROOM_HOME to the folder that holds it, or make the first one with "
            "`cleanroom keys`",
            zh="此處無金鑰環；請以 CLEANROOM_HOME 指定其所在之資料夾，或以 cleanroom keys 產製首份金鑰環",
            rule="key_ring_missing",
        )
    _check_rights(folder, 0o700, stat.S_ISDIR)
    _check_rights(folder / NAME, 0o600, stat.S_ISREG)
    return sealed_ring.parse((folder / NAME).read_bytes())


def _open(content: Document, custodian: Custodian | None, owner: str | None = None) -> Document:
    if owner is not None and content.get("owner") != owner:
        raise KeyRefused(
            "this is the key ring of the other side, or of another owner",
            zh="此為他方或其他擁有者之金鑰環",
            rule="key_ring_owner",
        )
    if sealed_ring.is_sealed(content):
        return sealed_ring.open_sealed(content, custodian)
    if custodian:
        raise KeyRefused(
            "the key ring is not wrapped, and CLEANROOM_KEY_CUSTODY names a custodian; bring it there with "
            "`cleanroom keys rewrap`",
            zh="金鑰環尚未包裝，而 CLEANROOM_KEY_CUSTODY 已指定保管方式；請以 cleanroom keys rewrap 移轉",
            rule="key_ring_unwrapped",
        )
    return content


def _check_for_production(document: Document, custodian: Custodian | None) -> None:
    if document["demo"]:
        raise KeyRefused(
            "these are demo keys, and the environment is production",
            zh="此為示範金鑰，目前為正式環境",
            rule="demo_keys",
        )
    if custodian is None:
        raise KeyRefused(
            "the key ring is not wrapped, and the environment is production; set CLEANROOM_KEY_CUSTODY and run "
            "`cleanroom keys rewrap`",
            zh="金鑰環尚未包裝，目前為正式環境；請設定 CLEANROOM_KEY_CUSTODY 並執行 cleanroom keys rewrap",
            rule="key_ring_unwrapped",
        )


def _check_rights(path: Path, allowed: int, is_kind: Callable[[int], bool]) -> None:
    found = os.lstat(path)
    if not is_kind(found.st_mode) or found.st_uid != os.geteuid():
        raise KeyRefused(
            f"{path.name} of the key ring is a link or belongs to another user",
            zh=f"金鑰環之 {path.name} 為連結或屬其他使用者",
            rule="key_ring_owner",
        )
    if stat.S_IMODE(found.st_mode) & ~allowed:
        raise KeyRefused(
            f"{path.name} of the key ring can be read by others; set its rights to {allowed:o}",
            zh=f"金鑰環之 {path.name} 可由他人讀取；請將權限設為 {allowed:o}",
            rule="key_ring_rights",
        )
