"""A room and two witnesses on a folder: real stores, keys and logs; the portal in memory. What a checkpoint needs."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cleanroom.contracts.audit_chain import START, line_after, parse_line
from cleanroom.contracts.messages import AuditEvent
from cleanroom.pipeline import checkpoints, keys, witness
from cleanroom.pipeline.room import Room
from cleanroom.settings import RoomSettings
from cleanroom.stores.audit_file import AuditFile
from cleanroom.stores.objects_local import LocalObjectStore
from cleanroom.stores.ports import ObjectStore
from cleanroom.stores.witness_state import WitnessState
from tests.fakes.portal import MemoryPortal

WITNESSES = ("808", "822")


def event(number: int) -> AuditEvent:
    at = datetime(2025, 4, 1, 8, number % 60, tzinfo=UTC)
    return AuditEvent(
        at=at, actor="room:intake", verb="submission.accepted", subject=f"{number:064x}", detail={"rows": number}
    )


@dataclass
class WitnessedRoom:
    home: Path
    portal: MemoryPortal = field(default_factory=MemoryPortal)

    def __post_init__(self) -> None:
        settings = RoomSettings(home=self.home)
        self.ring = keys.init_room_keys(settings.keys, demo=True)
        self.objects = LocalObjectStore(settings.objects_dir)
        self.room = Room(settings, self.objects, None, self.portal, self.ring)
        self.log = AuditFile(settings.audit_file)
        self.rings = {
            code: keys.prepare_participant_keys(self.home / code / "keys", institution=code, demo=True)
            for code in WITNESSES
        }

    def happens(self, count: int = 1) -> None:
        """So many events in the room, each told to the portal."""
        for _ in range(count):
            number = self.log.head().sequence + 1
            self.log.append(event(number))
            self.portal.record_event(event(number))

    def portal_hashes(self) -> list[str]:
        hashes = []
        while page := self.portal.log_hashes(after=len(hashes)).hashes:
            hashes += page
        return hashes

    def publish(self) -> dict:
        return checkpoints.publish(self.room)

    def witness(self, code: str = "808", *, objects: ObjectStore | None = None, portal=True) -> witness.Witness:
        state = WitnessState(self.home / code / "witness.json")
        witness.pin_room_key(state, self.ring.signing_public_key)
        desk = self.portal if portal is True else portal
        return witness.Witness(code, self.rings[code], objects or self.objects, state, desk)

    def rewrite_log(self, change) -> None:
        """What whoever owns the room's disk can do: change the events and chain them anew, so that the chain holds."""
        events = [parse_line(raw).event for raw in self.log.lines()]
        place, raws = START, []
        for content in change(events):
            place, raw = line_after(content, place)
            raws.append(raw)
        self.log.path.write_bytes(b"".join(raws))

    def forget_checkpoints(self) -> None:
        """What whoever owns both the room and the object store can do."""
        for path in (*self.room.settings.room_dir.glob("checkpoints/*"), *self._published()):
            path.unlink()

    def _published(self):
        return [p for p in (self.room.settings.objects_dir / "checkpoints" / "room").rglob("*") if p.is_file()]
