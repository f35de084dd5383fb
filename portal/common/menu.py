"""The menu: each app's entries, in order, of which a person sees those that they may open."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.http import HttpRequest
from django.utils.functional import Promise

from portal.common.apps import PortalApp

if TYPE_CHECKING:
    from portal.accounts.models import User
    from portal.accounts.permissions import Permission


@dataclass(frozen=True)
class MenuEntry:
    """`order`: Home 0, Programme 10, Participants 20, Specification 30, Uploads 40, Models 50, Incidents 55,
    Warnings 60, Results 70, Audit 90. `url_name` is reversed without arguments."""

    order: int
    label: str | Promise
    url_name: str
    permission: "Permission | None" = None


def portal_apps() -> Iterator[PortalApp]:
    return (config for config in apps.get_app_configs() if isinstance(config, PortalApp))


def entries_for(person: "User") -> list[MenuEntry]:
    from portal.accounts.permissions import may_anywhere

    every = sorted((entry for app in portal_apps() for entry in app.menu()), key=lambda entry: entry.order)
    return [e for e in every if e.permission is None or may_anywhere(person, e.permission)]


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `menu`, and `person` in place of the framework's `user`."""
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return {"menu": [], "person": None}
    return {"menu": entries_for(person), "person": person}
