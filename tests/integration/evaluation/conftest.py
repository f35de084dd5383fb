"""A room on each engine with scores that a test writes, and a portal in memory."""

import pytest

from tests.factories.bqemulator import ABSENT, PROGRAM, running_emulator
from tests.factories.evaluated_room import EvaluatedRoom, open_evaluated


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    made = open_evaluated(tmp_path_factory.mktemp("evaluated"))
    yield made
    made.warehouse.close()


@pytest.fixture
def bigquery_room(tmp_path) -> EvaluatedRoom:
    if not PROGRAM.exists():
        pytest.skip(ABSENT)
    with running_emulator(tmp_path) as endpoint:
        made = open_evaluated(tmp_path / "home", f"bigquery://whole/room?endpoint={endpoint}")
        yield made
        made.warehouse.close()
