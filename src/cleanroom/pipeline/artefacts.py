"""Where model artefacts lie: named by their SHA-256 in the room's folder and in the object store, never overwritten."""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cleanroom.errors import ArtefactRefused, NothingToDo
from cleanroom.scoring.artefact import CAP_BYTES, Artefact, load
from cleanroom.settings import RoomSettings

if TYPE_CHECKING:
    from cleanroom.pipeline.room import Room

_LATEST = "latest.json"


@dataclass(frozen=True)
class Latest:
    """The artefact that was trained last, when (ISO, with offset), the release that it was drafted as (None before
    that), and a digest of what that draft was measured on (pipeline.release_drafting)."""

    digest: str
    trained_at: str
    release_id: str | None = None
    measured_on: str | None = None


def keep(room: "Room", artefact: Artefact, *, now: datetime) -> str:
    """Store the artefact at both places and note it as the latest; returns its digest. Again it changes nothing: the
    same artefact goes on with its age and its release."""
    raw, digest = artefact.to_bytes(), artefact.digest
    _write(_path(room.settings, digest), raw)
    room.objects.put_bytes(_name(digest), raw)
    if latest(room.settings) is None or latest(room.settings).digest != digest:
        note(room.settings, Latest(digest, now.isoformat()))
    return digest


def read(room: "Room", digest: str) -> Artefact:
    """The artefact of that digest, from the room's folder, else from the object store.

    Raises ArtefactRefused where the bytes are others or nowhere; StoreFault where the store does not answer.
    """
    path = _path(room.settings, digest)
    if path.exists():
        return load(path.read_bytes(), digest=digest)
    if not room.objects.exists(_name(digest)):
        raise ArtefactRefused(
            "the model artefact is neither in the room nor in the object store; train again",
            zh="模型檔不在無塵室，亦不在物件儲存；請重新訓練",
        )
    return load(room.objects.get_bytes(_name(digest), cap_bytes=CAP_BYTES), digest=digest)


def latest(settings: RoomSettings) -> Latest | None:
    path = settings.artefacts_dir / _LATEST
    return Latest(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def need_latest(settings: RoomSettings) -> Latest:
    found = latest(settings)
    if found is None:
        raise NothingToDo(
            "no model has been trained in this room yet; run the training step first",
            zh="此無塵室尚未訓練模型；請先執行訓練",
        )
    return found


def note(settings: RoomSettings, which: Latest) -> None:
    _write(settings.artefacts_dir / _LATEST, json.dumps(vars(which)).encode())


def _path(settings: RoomSettings, digest: str) -> Path:
    return settings.artefacts_dir / f"{digest}.json"


def _name(digest: str) -> str:
    return f"artefacts/{digest}.json"


def _write(path: Path, raw: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
