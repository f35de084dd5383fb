"""Reads of people."""

from django.db.models import QuerySet

from portal.accounts.models import SecondFactor, User
from portal.accounts.names import ROLE_NAMES
from portal.accounts.permissions import Permission, may
from portal.participants.models import Participant


def people() -> QuerySet[User]:
    rows = User.objects.select_related("institution").prefetch_related("grants", "capacity_grants")
    return rows.order_by("username")


def person_by_name(username: str) -> User | None:
    return User.objects.filter(username=username).first()


def second_factor_of(person: User) -> SecondFactor | None:
    return SecondFactor.objects.filter(user=person).first()


def form_choices(person: User) -> dict:
    """What the forms of the page offer, for who may use them."""
    if not may(person, Permission.MANAGE_PEOPLE):
        return {"may_manage": False}
    names = User.objects.filter(is_active=True).order_by("username").values_list("username", flat=True)
    return {
        "may_manage": True, "roles": ROLE_NAMES, "usernames": names, "institutions": Participant.objects.all(),
    }  # fmt: skip
