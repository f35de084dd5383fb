"""A room in which a model was trained, released by people and has scored, with the rings of three institutions."""

import os
import pickle
from dataclasses import dataclass
from pathlib import Path

from cleanroom.contracts.messages import AuditEvent
from cleanroom.crypto.ceremonies import new_participant_ring, new_room_ring
from cleanroom.crypto.keyring import ParticipantKeyRing, RoomKeyRing
from cleanroom.pipeline import scoring
from cleanroom.settings import RoomSettings
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.objects_local import LocalObjectStore
from cleanroom.stores.ports import ObjectStore, Warehouse
from cleanroom.stores.warehouse import open_warehouse
from tests.factories.scoring_release import release
from tests.factories.scoring_room import CODES, START, build_moneyflow, portal
from tests.fakes.portal import MemoryPortal


class KeptPortal(MemoryPortal):
    """The portal in memory that a killed process does not take with it: every accepted warning is kept in a file."""

    def send_warnings(self, warnings) -> int:
        accepted = super().send_warnings(warnings)
        path = Path(self.folder) / "portal.pickle"
        path.with_suffix(".new").write_bytes(pickle.dumps(self.sent))
        os.replace(path.with_suffix(".new"), path)
        return accepted

    def remember(self) -> None:
        path = Path(self.folder) / "portal.pickle"
        self.sent = pickle.loads(path.read_bytes()) if path.exists() else {}  # noqa: S301 - our own file


@dataclass(frozen=True)
class ReleasedRoom:
    """Has what `pipeline.room.Room` has, and the institutions' rings."""

    settings: RoomSettings
    warehouse: Warehouse
    objects: ObjectStore
    portal: KeptPortal
    keys: RoomKeyRing
    rings: dict[str, ParticipantKeyRing]


def make_room(home: Path, *, warning_capacity: int = 30) -> ReleasedRoom:
    """Ledgers landed and joined, model trained, nothing released yet."""
    settings = RoomSettings(home=home, warning_capacity=warning_capacity)
    keys = new_room_ring(settings.keys, demo=True)
    kept = KeptPortal()
    kept.folder = str(home)
    kept.reports = portal().reports
    rings = {c: new_participant_ring(home / "institutions" / c / "keys", institution=c, demo=True) for c in CODES}
    for ring in rings.values():
        kept.invite(ring, keys)
    objects = LocalObjectStore(settings.objects_dir)
    room = ReleasedRoom(settings, open_warehouse(settings), objects, kept, keys, rings)
    build_moneyflow(room)
    AuditFile(settings.audit_file).append(AuditEvent(at=START, actor="room", verb="opened", subject="room"))
    scoring.train(room)
    return room


def release_model(room: ReleasedRoom) -> str:
    result = scoring.evaluate(room, developer="dev", factors={}, declared={}, evidence_documents={})
    release(room.portal, result.detail["release_id"])
    return result.detail["release_id"]
