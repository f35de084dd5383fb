"""A room whose money flow is built."""

import pytest

from cleanroom.contracts.messages import AuditEvent
from cleanroom.stores.audit_file import AuditFile
from tests.factories.scoring_room import START, build_moneyflow, open_room


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A room whose money flow is built and whose audit log has begun; nothing is trained yet."""
    made = open_room(tmp_path_factory.mktemp("scoring"))
    build_moneyflow(made)
    event = AuditEvent(at=START, actor="room", verb="opened", subject="room")
    AuditFile(made.settings.audit_file).append(event)
    yield made
    made.warehouse.close()
