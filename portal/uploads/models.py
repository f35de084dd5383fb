"""Submissions as the room decided on them, with every decision kept and every rule's result. Never a value of a row."""

from django.db import models
from django.db.models import Q

from cleanroom.vocabulary.terms import Dataset, UploadState
from portal.uploads.order_models import SubmissionOrder
from portal.uploads.states import LANDED, REJECTED

__all__ = ["Decision", "RuleOutcome", "Submission", "SubmissionOrder"]


def _choices(kind) -> list[tuple[str, str]]:
    return [(str(member), str(member)) for member in kind]


class Submission(models.Model):
    """The latest decision on one submission. `report` is the UploadReport as it came."""

    submission_id = models.CharField(max_length=64, unique=True)
    participant = models.ForeignKey("participants.Participant", on_delete=models.PROTECT, related_name="submissions")
    dataset = models.CharField(max_length=24, choices=_choices(Dataset))
    sequence = models.PositiveIntegerField()  # 0 where the manifest could not be read
    specification_version = models.PositiveIntegerField()
    period_first = models.DateField(null=True)
    period_last = models.DateField(null=True)
    state = models.CharField(max_length=12, choices=_choices(UploadState))
    reason = models.CharField(max_length=40, blank=True, default="")
    sentence = models.TextField(blank=True, default="")
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    decided_at = models.DateTimeField(db_index=True)
    report = models.JSONField()

    class Meta:
        ordering = ["-decided_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(dataset__in=[str(d) for d in Dataset]), name="submission_dataset_known"),
            models.CheckConstraint(condition=Q(state__in=[str(s) for s in UploadState]), name="submission_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=LANDED) | Q(sequence__gte=1), name="submission_landed_is_numbered"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=REJECTED) | ~Q(reason=""), name="submission_rejected_has_a_reason"
            ),
            models.UniqueConstraint(
                fields=["participant", "dataset", "sequence"],
                condition=Q(state__in=LANDED),
                name="one_landed_per_sequence",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} {self.sequence}"


class Decision(models.Model):
    """One decision on a submission; the history of `held`, then `accepted`. Written once."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="decisions")
    state = models.CharField(max_length=12, choices=_choices(UploadState))
    reason = models.CharField(max_length=40, blank=True, default="")
    decided_at = models.DateTimeField()
    reported_at = models.DateTimeField()

    class Meta:
        ordering = ["reported_at", "pk"]


class RuleOutcome(models.Model):
    """One rule of the gate over the whole file: how many rows failed, and where (row numbers, capped)."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="rule_outcomes")
    rule = models.CharField(max_length=120)
    column = models.CharField(max_length=60, blank=True, default="")
    severity = models.CharField(max_length=4, choices=[("fail", "fail"), ("warn", "warn")])
    passed = models.BooleanField()
    failed_rows = models.BigIntegerField()
    row_numbers = models.JSONField()

    class Meta:
        ordering = ["passed", "severity", "-failed_rows", "rule", "column"]
        constraints = [
            models.CheckConstraint(condition=Q(severity__in=["fail", "warn"]), name="rule_severity_known"),
            models.CheckConstraint(condition=Q(failed_rows__gte=0), name="rule_failed_rows_not_negative"),
        ]
