"""A room on each engine."""

import pytest

from tests.factories.bqemulator import ABSENT, PROGRAM, running_emulator
from tests.factories.small_room import open_small_room


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
