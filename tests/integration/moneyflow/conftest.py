"""Rooms on each engine."""

import pytest

from tests.factories.bqemulator import ABSENT, PROGRAM, running_emulator
from tests.factories.small_room import open_small_room


@pytest.fixture
def room(tmp_path):
    small = open_small_room(tmp_path / "home")
    yield small
    small.warehouse.close()


@pytest.fixture(scope="module")
def bigquery_room(tmp_path_factory):
    if not PROGRAM.exists():
        pytest.skip(ABSENT)
    folder = tmp_path_factory.mktemp("bigquery")
    with running_emulator(folder) as endpoint:
        small = open_small_room(folder / "home", f"bigquery://whole/room?endpoint={endpoint}")
        yield small
        small.warehouse.close()
