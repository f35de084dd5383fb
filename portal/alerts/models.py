"""Warnings and their outbox. The rows are the truth; the queue only wakes the sender.

No column holds an identifier of a customer: the body is sealed to the institution and stays sealed here.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from cleanroom.vocabulary.terms import AnswerKind, Severity, WarningKind
from portal.alerts.states import Delivery


def choices(kind) -> list[tuple[str, str]]:
    """The closed set as Django's choices."""
    return [(str(member), str(member)) for member in kind]


def one_of(field: str, kind) -> Q:
    """A check that the database itself keeps: the column holds a member of the closed set."""
    return Q(**{f"{field}__in": [str(member) for member in kind]})


class WarningRecord(models.Model):
    """One warning to one institution, with where its delivery and its answer stand."""

    warning_id = models.CharField(max_length=32, unique=True)
    cursor = models.BigIntegerField(null=True, unique=True)  # place on the pull path; none while over the daily cap
    participant = models.ForeignKey("participants.Participant", on_delete=models.PROTECT, related_name="warnings")
    kind = models.CharField(max_length=8, choices=choices(WarningKind))
    severity = models.CharField(max_length=8, choices=choices(Severity))
    release_id = models.CharField(max_length=80)
    reason_codes = models.JSONField()
    amount_bound_cents = models.BigIntegerField()
    layer = models.IntegerField(null=True)
    composed_at = models.DateTimeField(db_index=True)
    accepted_at = models.DateTimeField()
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    message = models.JSONField()  # the WarningMessage as it came: what the pull path gives and the webhook posts

    delivery = models.CharField(max_length=9, choices=choices(Delivery), default=Delivery.QUEUED)
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)  # since the last replay; the schedule counts by it
    attempts_in_all = models.PositiveIntegerField(default=0)
    lease_owner = models.CharField(max_length=64, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    delivered_by = models.CharField(max_length=7, blank=True, default="")  # webhook or pull
    last_error = models.CharField(max_length=200, blank=True, default="")

    standing = models.CharField(max_length=10, choices=choices(AnswerKind), blank=True, default="")
    answered_at = models.DateTimeField(null=True)  # the first answer: stops the clock
    settled_at = models.DateTimeField(null=True)
    held_cents = models.BigIntegerField(default=0)
    escalation = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-composed_at", "-pk"]
        indexes = [models.Index(fields=["delivery", "due_at"], name="warning_due")]
        constraints = [
            models.CheckConstraint(condition=one_of("delivery", Delivery), name="warning_delivery_known"),
            models.CheckConstraint(condition=one_of("severity", Severity), name="warning_severity_known"),
            models.CheckConstraint(condition=one_of("kind", WarningKind), name="warning_kind_known"),
            models.CheckConstraint(
                condition=~Q(delivery=Delivery.DELIVERED) | Q(delivered_at__isnull=False),
                name="warning_delivered_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(delivery=Delivery.CAPPED, cursor__isnull=True)
                | (~Q(delivery=Delivery.CAPPED) & Q(cursor__isnull=False)),
                name="warning_has_a_cursor_unless_capped",
            ),
            models.CheckConstraint(
                condition=Q(standing="", answered_at__isnull=True) | (~Q(standing="") & Q(answered_at__isnull=False)),
                name="warning_answered_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(lease_owner="", lease_until__isnull=True)
                | (~Q(lease_owner="") & Q(lease_until__isnull=False)),
                name="warning_lease_whole",
            ),
            models.CheckConstraint(
                condition=Q(amount_bound_cents__gte=0, held_cents__gte=0), name="warning_amounts_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.warning_id


class DeliveryAttempt(models.Model):
    """One POST that was tried; kept for dispatch health. Written once."""

    warning = models.ForeignKey(WarningRecord, on_delete=models.PROTECT, related_name="tries")
    attempted_at = models.DateTimeField(db_index=True)
    seconds = models.FloatField()
    status = models.PositiveSmallIntegerField(null=True)  # HTTP status; null where nothing came back
    error = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["attempted_at", "pk"]


class WarningAnswer(models.Model):
    """What the institution says it did. Written once; a signature made by its key, or by the portal for a person
    who answered on the page (`answered_by`)."""

    warning = models.ForeignKey(WarningRecord, on_delete=models.PROTECT, related_name="answers")
    answer = models.CharField(max_length=10, choices=choices(AnswerKind))
    action = models.CharField(max_length=20)
    answered_at = models.DateTimeField()
    received_at = models.DateTimeField()
    held_cents = models.BigIntegerField(default=0)
    message = models.JSONField()  # the AnswerMessage as it was signed
    signing_kid = models.CharField(max_length=80)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["received_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["warning", "answer"], name="answer_once_per_kind"),
            models.CheckConstraint(condition=one_of("answer", AnswerKind), name="answer_known"),
            models.CheckConstraint(condition=Q(held_cents__gte=0), name="answer_amount_not_negative"),
        ]


class EmergencyStop(models.Model):
    """While one stands, nothing is sent. Whoever stopped cannot lift."""

    reason = models.CharField(max_length=400)
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    stopped_at = models.DateTimeField()
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    in_force = models.BooleanField(default=True)

    class Meta:
        ordering = ["-stopped_at"]
        constraints = [
            models.UniqueConstraint(fields=["in_force"], condition=Q(in_force=True), name="one_stop_in_force"),
            models.CheckConstraint(
                condition=Q(in_force=True, lifted_by__isnull=True, lifted_at__isnull=True)
                | Q(in_force=False, lifted_by__isnull=False, lifted_at__isnull=False),
                name="stop_lifted_by_and_at",
            ),
            models.CheckConstraint(
                condition=Q(lifted_by__isnull=True) | ~Q(lifted_by=F("stopped_by")), name="stop_lifted_by_another"
            ),
        ]


class CapRelease(models.Model):
    """One person's yes to sending an institution more warnings in a day than the cap. Two make it so."""

    participant = models.ForeignKey("participants.Participant", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField()
    reason = models.CharField(max_length=400)

    class Meta:
        ordering = ["released_at"]
        constraints = [
            models.UniqueConstraint(fields=["participant", "day", "released_by"], name="cap_one_yes_per_person")
        ]


class OutboxCounter(models.Model):
    """One row, locked by whoever lets warnings into the outbox: so that a reader's cursor never runs past a warning
    that is still being written, and a daily cap is never passed by two writers at once."""

    last_cursor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_outbox_counter")]
