"""Reads of the plan."""

from django.db.models import QuerySet

from portal.programme.models import Milestone, Phase


def phases() -> QuerySet[Phase]:
    return Phase.objects.prefetch_related("milestones")


def milestones() -> QuerySet[Milestone]:
    return Milestone.objects.select_related("phase", "done_by")


def late(today) -> QuerySet[Milestone]:
    return milestones().filter(done_at=None, due_on__lt=today)


def open_ones() -> QuerySet[Milestone]:
    return milestones().filter(done_at=None)


def progress() -> tuple[int, int]:
    """How many milestones are reached, and how many there are."""
    every = Milestone.objects.all()
    return every.exclude(done_at=None).count(), every.count()
