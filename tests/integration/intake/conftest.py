import pytest

from tests.factories.clean_room import CleanRoom


@pytest.fixture
def clean_room(tmp_path):
    """Three institutions, agreed and with keys; nothing sealed yet."""
    return CleanRoom.make(tmp_path / "home")
