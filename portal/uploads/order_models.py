"""Orders on submissions: given by one person, approved by a second one, carried out by the room."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from portal.common.fields import both_or_neither, by_someone, two_people
from portal.uploads.orders import RULES, STATE_NAMES, End, Kind, Rule


def _number() -> str:
    return uuid.uuid4().hex


def _choices(kind) -> list[tuple[str, str]]:
    return [(member.value, member.value) for member in kind]


class OrderRows(models.QuerySet):
    def live(self) -> "OrderRows":
        """Open or approved, and not ended."""
        return self.filter(ended_at=None)

    def open(self) -> "OrderRows":
        return self.live().filter(approved_at=None)

    def approved(self) -> "OrderRows":
        """What the room has to carry out."""
        return self.live().filter(approved_at__isnull=False)

    def known_to_room(self) -> "OrderRows":
        """Approved, and at most taken back since: the room may have read it before."""
        return self.filter(approved_at__isnull=False, end__in=["", End.TAKEN_BACK.value])


class SubmissionOrder(models.Model):
    """`participant` is the submission's, and `approver_from` the institution of who approved (null: the programme's
    own staff); they stand here so that the database can tell them apart."""

    order_id = models.CharField(max_length=32, unique=True, default=_number)
    kind = models.CharField(max_length=10, choices=_choices(Kind))
    submission = models.ForeignKey("uploads.Submission", on_delete=models.PROTECT, related_name="orders")
    participant = models.ForeignKey("participants.Participant", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    ordered_at = models.DateTimeField(default=timezone.now)
    ordered_by = by_someone()
    approved_at = models.DateTimeField(null=True)
    approved_by = by_someone(null=True)
    approver_from = models.ForeignKey("participants.Participant", null=True, on_delete=models.PROTECT, related_name="+")
    end = models.CharField(max_length=12, choices=_choices(End), blank=True, default="")
    end_reason = models.CharField(max_length=300, blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = by_someone(null=True)

    objects = OrderRows.as_manager()

    class Meta:
        ordering = ["-ordered_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=[kind.value for kind in Kind]), name="order_kind_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="order_has_a_reason"),
            models.CheckConstraint(
                condition=both_or_neither("approved_at", "approved_by"), name="order_approved_by_someone"
            ),
            models.CheckConstraint(condition=two_people("ordered_by", "approved_by"), name="order_two_people"),
            models.CheckConstraint(
                condition=~Q(kind=Kind.RELEASE.value)
                | Q(approver_from__isnull=True)
                | ~Q(approver_from=F("participant")),
                name="release_approved_from_elsewhere",
            ),
            models.CheckConstraint(condition=both_or_neither("ended_at", "ended_by"), name="order_ended_by_someone"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="")
                | Q(ended_at__isnull=False, end__in=[end.value for end in End]),
                name="order_end_known",
            ),
            models.CheckConstraint(
                condition=~Q(end=End.CARRIED_OUT.value) | Q(approved_at__isnull=False),
                name="order_carried_out_once_approved",
            ),
            models.CheckConstraint(
                condition=~Q(end=End.DECLINED.value) | Q(approved_at__isnull=True),
                name="order_declined_before_approval",
            ),
            models.UniqueConstraint(
                fields=["submission"], condition=Q(ended_at__isnull=True), name="one_live_order_per_submission"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.submission}"

    @property
    def rule(self) -> Rule:
        return RULES[Kind(self.kind)]

    @property
    def state(self) -> str:
        """open, approved, or how it ended."""
        return self.end or ("approved" if self.approved_at else "open")

    @property
    def state_badge(self) -> tuple[str, str]:
        """Name and tone."""
        return STATE_NAMES[self.state]
