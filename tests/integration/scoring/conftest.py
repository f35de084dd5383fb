"""A room whose money flow and features are built, once for all modules; each has a copy of its own."""

import shutil

import pytest

from cleanroom.contracts.messages import AuditEvent
from cleanroom.pipeline.features import build_features
from cleanroom.stores.audit_file import AuditFile
from tests.factories.scoring_room import START, build_moneyflow, open_room


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The folder of a room in which nothing is trained yet and whose audit log has begun."""
    made = open_room(tmp_path_factory.mktemp("built"))
    build_moneyflow(made)
    assert build_features(made) and not build_features(made)
    event = AuditEvent(at=START, actor="room", verb="opened", subject="room")
    AuditFile(made.settings.audit_file).append(event)
    made.warehouse.close()
    return made.settings.home


@pytest.fixture(scope="module")
def room(built, tmp_path_factory):
    made = open_room(shutil.copytree(built, tmp_path_factory.mktemp("scoring") / "home"))
    yield made
    made.warehouse.close()
