"""What the locked room publishes: how long its stations took and what came out. Counts, sums and times only."""

from django.db import models
from django.db.models import Q

RESULT_KINDS = ("blocked", "detection", "layers", "legs", "dispatch", "shadow")


class StationRecord(models.Model):
    """One step of one run of the line."""

    run_id = models.CharField(max_length=80)
    station = models.CharField(max_length=40)
    step = models.CharField(max_length=120)
    started_at = models.DateTimeField(db_index=True)
    seconds = models.FloatField()
    rows = models.BigIntegerField()
    detail = models.JSONField()
    reported_at = models.DateTimeField()

    class Meta:
        ordering = ["started_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["run_id", "station", "step", "started_at"], name="one_record_per_step"),
            models.CheckConstraint(condition=Q(seconds__gte=0, rows__gte=0), name="step_figures_not_negative"),
        ]


class Result(models.Model):
    """One published table of one run. Published again, the later computation stands."""

    run_id = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, choices=[(kind, kind) for kind in RESULT_KINDS])
    computed_at = models.DateTimeField(db_index=True)
    body = models.JSONField()
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["-computed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["run_id", "kind"], name="one_result_per_run_and_kind"),
            models.CheckConstraint(condition=Q(kind__in=RESULT_KINDS), name="result_kind_known"),
        ]
