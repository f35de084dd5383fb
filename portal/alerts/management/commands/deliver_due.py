"""`manage.py deliver_due`: what a wake of the queue does, by hand or from cron."""

from django.core.management.base import BaseCommand

from portal.alerts import outbox
from portal.alerts.actions.escalate import escalate_unanswered
from portal.alerts.sender import deliver_due


class Command(BaseCommand):
    help = "Send the warnings that are due, then move the clocks of what nobody answered."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--lease-seconds", type=float, default=outbox.LEASE_SECONDS)

    def handle(self, *args, **options) -> None:
        done = deliver_due(lease_seconds=options["lease_seconds"])
        escalated = escalate_unanswered()
        counts = ", ".join(f"{state} {count}" for state, count in sorted(done.items())) or "nothing was due"
        self.stdout.write(f"{counts}; escalated {escalated}")
