"""`manage.py make_webhook_key`: the portal's transport key, made once."""

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.alerts import webhook_key


class Command(BaseCommand):
    help = "Make the key that signs webhook deliveries, where there is none; print its public part."

    def handle(self, *args, **options) -> None:
        key = webhook_key.make(settings.HOME / "keys")
        self.stdout.write(f"{key.kid} {key.public_key}")
