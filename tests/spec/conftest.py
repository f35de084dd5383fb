"""The emulator that all questions to BigQuery are asked of. Each module names a project or a prefix of its own."""

import pytest

from tests.factories.bqemulator import ABSENT, PROGRAM, running_emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    if not PROGRAM.exists():
        pytest.skip(ABSENT)
    with running_emulator(tmp_path_factory.mktemp("emulator")) as endpoint:
        yield endpoint
