"""Institutions and what they agreed on: MoU, specification, keys, endpoints."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cleanroom.vocabulary.terms import Sector
from portal.common.fields import both_or_neither, by_someone, two_people
from portal.participants.key_models import ParticipantKey, RoomKey

__all__ = [
    "Endpoint",
    "Mou",
    "MouSignature",
    "Participant",
    "ParticipantKey",
    "Ratification",
    "RoomKey",
    "SpecificationVersion",
]

SECTOR_NAMES = {
    Sector.BANK.value: _("Bank"),
    Sector.POST_OFFICE.value: _("Post office"),
    Sector.TELECOM.value: _("Telecom"),
    Sector.PLATFORM.value: _("Platform"),
    Sector.E_PAYMENT.value: _("E-payment"),
}


class Participant(models.Model):
    class State(models.TextChoices):
        INVITED = "invited", _("Invited")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        LEFT = "left", _("Left")

    code = models.CharField(max_length=3, unique=True, validators=[RegexValidator(r"^[0-9]{3}$")])
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120)
    sector = models.CharField(max_length=20, choices=list(SECTOR_NAMES.items()))
    state = models.CharField(max_length=12, choices=State, default=State.INVITED)
    invited_at = models.DateTimeField(default=timezone.now)
    invited_by = by_someone()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9]{3}$"), name="participants_code_three_digits"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Mou(models.Model):
    """One version of the memorandum. `digest`: SHA-256 of the text's UTF-8 bytes; a signature binds to it."""

    version = models.CharField(max_length=20, unique=True)
    text = models.TextField()
    digest = models.CharField(max_length=64)
    purposes = models.JSONField(default=list)
    valid_from = models.DateField()
    expires_on = models.DateField()
    published_at = models.DateTimeField(default=timezone.now)
    published_by = by_someone()

    class Meta:
        ordering = ["-published_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_on__gt=F("valid_from")), name="participants_mou_ends_later"),
        ]

    def __str__(self) -> str:
        return self.version


class MouSignature(models.Model):
    mou = models.ForeignKey(Mou, on_delete=models.PROTECT, related_name="signatures")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="mou_signatures")
    digest = models.CharField(max_length=64)
    signed_at = models.DateTimeField(default=timezone.now)
    signed_by = by_someone()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mou", "participant"], name="participants_mou_signed_once")]


class SpecificationVersion(models.Model):
    """`in_force_from` is set when every active participant's data steward has ratified, and stays."""

    version = models.PositiveIntegerField(unique=True)
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField(default=timezone.now)
    published_by = by_someone()
    in_force_from = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-version"]


class Ratification(models.Model):
    specification = models.ForeignKey(SpecificationVersion, on_delete=models.PROTECT, related_name="ratifications")
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="ratifications")
    digest = models.CharField(max_length=64)
    ratified_at = models.DateTimeField(default=timezone.now)
    ratified_by = by_someone()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["specification", "participant"], name="participants_ratified_once")
        ]


class Endpoint(models.Model):
    """Where an institution receives warnings: proposed by one person, approved by a second one."""

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="endpoints")
    url = models.URLField(max_length=300)
    proposed_at = models.DateTimeField(default=timezone.now)
    proposed_by = by_someone()
    approved_at = models.DateTimeField(null=True)
    approved_by = by_someone(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-proposed_at"]
        constraints = [
            models.CheckConstraint(
                condition=both_or_neither("approved_at", "approved_by"),
                name="participants_endpoint_approved_by_someone",
            ),
            models.CheckConstraint(
                condition=two_people("proposed_by", "approved_by"), name="participants_endpoint_two_people"
            ),
            models.UniqueConstraint(
                fields=["participant"],
                condition=Q(approved_at__isnull=False, disabled_at__isnull=True),
                name="participants_one_live_endpoint",
            ),
            models.UniqueConstraint(
                fields=["participant"],
                condition=Q(approved_at__isnull=True, disabled_at__isnull=True),
                name="participants_one_proposed_endpoint",
            ),
        ]
