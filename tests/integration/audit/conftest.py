import pytest

from tests.factories.witnessed_room import WitnessedRoom


@pytest.fixture
def room(tmp_path):
    return WitnessedRoom(tmp_path)


@pytest.fixture
def witnessed(room):
    """Two checkpoints over 4 and 9 events, both seen by 808; 822 has seen the first alone."""
    room.happens(4)
    room.publish()
    room.witness("808").look()
    room.witness("822").look()
    room.happens(5)
    room.publish()
    room.witness("808").look()
    return room
