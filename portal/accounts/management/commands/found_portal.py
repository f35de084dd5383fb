"""Make the first platform administrator of an empty portal."""

import getpass
import sys

from django.core.management.base import BaseCommand, CommandError

from cleanroom.errors import CleanroomError
from portal.accounts.actions.people import found_portal


class Command(BaseCommand):
    help = "Make the first platform administrator. The password is asked for, or read from standard input."

    def add_arguments(self, parser) -> None:
        parser.add_argument("username")
        parser.add_argument("full_name")

    def handle(self, *, username: str, full_name: str, **_options) -> None:
        password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            found_portal(username=username, full_name=full_name, password=password)
        except CleanroomError as e:
            raise CommandError(str(e), returncode=e.exit_code) from None
        self.stdout.write(f"{username} is the platform administrator")
