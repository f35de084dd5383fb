"""Every worker wakes the sender by itself at a regular interval: no beat process beside it, and none to forget.

Two workers wake twice as often, which changes nothing: a row is leased to one sender at a time.
"""

from celery import bootsteps


class RegularWake(bootsteps.StartStopStep):
    """Puts a wake on the queue every `SECONDS`. A wake that waited longer than that is dropped: the next has come."""

    requires = {"celery.worker.components:Timer"}
    SECONDS = 2.0  # the shortest wait of the retry schedule

    def __init__(self, worker, **_options):
        self._timer_entry = None

    def start(self, worker) -> None:
        from portal.alerts.tasks import wake_soon

        self._timer_entry = worker.timer.call_repeatedly(self.SECONDS, wake_soon, kwargs={"expires": self.SECONDS})

    def stop(self, worker) -> None:
        if self._timer_entry is not None:
            self._timer_entry.cancel()
