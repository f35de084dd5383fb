"""What every rotation is held against: the graph where no key was ever changed."""

import pytest

from tests.factories.clean_room import FORMS, CleanRoom
from tests.factories.graphs import shape


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    room = CleanRoom.make(tmp_path_factory.mktemp("undisturbed"))
    for code in FORMS:
        room.seal(code)
        room.take_in(code)
    with room.opened() as opened:
        return shape(opened.warehouse)
