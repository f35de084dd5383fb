"""The register of incidents: what was noticed, who took it on, when participants were told, how it was settled."""

from django.db import models
from django.db.models import F, Q

from portal.common.fields import both_or_neither, by_someone, two_people
from portal.incidents.names import GRADE_NAMES, KIND_NAMES


class IncidentRows(models.QuerySet):
    def open(self) -> "IncidentRows":
        return self.filter(closed_at=None)

    def naming(self, release_id: str) -> "IncidentRows":
        return self.filter(release__release_id=release_id)


class Incident(models.Model):
    """One incident or complaint. `content`: SHA-256 of the report, so that the same report again is known. `told_text`
    is all that institutions read of what others reported; `upheld` is of a complaint that was decided."""

    kind = models.CharField(max_length=10)
    grade = models.PositiveSmallIntegerField()
    release = models.ForeignKey("signoffs.Release", null=True, on_delete=models.PROTECT, related_name="incidents")
    summary = models.CharField(max_length=400)
    content = models.CharField(max_length=64)
    detected_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    reported_by = by_someone()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = by_someone(null=True)
    told_at = models.DateTimeField(null=True)
    told_by = by_someone(null=True)
    told_text = models.CharField(max_length=400, blank=True, default="")
    closed_at = models.DateTimeField(null=True)
    closed_by = by_someone(null=True)
    settled = models.CharField(max_length=400, blank=True, default="")
    upheld = models.BooleanField(null=True)

    objects = IncidentRows.as_manager()

    class Meta:
        ordering = ["-detected_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["reported_by", "content"], name="one_incident_per_report"),
            models.CheckConstraint(condition=Q(kind__in=list(KIND_NAMES)), name="incident_kind_known"),
            models.CheckConstraint(condition=Q(grade__in=list(GRADE_NAMES)), name="incident_grade_known"),
            models.CheckConstraint(condition=Q(detected_at__lte=F("reported_at")), name="incident_noticed_first"),
            models.CheckConstraint(
                condition=both_or_neither("acknowledged_at", "acknowledged_by"), name="incident_acknowledged_by_someone"
            ),
            models.CheckConstraint(condition=both_or_neither("told_at", "told_by"), name="incident_told_by_someone"),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True, told_text="") | (Q(told_at__isnull=False) & ~Q(told_text="")),
                name="incident_told_something",
            ),
            models.CheckConstraint(
                condition=both_or_neither("closed_at", "closed_by"), name="incident_closed_by_someone"
            ),
            models.CheckConstraint(condition=two_people("reported_by", "closed_by"), name="incident_two_people"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, settled="")
                | (Q(closed_at__isnull=False, acknowledged_at__isnull=False) & ~Q(settled="")),
                name="incident_closed_when_settled",
            ),
            models.CheckConstraint(
                condition=~Q(kind="privacy") | Q(closed_at__isnull=True) | Q(told_at__isnull=False),
                name="privacy_incident_closed_when_told",
            ),
            models.CheckConstraint(
                condition=Q(kind="complaint", closed_at__isnull=False, upheld__isnull=False)
                | Q(closed_at__isnull=True, upheld__isnull=True)
                | (~Q(kind="complaint") & Q(upheld__isnull=True)),
                name="complaint_decided_when_closed",
            ),
        ]

    def __str__(self) -> str:
        return self.incident_id

    @property
    def incident_id(self) -> str:
        return f"{PREFIX}{self.pk:04d}"

    @property
    def state(self) -> str:
        """reported, acknowledged or closed."""
        if self.closed_at:
            return "closed"
        return "acknowledged" if self.acknowledged_at else "reported"


PREFIX = "INC-"
