"""How the command says no: a line for each refusal or fault, then what to do about the first; or all of it as JSON."""

import argparse
import json

from cleanroom.cli.advice import advice, heading
from cleanroom.cli.common import err
from cleanroom.cli.words import language, told
from cleanroom.errors import CleanroomError, Refusal
from cleanroom.settings import CHINESE


def say_no(error: CleanroomError, options: argparse.Namespace) -> int:
    """Every refusal of the run, in the order of the files; then what to do about the first. The code is the first's."""
    errors = [error, *getattr(error, "others", ())]
    do = getattr(options, "advice", advice)  # a command may have advice of its own
    if getattr(options, "as_json", False):
        said = [_as_json(e, do(e)) for e in errors]
        print(json.dumps({"exit_code": error.exit_code, "errors": said}, ensure_ascii=False))
        return error.exit_code
    for e in errors:
        err.print(_line(e), markup=False, highlight=False, soft_wrap=True)
    if do(error):
        err.print(told("What to do: ", "處理方式：") + do(error), markup=False, highlight=False, soft_wrap=True)
    return error.exit_code


def _line(e: CleanroomError) -> str:
    if language() == CHINESE:
        kind = "拒絕" if isinstance(e, Refusal) else "失敗"
        return f"{kind}（{e.reason}，{heading(e)}）：{_sentence(e)}"
    return f"{'refused' if isinstance(e, Refusal) else 'failed'} ({e.reason}): {_sentence(e)}"


def _sentence(e: CleanroomError) -> str:
    return e.in_chinese if language() == CHINESE else str(e)


def _as_json(e: CleanroomError, do: str) -> dict:
    kind = "refusal" if isinstance(e, Refusal) else "fault"
    place = {"file": e.where.file, "row": e.where.row, "column": e.where.column}
    said = {"heading": heading(e), "sentence": _sentence(e)}
    return {"kind": kind, "reason": e.reason, "rule": e.rule, **said, **place, "do": do}
