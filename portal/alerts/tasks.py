"""What the queue wakes. A lost or doubled wake changes nothing: the rows say what is due."""

import logging

from django.db import DatabaseError
from kombu.exceptions import OperationalError

from cleanroom.errors import CleanroomError
from portal.alerts.actions.escalate import escalate_unanswered
from portal.alerts.sender import deliver_due
from portal.config.celery import app

log = logging.getLogger(__name__)

WAKE_SECONDS = 2.0  # the shortest wait of the retry schedule


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


def wake_soon() -> None:
    """Ask the queue for a wake now. Where the queue is down the periodic wake does it: never the caller's failure."""
    try:
        wake_sender.apply_async(expires=60, retry=False)
    except (OperationalError, OSError):
        log.warning("the queue did not take the wake; warnings wait for the next periodic one")


# The schedule is one constant: a file of last runs would only be one more thing to lose.
app.conf.beat_scheduler = "celery.beat.Scheduler"


@app.on_after_finalize.connect
def _wake_regularly(sender, **_kwargs) -> None:
    sender.add_periodic_task(WAKE_SECONDS, wake_sender.s(), name="wake the sender", expires=WAKE_SECONDS)
