"""Releases of models: the draft as it was evaluated, who signed it, what was waived, and how it moved.

`cleanroom.governance` decides; these tables keep. Four eyes are constraints here, so that no page and no API call can
pass them.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from cleanroom.vocabulary.terms import ReleaseState, SignOffRole, Tier

USER = settings.AUTH_USER_MODEL


def _choices(kind) -> list[tuple[str, str]]:
    return [(str(member), str(member)) for member in kind]


def _person(**options) -> models.ForeignKey:
    return models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+", **options)


class Release(models.Model):
    """One release. `draft` is the ReleaseDraft as it came; `subject_digest` is what sign-offs bind to."""

    release_id = models.CharField(max_length=80, unique=True)
    model = models.CharField(max_length=120)
    use_case = models.CharField(max_length=120, db_index=True)
    policy_version = models.CharField(max_length=60)
    tier = models.CharField(max_length=2, choices=_choices(Tier))
    score = models.FloatField()
    state = models.CharField(max_length=10, choices=_choices(ReleaseState))
    developer = _person()
    draft = models.JSONField()
    subject_digest = models.CharField(max_length=64)
    evaluated_at = models.DateTimeField()
    drafted_by = _person()
    drafted_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)  # the first time; a lifted suspension does not make evidence younger
    released_by = _person(null=True)
    certificate = models.JSONField(null=True)
    certificate_digest = models.CharField(max_length=64, blank=True, default="")
    suspended_reason = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        ordering = ["-drafted_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=[str(s) for s in ReleaseState]), name="release_state_known"),
            models.CheckConstraint(condition=Q(tier__in=[str(t) for t in Tier]), name="release_tier_known"),
            models.UniqueConstraint(
                fields=["use_case"], condition=Q(state=ReleaseState.RELEASED), name="one_released_per_use_case"
            ),
            models.CheckConstraint(
                condition=~Q(state=ReleaseState.RELEASED)
                | (Q(released_at__isnull=False, released_by__isnull=False) & ~Q(certificate_digest="")),
                name="released_with_a_certificate",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReleaseState.SUSPENDED) | ~Q(suspended_reason=""), name="suspended_with_a_reason"
            ),
            models.CheckConstraint(condition=~Q(state=ReleaseState.RELEASED, tier=Tier.R0), name="r0_never_released"),
            models.CheckConstraint(
                condition=Q(released_by__isnull=True) | ~Q(released_by=F("developer")), name="released_by_another"
            ),
        ]

    def __str__(self) -> str:
        return self.release_id


class SignOffRecord(models.Model):
    """One person's signature over one content of a release. Written once; a changed content voids it."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="sign_offs")
    person = _person()
    developer = _person()  # the release's, kept here so that the database can tell the two apart
    institution = models.ForeignKey("participants.Participant", on_delete=models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=24, choices=_choices(SignOffRole))
    decision = models.CharField(max_length=8, choices=[("approve", "approve"), ("reject", "reject")])
    subject_digest = models.CharField(max_length=64)
    comment = models.TextField(blank=True, default="")
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["signed_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "person", "subject_digest"], name="one_signature_per_person_and_content"
            ),
            models.CheckConstraint(condition=~Q(person=F("developer")), name="developer_does_not_sign"),
            models.CheckConstraint(condition=Q(decision__in=["approve", "reject"]), name="decision_known"),
            models.CheckConstraint(condition=Q(role__in=[str(r) for r in SignOffRole]), name="capacity_known"),
        ]


class WaiverRecord(models.Model):
    """A control that is let pass for a while. Asked for by one person, approved by another."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="waivers")
    subject_digest = models.CharField(max_length=64)
    control_id = models.CharField(max_length=12)
    reason = models.TextField()
    compensating_control = models.TextField()
    owner = models.CharField(max_length=120)
    ends_on = models.DateField()
    requested_by = _person()
    requested_at = models.DateTimeField()
    developer = _person()
    approved_by = _person(null=True)
    approved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["control_id", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "subject_digest", "control_id"], name="one_waiver_per_control_and_content"
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="waiver_approved_by_and_at",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (~Q(approved_by=F("requested_by")) & ~Q(approved_by=F("developer"))),
                name="waiver_approved_by_another",
            ),
        ]


class EvidencePack(models.Model):
    """A pack that the room signed and the stand-alone verifier accepted. Written once."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="packs")
    pack = models.CharField(max_length=64, unique=True)  # SHA-256 of the file
    content = models.CharField(max_length=64)  # of what was judged in it
    judged_at = models.DateTimeField()
    allowed = models.BooleanField()
    file = models.BinaryField()
    kept_at = models.DateTimeField()
    kept_by = _person()

    class Meta:
        ordering = ["judged_at", "pk"]


class ReleaseHold(models.Model):
    """An institution does not want this release's output for its own traffic; the others are not touched."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="holds")
    participant = models.ForeignKey("participants.Participant", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=400)
    held_by = _person()
    held_at = models.DateTimeField()
    in_force = models.BooleanField(default=True)
    lifted_by = _person(null=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-held_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "participant"], condition=Q(in_force=True), name="one_hold_in_force"
            ),
            models.CheckConstraint(
                condition=Q(in_force=True, lifted_by__isnull=True, lifted_at__isnull=True)
                | Q(in_force=False, lifted_by__isnull=False, lifted_at__isnull=False),
                name="hold_lifted_by_and_at",
            ),
        ]


class ReleaseMove(models.Model):
    """One step of a release's life. Written once."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="moves")
    from_state = models.CharField(max_length=10, blank=True, default="")
    to_state = models.CharField(max_length=10)
    by = _person()
    at = models.DateTimeField()
    reason = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        ordering = ["at", "pk"]
