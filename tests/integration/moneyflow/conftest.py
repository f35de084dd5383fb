"""A room with a warehouse and a recorder in the portal's place; no keys and no objects are needed here."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cleanroom.settings import RoomSettings
from cleanroom.stores.ports import Warehouse
from cleanroom.stores.warehouse import open_warehouse
from tests.factories.bqemulator import ABSENT, PROGRAM, running_emulator


@dataclass
class Recorder:
    """Keeps what is published to the portal."""

    results: list = field(default_factory=list)

    def publish_result(self, result) -> None:
        self.results.append(result)

    def body(self, kind: str) -> dict:
        (result,) = [r for r in self.results if r.kind == kind]
        return result.body


@dataclass(frozen=True)
class SmallRoom:
    settings: RoomSettings
    warehouse: Warehouse
    portal: Recorder


def open_small_room(home: Path, warehouse: str = "") -> SmallRoom:
    settings = RoomSettings(home=home, warehouse=warehouse)
    return SmallRoom(settings, open_warehouse(settings), Recorder())


@pytest.fixture
def room(tmp_path):
    small = open_small_room(tmp_path)
    yield small
    small.warehouse.close()


@pytest.fixture
def bigquery_room(tmp_path):
    if not PROGRAM.exists():
        pytest.skip(ABSENT)
    with running_emulator(tmp_path) as endpoint:
        small = open_small_room(tmp_path / "home", f"bigquery://whole/room?endpoint={endpoint}")
        yield small
        small.warehouse.close()
