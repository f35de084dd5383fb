"""The pull path: warnings fetched by cursor, for an institution without an endpoint or one that was away."""

import logging
from collections.abc import Callable

from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.errors import PortalFault, Refusal
from cleanroom.receiver.inbox import Inbox
from cleanroom.receiver.opening import Opened, parse_message
from cleanroom.receiver.portal import PortalClient

LOG = logging.getLogger("cleanroom.receiver")
CURSOR = "pull_cursor"


def pull(inbox: Inbox, portal: PortalClient, *, institution: str, open_message: Callable[..., Opened]) -> int:
    """Fetch until nothing is left; returns how many warnings were new. The cursor moves on after each is stored.

    A warning that cannot be opened is said and passed over, so that it does not stand in the way of the others.
    """
    new = 0
    while rows := portal.pull(institution, reached := int(inbox.mark(CURSOR) or 0)):
        for row in rows:
            cursor = _cursor(row)
            if cursor <= reached:  # it would be asked for again, without end
                raise PortalFault(
                    "the portal's cursor does not rise; check that both run the same version",
                    zh="入口網站之游標未遞增；請確認雙方版本相同",
                )
            new += _store(inbox, row, open_message)
            inbox.set_mark(CURSOR, str(cursor))
            reached = cursor
    return new


def _store(inbox: Inbox, row: dict, open_message: Callable[..., Opened]) -> bool:
    message = {name: value for name, value in row.items() if name != "cursor"}
    try:
        return inbox.store(open_message(parse_message(canonical_bytes(message))), webhook_id=None, way="pull")
    except Refusal as e:
        LOG.error("a pulled warning was refused: %s", e)
        return False


def _cursor(row: dict) -> int:
    cursor = row.get("cursor")
    if not isinstance(cursor, int):
        raise PortalFault(
            "the portal's answer has no cursor; check that both run the same version",
            zh="入口網站之回覆無游標；請確認雙方版本相同",
        )
    return cursor
