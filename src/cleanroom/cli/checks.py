"""Commands that check: the governance gate, and this installation against the published known answers."""

import argparse

from cleanroom.cli.common import command, out
from cleanroom.settings import RoomSettings


def add_checks(commands) -> None:
    governance = commands.add_parser("governance", help="programmable governance").add_subparsers(
        required=True, metavar="ACTION"
    )
    command(governance, "gate", _gate, "ask the gate: exit code 0 open, 26 closed, with every reason")
    command(commands, "conformance", _conformance, "check this installation against the published known answers")


def _gate(_: argparse.Namespace) -> None:
    from cleanroom.pipeline import line

    certificate = line.check_gate(RoomSettings.from_environment())
    out.print(f"open: certificate {certificate.digest}, until {certificate.expires_at.isoformat()}", highlight=False)


def _conformance(_: argparse.Namespace) -> None:
    from cleanroom.crypto import known_answers

    out.print(f"all {known_answers.check()} known answers agree")
