import pytest

from cleanroom.receiver.opening import RoomKey
from tests.factories.sealed_warnings import Sender


@pytest.fixture(scope="module")
def sender(tmp_path_factory):
    return Sender(tmp_path_factory.mktemp("sender"))


@pytest.fixture
def room_key(sender):
    return RoomKey(sender.room.signing_kid, sender.room.signing_public_key)
