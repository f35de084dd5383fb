"""The `cleanroom` command: parse, call one pipeline function, turn a refusal or fault into a sentence and exit code."""

import argparse
import os
import select
import signal
import sys

from cleanroom.cli.audit import add_audit
from cleanroom.cli.blocked import add_blocked
from cleanroom.cli.checks import add_checks
from cleanroom.cli.common import err
from cleanroom.cli.evaluating import add_evaluate
from cleanroom.cli.governance import add_governance
from cleanroom.cli.keys import add_keys
from cleanroom.cli.lookout import add_lookout
from cleanroom.cli.parser import Parser
from cleanroom.cli.participant import add_participant
from cleanroom.cli.paths import check_paths, not_text, of_the_system
from cleanroom.cli.rehearsals import add_rehearsals
from cleanroom.cli.replay import add_replay
from cleanroom.cli.room import add_room
from cleanroom.cli.telling import say_no
from cleanroom.cli.words import check_language, word
from cleanroom.errors import CleanroomError

_OUTPUT, _ERRORS = 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Its exit code; 141 where nobody reads what it says any more, wherever in the run that shows."""
    try:
        try:
            return _run(arguments)
        finally:  # also behind --help: what Python itself writes out at its end, it reports with a code of its own
            if sys.stdout is not None:  # None: started with standard output closed
                sys.stdout.flush()
    except BrokenPipeError:
        return _end_unread()


def _run(arguments: list[str] | None) -> int:
    options = argparse.Namespace()
    try:
        check_language()
        options = parser().parse_args(arguments)
        check_paths(options)
        return options.call(options) or 0  # a command may end with a code of its own
    except CleanroomError as e:
        return say_no(e, options)
    except OSError as e:
        if isinstance(e, BrokenPipeError) and not (_is_read(_OUTPUT) and _is_read(_ERRORS)):
            raise
        return say_no(of_the_system(e), options)
    except UnicodeDecodeError as e:
        return say_no(not_text(e), options)
    except KeyboardInterrupt:
        err.print(word("again"), markup=False)
        return 130


def _is_read(stream: int) -> bool:
    """Whether the other end of it is there: who reads may have seen enough (`| head`)."""
    output = select.poll()
    output.register(stream, 0)
    return not any(event & select.POLLERR for _, event in output.poll(0))


def _end_unread() -> int:
    """What is still buffered goes nowhere when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (_OUTPUT, _ERRORS):
        if not _is_read(stream):
            os.dup2(nowhere, stream)
    return 128 + signal.SIGPIPE


def parser() -> Parser:
    """Every command, its help in the reader's language."""
    made = Parser(prog="cleanroom", description="Financial Clean Room 金融無塵室")
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    add_rehearsals(commands)
    add_evaluate(commands)
    add_blocked(commands)
    add_replay(commands)
    add_participant(commands)
    add_room(commands)
    add_keys(commands)
    add_checks(commands)
    add_governance(commands)
    add_audit(commands)
    add_lookout(commands)
    return made
