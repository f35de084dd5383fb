"""The locked room as one object: its settings and its opened stores. Pipeline functions take it as first argument."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cleanroom.crypto.keyring import RoomKeyRing
from cleanroom.pipeline.keys import open_room_keys
from cleanroom.settings import RoomSettings
from cleanroom.stores.objects import open_object_store
from cleanroom.stores.portal_http import HttpPortal
from cleanroom.stores.ports import ObjectStore, Portal, Warehouse
from cleanroom.stores.warehouse import open_warehouse


@dataclass(frozen=True)
class Room:
    settings: RoomSettings
    objects: ObjectStore
    warehouse: Warehouse
    portal: Portal
    keys: RoomKeyRing


@contextmanager
def open_room(settings: RoomSettings) -> Iterator[Room]:
    """Open the stores, and close the warehouse again: its file admits one process at a time."""
    keys = open_room_keys(settings)  # first: without them nothing else is touched
    warehouse = open_warehouse(settings)
    try:
        yield Room(
            settings=settings,
            objects=open_object_store(settings.object_store, settings.objects_dir, ca_file=settings.ca_file),
            warehouse=warehouse,
            portal=HttpPortal.of(settings),
            keys=keys,
        )
    finally:
        warehouse.close()
