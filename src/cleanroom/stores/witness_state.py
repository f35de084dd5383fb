"""What a witness remembers, in one small file that its owner backs up: the room's keys and the checkpoints seen last.

Losing it loses the memory against which a rewritten past is noticed; what was cosigned lies in the object store too.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field, ValidationError

from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.contracts.checkpoints import AuditLog, SignedCheckpoint
from cleanroom.contracts.manifest import Frozen
from cleanroom.contracts.whole_files import taking_turns, write_whole
from cleanroom.errors import SettingsInvalid, Where


class _Memory(Frozen):
    room_keys: tuple[str, ...] = ()
    seen: dict[AuditLog, SignedCheckpoint] = Field(default_factory=dict)


class WitnessState:
    def __init__(self, path: Path):
        self.path = path

    def seen(self, log: AuditLog) -> SignedCheckpoint | None:
        return self._read().seen.get(log)

    def room_keys(self) -> list[str]:
        """Ed25519, base64url. Raises SettingsInvalid where none was pinned yet."""
        keys = self._read().room_keys
        if not keys:
            raise SettingsInvalid(
                "this witness does not know the clean room's signing key yet; give it once, as its key custodian "
                "reads it out",
                zh="此見證尚不知無塵室之簽章金鑰；請依其金鑰保管人讀出之內容給定一次",
                where=Where(file=str(self.path)),
            )
        return list(keys)

    def pin_room_key(self, public_key: str) -> None:
        """Keys are added and never dropped, so that checkpoints from before an exchange still verify."""
        memory = self._read()
        if public_key not in memory.room_keys:
            self._write(memory.model_copy(update={"room_keys": (*memory.room_keys, public_key)}))

    def remember(self, seen: SignedCheckpoint) -> None:
        memory = self._read()
        if memory.seen.get(seen.checkpoint.log) != seen:
            self._write(memory.model_copy(update={"seen": {**memory.seen, seen.checkpoint.log: seen}}))

    def keep_evidence(self, *, seen: SignedCheckpoint | None, shown: SignedCheckpoint | None, why: str) -> str:
        """Both signed statements in a file beside the state; the same alarm again finds it there. Returns its name."""
        statements = {"seen": seen, "shown": shown}
        content = {name: signed and signed.model_dump(mode="json") for name, signed in statements.items()}
        raw = json.dumps({"why": why, **content}, indent=1).encode()
        path = self.path.with_name(f"{self.path.stem}-evidence-{hashlib.sha256(raw).hexdigest()[:12]}.json")
        if not path.exists():
            write_whole(path, lambda file: file.write(raw))
        return path.name

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One look at a time, so that a slower one does not bring back an older memory."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with taking_turns(self.path.with_name(f".{self.path.name}.lock")):
            yield

    def _read(self) -> _Memory:
        if not self.path.exists():
            return _Memory()
        try:
            return _Memory.model_validate_json(self.path.read_bytes())
        except (OSError, ValidationError):
            raise SettingsInvalid(
                "the witness's memory cannot be read; bring it back from its backup, and if there is none, keep the "
                "file and begin with another",
                zh="見證之紀錄檔無法讀取；請自備份還原，若無備份，請保留該檔並另建新檔",
                where=Where(file=str(self.path)),
            ) from None

    def _write(self, memory: _Memory) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(self.path, lambda file: file.write(canonical_bytes(memory.model_dump(mode="json"))))
