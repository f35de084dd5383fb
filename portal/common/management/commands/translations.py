"""Collect strings from code and templates into each app's catalogue, and compile it."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from portal.common.catalogs import update
from portal.common.menu import portal_apps


class Command(BaseCommand):
    help = "Update locale/zh_Hant of each app, or of the apps named; fails while a string has no Chinese."

    def add_arguments(self, parser) -> None:
        parser.add_argument("apps", nargs="*", help="labels, e.g. uploads; default: all")

    def handle(self, *, apps: list[str], **_options) -> None:
        open_ones = {app.label: update(Path(app.path)) for app in portal_apps() if not apps or app.label in apps}
        for label, strings in open_ones.items():
            for string in strings:
                self.stdout.write(f"{label}: {string!r}")
        if any(open_ones.values()):
            raise CommandError("these strings have no Chinese yet: fill in msgstr and run this again")
