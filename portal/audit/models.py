"""The audit log: a hash chain of events that the database itself refuses to change; and who vouches for it."""

from datetime import UTC, datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cleanroom.contracts import checkpoints
from cleanroom.contracts.checkpoints import AuditLog


class Event(models.Model):
    """One event. `digest` is its hash in the chain of contracts.audit_chain: over `body()`, the digest before it and
    its number; so whoever keeps the latest digest can tell when anything earlier was changed.

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
        """What the digest covers, with the digest before it and the number (contracts.audit_chain)."""
        return {
            "actor": self.actor_id,
            "at": moment_text(self.occurred_at),
            "detail": self.detail,
            "recorded_at": moment_text(self.recorded_at),
            "report_digest": self.report_digest,
            "reported_actor": self.reported_actor,
            "subject": self.subject,
            "verb": self.verb,
        }


class Checkpoint(models.Model):
    """A checkpoint as the room signed it, of its own log or of this one. Written once.

    `edge`: of this log's checkpoints, the right edge of its tree (hex, contracts.merkle.Frontier), so that the next
    root costs only what the log grew by.
    """

    log = models.CharField(max_length=20, choices=[(str(log), str(log)) for log in AuditLog])
    size = models.BigIntegerField()
    root = models.CharField(max_length=64)
    at = models.DateTimeField()
    signing_kid = models.CharField(max_length=80)
    signature = models.CharField(max_length=100)
    edge = models.JSONField(default=list)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-size"]
        constraints = [
            models.UniqueConstraint(fields=["log", "size"], name="audit_one_checkpoint_per_size"),
            models.CheckConstraint(condition=Q(log__in=[str(log) for log in AuditLog]), name="audit_log_known"),
            models.CheckConstraint(condition=Q(size__gte=1), name="audit_checkpoint_covers_something"),
        ]

    def signed(self) -> checkpoints.SignedCheckpoint:
        return checkpoints.SignedCheckpoint(
            checkpoint=self.stated(), signing_kid=self.signing_kid, signature=self.signature
        )

    def stated(self) -> checkpoints.Checkpoint:
        return checkpoints.Checkpoint(log=AuditLog(self.log), size=self.size, root=self.root, at=self.at)


class Cosignature(models.Model):
    """A participant's witness saw this checkpoint. Written once; `signing_kid` names its registered key."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="cosignatures")
    participant = models.ForeignKey("participants.Participant", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    signing_kid = models.CharField(max_length=80)
    signature = models.CharField(max_length=100)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["received_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "participant"], name="audit_one_cosignature_each"),
        ]

    def stated(self) -> checkpoints.Cosignature:
        return checkpoints.Cosignature(
            checkpoint=self.checkpoint.stated(),
            participant=self.participant.code,
            at=self.at,
            signing_kid=self.signing_kid,
            signature=self.signature,
        )


def moment_text(moment: datetime) -> str:
    """UTC with microseconds, the form in which the digest covers times."""
    return (moment if moment.tzinfo is UTC else moment.astimezone(UTC)).isoformat(timespec="microseconds")
