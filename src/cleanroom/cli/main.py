"""The `cleanroom` command: parse, call one pipeline function, turn a refusal or fault into a sentence and exit code."""

import argparse

from cleanroom.cli.audit import add_audit
from cleanroom.cli.checks import add_checks
from cleanroom.cli.common import err
from cleanroom.cli.keys import add_keys
from cleanroom.cli.participant import add_participant
from cleanroom.cli.rehearsals import add_rehearsals
from cleanroom.cli.room import add_room
from cleanroom.errors import CleanroomError, Refusal, StoreFault, Where


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        options.call(options)
    except CleanroomError as e:
        word = "refused" if isinstance(e, Refusal) else "failed"
        err.print(f"{word} ({e.reason}): {e}", markup=False, highlight=False)
        return e.exit_code
    except OSError as e:
        fault = StoreFault(e.strerror or type(e).__name__, where=Where(file=e.filename and str(e.filename)))
        err.print(f"failed ({fault.reason}): {fault}", markup=False, highlight=False)
        return fault.exit_code
    except KeyboardInterrupt:
        err.print("ended; the same command goes on from here")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cleanroom", description="Financial Clean Room 金融無塵室")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_rehearsals(commands)
    add_participant(commands)
    add_room(commands)
    add_keys(commands)
    add_checks(commands)
    add_audit(commands)
    return parser
