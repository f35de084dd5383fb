"""Places on the pull path, given out under a lock."""

from portal.alerts.models import OutboxCounter


class Cursor:
    """Holds the outbox's lock until the transaction ends. Make one inside the transaction that lets warnings in."""

    def __init__(self):
        OutboxCounter.objects.get_or_create(pk=1)
        self._row = OutboxCounter.objects.select_for_update().get(pk=1)

    def next(self) -> int:
        self._row.last_cursor += 1
        return self._row.last_cursor

    def keep(self) -> None:
        """Write down how far the places were given out."""
        self._row.save(update_fields=["last_cursor"])
