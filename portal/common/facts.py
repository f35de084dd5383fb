"""Where things stand: the few numbers that each app shows on the start page, each with its date."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.utils.functional import Promise

from portal.common.menu import portal_apps

if TYPE_CHECKING:
    from portal.accounts.models import User


@dataclass(frozen=True)
class Fact:
    """`as_of`: the day or moment that the number speaks of."""

    label: str | Promise
    value: str | int
    as_of: date | datetime
    url: str


def facts_for(person: "User") -> Iterator[Fact]:
    return (fact for app in portal_apps() for fact in app.facts_for(person))
