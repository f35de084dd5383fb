"""One institution and the room, on any folder of clear files: real keys, stores and warehouse; the portal in memory."""

from dataclasses import dataclass
from pathlib import Path

from cleanroom.pipeline import intake, keys, sealing
from cleanroom.pipeline.room import Room
from cleanroom.settings import ParticipantSettings, RoomSettings
from cleanroom.stores.objects_local import LocalObjectStore
from cleanroom.stores.warehouse import open_warehouse
from tests.fakes.portal import MemoryPortal


@dataclass(frozen=True)
class Parties:
    settings: ParticipantSettings
    room: RoomSettings
    portal: MemoryPortal
    objects: LocalObjectStore

    def seal(self) -> int:
        """Rows sealed into the outbox."""
        return sealing.seal_folder(self.settings, portal=self.portal, objects=self.objects).rows

    def send(self) -> int:
        return sealing.send_sealed(self.settings, portal=self.portal, objects=self.objects).rows

    def take_in(self) -> int:
        """Rows landed."""
        warehouse = open_warehouse(self.room)
        try:
            ring = keys.open_room_keys(self.room)
            room = Room(settings=self.room, objects=self.objects, warehouse=warehouse, portal=self.portal, keys=ring)
            return intake.take_in(room, participant=self.settings.institution).rows
        finally:
            warehouse.close()


def one_participant(home: Path, *, code: str, data_dir: Path) -> Parties:
    settings = ParticipantSettings(institution=code, home=home / "institutions" / code, data_dir=data_dir)
    room, portal = RoomSettings(home=home), MemoryPortal()
    ring = keys.init_room_keys(room.keys, demo=True)
    keys.init_participant_keys(settings.keys, institution=code, demo=True)
    portal.invite(keys.open_participant_keys(settings), ring)
    return Parties(settings, room, portal, LocalObjectStore(room.objects_dir))
