"""`cleanroom governance`: the gate and what decides it. The exit codes stand in docs/stations/governance.md."""

import argparse
import json

from cleanroom.cli.common import command, out
from cleanroom.cli.governance_words import word
from cleanroom.cli.packs import add_packs
from cleanroom.cli.policies import add_policies
from cleanroom.cli.transcripts import add_transcripts
from cleanroom.errors import GateClosed
from cleanroom.settings import RoomSettings


def add_governance(commands) -> None:
    """Further families of governance commands are added here, each from its own module."""
    governance = commands.add_parser("governance", help="programmable governance").add_subparsers(
        required=True, metavar="ACTION"
    )
    gate = command(
        governance,
        "gate",
        _gate,
        "ask the gate: exit code 0 open, 26 shut, 10 to 41 unusable (settings, policy, artefact), 70 to 77 unreachable",
    )
    gate.add_argument("--json", dest="as_json", action="store_true", help="the decision with its reasons, as JSON")
    add_policies(governance)
    add_packs(governance)
    add_transcripts(governance)


def _gate(options: argparse.Namespace) -> int:
    from cleanroom.pipeline import line

    decision = line.ask_gate(RoomSettings.from_environment())
    if options.as_json:
        print(json.dumps(decision.as_dict(), ensure_ascii=False))
        return 0 if decision.is_open else GateClosed.exit_code
    certificate = decision.require()
    said = word("open", certificate=certificate.digest, until=certificate.expires_at.isoformat())
    out.print(said, markup=False, highlight=False, soft_wrap=True)
    return 0
