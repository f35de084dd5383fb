import pytest

from tests.factories.clean_room import CleanRoom
from tests.factories.tampering import Waiting


@pytest.fixture
def clean_room(tmp_path):
    """Three institutions, agreed and with keys; nothing sealed yet."""
    return CleanRoom.make(tmp_path / "home")


@pytest.fixture
def waiting(clean_room):
    """Transfers of 808, sealed and uploaded; its other datasets are out of the way."""
    data = clean_room.data["808"]
    data.rows = {"transfers": data.rows["transfers"]}
    data.write()
    clean_room.seal("808")
    return Waiting(clean_room, "808", "transfers")
