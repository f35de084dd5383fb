"""Rooms on each engine. What one test of a file leaves behind is gone before the next begins, but for dbt's parse."""

import shutil

import pytest

from tests.factories.bqemulator import ABSENT, PROGRAM, running_emulator
from tests.factories.small_room import open_small_room

PARSED = "partial_parse.msgpack"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("rooms") / "home"


@pytest.fixture
def room(home):
    """A fresh room at the same place for each test: dbt, which parses anew for another place, parses once."""
    small = open_small_room(home)
    yield small
    small.warehouse.close()
    parsed = home / "room" / "dbt" / "target" / PARSED
    kept = parsed.read_bytes() if parsed.exists() else None
    shutil.rmtree(home, ignore_errors=True)
    if kept:
        parsed.parent.mkdir(parents=True)
        parsed.write_bytes(kept)


@pytest.fixture(scope="module")
def bigquery_room(tmp_path_factory):
    if not PROGRAM.exists():
        pytest.skip(ABSENT)
    folder = tmp_path_factory.mktemp("bigquery")
    with running_emulator(folder) as endpoint:
        small = open_small_room(folder / "home", f"bigquery://whole/room?endpoint={endpoint}")
        yield small
        small.warehouse.close()
