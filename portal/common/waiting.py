"""What is waiting for me: the tasks that the apps find for a person."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.functional import Promise

from portal.common.menu import portal_apps

if TYPE_CHECKING:
    from portal.accounts.models import User


@dataclass(frozen=True)
class Waiting:
    """One task. `title` says what to do, `url` leads to where it is done, `since` is when it began to wait."""

    title: str | Promise
    url: str
    since: datetime
    urgent: bool = False
    detail: str | Promise = ""


def waiting_for(person: "User") -> list[Waiting]:
    """Urgent first, then what waits longest."""
    found = [task for app in portal_apps() for task in app.waiting_for(person)]
    return sorted(found, key=lambda task: (not task.urgent, task.since))
