"""The audit log: a hash chain of events that the database itself refuses to change."""

from datetime import UTC, datetime

from django.conf import settings
from django.db import models
from django.db.models import Q


class Event(models.Model):
    """One event. `digest` is SHA-256 over AUDIT_DOMAIN and the canonical form of `body()`, which holds the digest
    before it; so whoever keeps the latest digest can tell when anything earlier was changed.

    `occurred_at`: for events that a service reports, its own clock; else the same as `recorded_at`.
    `actor`: the authenticated user. `reported_actor`: whom a service names as having acted on its side.
    """

    sequence = models.BigIntegerField(primary_key=True)
    recorded_at = models.DateTimeField()
    occurred_at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, to_field="username", db_column="actor", on_delete=models.PROTECT, related_name="+"
    )
    reported_actor = models.CharField(max_length=120, blank=True)
    verb = models.CharField(max_length=80, db_index=True)
    subject = models.CharField(max_length=200, db_index=True)
    detail = models.JSONField(default=dict)
    # Set for reported events only, so that a report sent again is recognised.
    report_digest = models.CharField(max_length=64, null=True, unique=True)
    previous_digest = models.CharField(max_length=64, unique=True)  # unique: the chain cannot fork
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["-sequence"]
        constraints = [models.CheckConstraint(condition=Q(sequence__gte=1), name="audit_sequence_from_one")]

    def body(self) -> dict:
        """What the digest covers."""
        return {
            "sequence": self.sequence,
            "recorded_at": _text(self.recorded_at),
            "occurred_at": _text(self.occurred_at),
            "actor": self.actor_id,
            "reported_actor": self.reported_actor,
            "verb": self.verb,
            "subject": self.subject,
            "detail": self.detail,
            "report_digest": self.report_digest,
            "previous_digest": self.previous_digest,
        }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
