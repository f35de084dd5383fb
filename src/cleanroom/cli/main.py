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

_OUTPUT = 1


def main(arguments: list[str] | None = None) -> int:
    options = argparse.Namespace()
    try:
        check_language()
        options = parser().parse_args(arguments)
        check_paths(options)
        code = options.call(options) or 0  # a command may end with a code of its own
        sys.stdout.flush()
        return code
    except CleanroomError as e:
        return say_no(e, options)
    except OSError as e:
        if isinstance(e, BrokenPipeError) and not _is_read():
            return _end_unread()
        return say_no(of_the_system(e), options)
    except UnicodeDecodeError as e:
        return say_no(not_text(e), options)
    except KeyboardInterrupt:
        err.print(word("again"), markup=False)
        return 130


def _is_read() -> bool:
    """Whether the other end of standard output is there: who reads may have seen enough (`| head`)."""
    output = select.poll()
    output.register(_OUTPUT, 0)
    return not any(event & select.POLLERR for _, event in output.poll(0))


def _end_unread() -> int:
    """What is still buffered goes nowhere when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), _OUTPUT)
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
