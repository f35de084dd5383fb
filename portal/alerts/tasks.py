"""What the queue wakes. A lost or doubled wake changes nothing: the rows say what is due."""

import logging

from django.db import DatabaseError

from cleanroom.errors import CleanroomError
from portal.alerts.actions.escalate import escalate_unanswered
from portal.alerts.sender import deliver_due
from portal.alerts.wake import RegularWake
from portal.config.celery import app

log = logging.getLogger(__name__)

app.steps["worker"].add(RegularWake)


@app.task(name="alerts.wake_sender", ignore_result=True)
def wake_sender() -> dict[str, int]:
    """Send what is due, then move the clocks of what nobody answered."""
    try:
        done = deliver_due()
        escalate_unanswered()
    except (CleanroomError, DatabaseError):
        log.exception("the sender stopped early; the next wake goes on where it stopped")
        raise
    return {str(state): count for state, count in done.items()}


def wake_soon(*, expires: float = 60.0) -> None:
    """Ask the queue for a wake now, dropped after `expires` seconds. A queue that is down is never the caller's
    failure: the workers wake regularly."""
    try:
        wake_sender.apply_async(expires=expires, retry=False)
    except Exception:  # whatever a broker may raise: the rows are written, and the next regular wake finds them
        log.warning("the queue did not take the wake; warnings wait for the next regular one", exc_info=True)
