"""What an app brings to the whole: its menu entries and what waits for a person."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from portal.accounts.models import User
    from portal.common.facts import Fact
    from portal.common.menu import MenuEntry
    from portal.common.waiting import Waiting


class PortalApp(AppConfig):
    """Base of the portal's app configurations. Subclasses override what they have; imports go inside the methods."""

    default = False  # each apps.py imports this class, and Django must choose the one that is defined there

    def __init_subclass__(cls, **options) -> None:
        super().__init_subclass__(**options)
        cls.default = True

    def menu(self) -> "Iterable[MenuEntry]":
        return ()

    def waiting_for(self, person: "User") -> "Iterable[Waiting]":
        """Tasks that wait for this person, most urgent first."""
        return ()

    def facts_for(self, person: "User") -> "Iterable[Fact]":
        """Few numbers for the start page, of what this person may read."""
        return ()


class CommonConfig(PortalApp):
    name = "portal.common"
