"""The programme's plan: phases, and milestones that close on evidence."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class EvidenceKind(models.TextChoices):
    MOU_SIGNED = "mou_signed", _("MoU signed")
    SPECIFICATION_RATIFIED = "specification_ratified", _("Specification ratified")
    FIRST_UPLOAD_ACCEPTED = "first_upload_accepted", _("First accepted upload")
    MODEL_RELEASED = "model_released", _("Model released")
    FIRST_WARNING_ANSWERED = "first_warning_answered", _("First warning answered")
    BY_HAND = "by_hand", _("Noted by the coordinator")


class Standing(models.TextChoices):
    DONE = "done", _("Done")
    LATE = "late", _("Late")
    SOON = "soon", _("Due within 30 days")
    PLANNED = "planned", _("Planned")


TONES = {Standing.DONE: "good", Standing.LATE: "bad", Standing.SOON: "warn", Standing.PLANNED: "idle"}


class Phase(models.Model):
    key = models.SlugField(max_length=40, unique=True)
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120)
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="programme_phase_ends_later"),
        ]


class Milestone(models.Model):
    """Done when `done_at` is set, together with who brought the evidence and what it is."""

    phase = models.ForeignKey(Phase, on_delete=models.PROTECT, related_name="milestones")
    position = models.PositiveSmallIntegerField(default=1)  # within its phase, from 1
    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    name_zh = models.CharField(max_length=200)
    due_on = models.DateField()
    evidence_kind = models.CharField(max_length=40, choices=EvidenceKind)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    evidence = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["phase__position", "position"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by__isnull=True, evidence="")
                | (Q(done_at__isnull=False, done_by__isnull=False) & ~Q(evidence="")),
                name="programme_done_with_evidence",
            ),
        ]

    @property
    def number(self) -> str:
        """As it stands on the timeline, e.g. 2.1."""
        return f"{self.phase.position + 1}.{self.position}"

    @property
    def standing(self) -> Standing:
        if self.done_at is not None:
            return Standing.DONE
        days = (self.due_on - timezone.localdate()).days
        if days < 0:
            return Standing.LATE
        return Standing.SOON if days <= 30 else Standing.PLANNED

    @property
    def tone(self) -> str:
        return TONES[self.standing]
