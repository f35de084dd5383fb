"""Public keys: proposed by one person or service, approved by a second person, revoked by one at once."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.common.fields import both_or_neither, by_someone, two_people


class KeyRows(models.QuerySet):
    def proposed(self) -> "KeyRows":
        return self.filter(approved_at=None, revoked_at=None)

    def active(self) -> "KeyRows":
        return self.filter(approved_at__isnull=False, revoked_at=None)


class TwoPersonKey(models.Model):
    """`challenge`: what the portal sealed to a sealing key, base64; `answer_digest`: SHA-256 of the answer that only
    its holder can give (cleanroom.contracts.possession). `proved_at`: since when possession is proven."""

    proposed_at = models.DateTimeField(default=timezone.now)
    proposed_by = by_someone()
    challenge = models.TextField(blank=True, default="")
    answer_digest = models.CharField(max_length=64, blank=True, default="")
    proved_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = by_someone(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = by_someone(null=True)
    revoked_reason = models.CharField(max_length=300, blank=True, default="")

    objects = KeyRows.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=both_or_neither("approved_at", "approved_by"), name="%(class)s_approved_by_someone"
            ),
            models.CheckConstraint(condition=two_people("proposed_by", "approved_by"), name="%(class)s_two_people"),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True) | Q(proved_at__isnull=False), name="%(class)s_proven_first"
            ),
            models.CheckConstraint(
                condition=both_or_neither("revoked_at", "revoked_by"), name="%(class)s_revoked_by_someone"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | ~Q(revoked_reason=""), name="%(class)s_revoked_for_a_reason"
            ),
        ]

    @property
    def state(self) -> str:
        """proposed, active or revoked."""
        if self.revoked_at:
            return "revoked"
        return "active" if self.approved_at else "proposed"


class ParticipantKey(TwoPersonKey):
    """`signing`: Ed25519, base64url, whose holder signed a proof; `sealing`: age recipient, whose holder answered."""

    class Purpose(models.TextChoices):
        SIGNING = "signing", _("Signing")
        SEALING = "sealing", _("Sealing")

    participant = models.ForeignKey("participants.Participant", on_delete=models.PROTECT, related_name="keys")
    kid = models.CharField(max_length=80)
    purpose = models.CharField(max_length=10, choices=Purpose)
    public_key = models.CharField(max_length=200)

    class Meta(TwoPersonKey.Meta):
        ordering = ["proposed_at", "pk"]
        constraints = [
            *TwoPersonKey.Meta.constraints,
            models.UniqueConstraint(fields=["participant", "kid"], name="participants_one_key_per_kid"),
            # A key of one institution can never be registered for another.
            models.UniqueConstraint(fields=["public_key"], name="participants_public_key_once"),
        ]


class RoomKey(TwoPersonKey):
    """The clean room's public keys: what uploads are sealed to, and what verifies receipts and warnings."""

    recipient_kid = models.CharField(max_length=80)
    recipient = models.CharField(max_length=200)
    signing_kid = models.CharField(max_length=80)
    signing_key = models.CharField(max_length=200)
    replaced_at = models.DateTimeField(null=True)

    class Meta(TwoPersonKey.Meta):
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            *TwoPersonKey.Meta.constraints,
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(approved_at__isnull=False, revoked_at__isnull=True, replaced_at__isnull=True),
                name="participants_one_current_room_key",
            ),
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(approved_at__isnull=True, revoked_at__isnull=True),
                name="participants_one_proposed_room_key",
            ),
        ]

    @property
    def state(self) -> str:
        """proposed, active, replaced or revoked."""
        found = super().state
        return "replaced" if found == "active" and self.replaced_at else found
