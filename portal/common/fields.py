"""Fields and conditions that many models share: who acted, and pairs of who and when."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


def by_someone(related: str = "+", **options) -> models.ForeignKey:
    """A person or service that acted. What is audited keeps its actor."""
    return models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name=related, **options)


def both_or_neither(first: str, second: str) -> Q:
    return Q(**{f"{first}__isnull": True, f"{second}__isnull": True}) | Q(
        **{f"{first}__isnull": False, f"{second}__isnull": False}
    )


def two_people(first: str, second: str) -> Q:
    """Whoever did `second` is not who did `first`."""
    return Q(**{f"{second}__isnull": True}) | ~Q(**{second: F(first)})
