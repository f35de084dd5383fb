"""The cursor of the pull path."""

import pytest

from cleanroom.errors import PortalFault
from cleanroom.receiver.inbox import Inbox
from cleanroom.receiver.pulling import pull


class StuckPortal:
    """Gives the same page whatever it is asked for."""

    def __init__(self, cursor: int):
        self.cursor, self.asked = cursor, []

    def pull(self, institution: str, after: int) -> list[dict]:
        self.asked.append(after)
        return [{"cursor": self.cursor}]


@pytest.mark.parametrize("cursor", [0, -1])
def test_a_cursor_that_does_not_rise_is_a_fault_and_no_endless_loop(tmp_path, cursor):
    portal = StuckPortal(cursor)
    with pytest.raises(PortalFault, match="does not rise"):
        pull(Inbox(tmp_path / "inbox.sqlite3"), portal, institution="808", open_message=lambda _: None)
    assert portal.asked == [0]
