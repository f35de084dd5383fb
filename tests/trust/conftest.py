"""Rooms are made once and copied for each case: a case may break everything in its own."""

import copy
import shutil

import pytest

from tests.factories.clean_room import HEADERS, CleanRoom
from tests.factories.tampering import Waiting


def _copied(room: CleanRoom, home) -> CleanRoom:
    shutil.copytree(room.home, home)
    return CleanRoom(home, copy.deepcopy(room.portal))


@pytest.fixture(scope="session")
def agreed(tmp_path_factory):
    return CleanRoom.make(tmp_path_factory.mktemp("agreed") / "home")


@pytest.fixture(scope="session")
def sealed_once(agreed, tmp_path_factory):
    return _with_transfers(_copied(agreed, tmp_path_factory.mktemp("sealed") / "home"))


@pytest.fixture(scope="session")
def _large(agreed, tmp_path_factory):
    room = _copied(agreed, tmp_path_factory.mktemp("large") / "home")
    data = room.data["808"]
    model = data.rows["transfers"][0]
    data.rows["transfers"] = [many(model, n) for n in range(4000)]
    return _with_transfers(room)


def many(model: list[str], n: int) -> list[str]:
    """One of many transfers like `model`, each between two accounts of its own."""
    row = list(model)
    row[0], row[1] = f"808-{n:06d}", f"C{n:08d}"
    row[HEADERS["transfers"].index("sender_account")] = f"8080{n:08d}"
    row[HEADERS["transfers"].index("receiver_account")] = f"8220{n:08d}"
    return row


def _with_transfers(room: CleanRoom) -> CleanRoom:
    """808 sends its transfers; its other datasets are out of the way."""
    data = room.data["808"]
    for name in set(data.rows) - {"transfers"}:
        (data.folder / f"{name}.parquet").unlink()
    data.rows = {"transfers": data.rows["transfers"]}
    data.write()
    room.seal("808")
    return room


def _waiting(sealed: CleanRoom, home) -> Waiting:
    room = _copied(sealed, home)
    room.data["808"].rows = {"transfers": sealed.data["808"].rows["transfers"]}
    return Waiting(room, "808", "transfers")


@pytest.fixture
def clean_room(agreed, tmp_path):
    """Three institutions, agreed and with keys; nothing sealed yet."""
    return _copied(agreed, tmp_path / "home")


@pytest.fixture
def waiting(sealed_once, tmp_path):
    """Three transfers of 808, sealed and uploaded."""
    return _waiting(sealed_once, tmp_path / "home")


@pytest.fixture
def large(_large, tmp_path):
    """4,000 transfers of 808 between 8,000 accounts: a part of several chunks of its envelope."""
    return _waiting(_large, tmp_path / "home")
