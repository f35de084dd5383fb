"""The `cleanroom` command: parse, call one pipeline function, turn a refusal or fault into a sentence and exit code."""

import argparse
import json

from cleanroom.cli.audit import add_audit
from cleanroom.cli.blocked import add_blocked
from cleanroom.cli.checks import add_checks
from cleanroom.cli.common import err
from cleanroom.cli.evaluating import add_evaluate
from cleanroom.cli.governance import add_governance
from cleanroom.cli.keys import add_keys
from cleanroom.cli.lookout import add_lookout
from cleanroom.cli.participant import add_participant
from cleanroom.cli.rehearsals import add_rehearsals
from cleanroom.cli.replay import add_replay
from cleanroom.cli.room import add_room
from cleanroom.cli.words import advice, word
from cleanroom.errors import CleanroomError, NotFound, Refusal, StoreFault, Where


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return options.call(options) or 0  # a command may end with a code of its own
    except CleanroomError as e:
        return _said(e, options)
    except OSError as e:
        return _said(_of_the_system(e), options)
    except KeyboardInterrupt:
        err.print(word("again"), markup=False)
        return 130


def _of_the_system(e: OSError) -> CleanroomError:
    """A path that is not there will not be there the next time either: that is a refusal, all else a fault."""
    where = Where(file=e.filename and str(e.filename))
    if isinstance(e, FileNotFoundError) and e.filename:
        return NotFound("there is no such file or folder", where=where)
    return StoreFault(e.strerror or type(e).__name__, where=where)


def _said(error: CleanroomError, options: argparse.Namespace) -> int:
    """Every refusal of the run, in the order of the files; then what to do about the first. The code is the first's."""
    errors = [error, *getattr(error, "others", ())]
    do = getattr(options, "advice", advice)  # a command may have advice of its own
    if getattr(options, "as_json", False):
        told = [_as_json(e, do(e)) for e in errors]
        print(json.dumps({"exit_code": error.exit_code, "errors": told}, ensure_ascii=False))
        return error.exit_code
    for e in errors:
        name = "refusal" if isinstance(e, Refusal) else "failed"
        err.print(f"{word(name)} ({e.reason}): {e}", markup=False, highlight=False, soft_wrap=True)
    if do(error):
        err.print(f"{word('do')}: {do(error)}", markup=False, highlight=False, soft_wrap=True)
    return error.exit_code


def _as_json(e: CleanroomError, do: str) -> dict:
    kind = "refusal" if isinstance(e, Refusal) else "fault"
    place = {"file": e.where.file, "row": e.where.row, "column": e.where.column}
    return {"kind": kind, "reason": e.reason, "rule": e.rule, "sentence": str(e), **place, "do": do}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cleanroom", description="Financial Clean Room 金融無塵室")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
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
    return parser
