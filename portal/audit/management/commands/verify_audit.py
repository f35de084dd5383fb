"""Verify the audit log; print its head, which a witness keeps."""

from django.core.management.base import BaseCommand, CommandError

from cleanroom.errors import ContentTampered
from portal.audit.chain import verify


class Command(BaseCommand):
    help = (
        "Walk the audit log's chain and name the first bad event. With --witness, also show that nothing was cut off."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--witness", metavar="NUMBER:DIGEST", help="an earlier line of this command")

    def handle(self, *, witness: str | None, **_options) -> None:
        verdict = verify(witness=_witness(witness) if witness else None)
        if not verdict.whole:
            sentence = f"event {verdict.bad} is bad: {verdict.why}"
            raise CommandError(sentence, returncode=ContentTampered.exit_code)
        self.stdout.write(f"whole: {verdict.events} events")
        self.stdout.write(f"{verdict.events}:{verdict.head}")


def _witness(text: str) -> tuple[int, str]:
    number, _, digest = text.partition(":")
    if not number.isdigit() or len(digest) != 64:
        raise CommandError("a witness looks like NUMBER:DIGEST, as this command prints it", returncode=2)
    return int(number), digest
