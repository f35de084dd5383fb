"""How the command says no: a line for each refusal or fault, then what to do about the first; or all of it as JSON."""

import argparse
import errno
import json
from collections.abc import Mapping

from cleanroom.cli.advice import advice, heading
from cleanroom.cli.common import err
from cleanroom.cli.words import language, told
from cleanroom.errors import CleanroomError, NotAllowed, NotFound, Refusal, RequestInvalid, StoreFault, Where
from cleanroom.settings import CHINESE

# A path that is wrong now is wrong the next time as well: a refusal. What is not among these may pass: a fault.
_PATH: Mapping[int, tuple[type[CleanroomError], str, str]] = {
    errno.ENOENT: (NotFound, "there is no such file or folder", "查無此檔案或資料夾"),
    errno.EISDIR: (NotFound, "this is a folder, and a file is asked for", "此為資料夾，此處須為檔案"),
    errno.ENOTDIR: (NotFound, "a file stands where a folder is asked for", "此處須為資料夾，所給路徑卻為檔案"),
    errno.ENAMETOOLONG: (NotFound, "no file or folder can have so long a name", "名稱過長，不可能為檔案或資料夾"),
    errno.ELOOP: (NotFound, "this link leads back to itself", "此連結指向自身"),
    errno.EEXIST: (NotAllowed, "something of this name is there already, and nothing is written over it",
                   "已有同名項目，不予覆寫"),
    errno.EACCES: (NotAllowed, "this user may not read or write here", "目前使用者無權讀寫此處"),
    errno.EPERM: (NotAllowed, "this user may not read or write here", "目前使用者無權讀寫此處"),
    errno.EROFS: (NotAllowed, "this disk takes no writing", "此磁碟為唯讀"),
}  # fmt: skip


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


def of_the_system(e: OSError) -> CleanroomError:
    """What the operating system said, without its number and in words that a person can act on."""
    where = Where(file=str(e.filename) if e.filename else None)
    if e.filename and e.errno in _PATH:
        kind, english, chinese = _PATH[e.errno]
        return kind(english, zh=chinese, where=where, rule="path")
    if e.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFault("there is no room left on the disk", zh="磁碟空間不足", where=where)
    return StoreFault(e.strerror or type(e).__name__, where=where)


def not_text(e: UnicodeDecodeError) -> CleanroomError:
    """A file of another kind, where a text was asked for."""
    return RequestInvalid("a file that was given is not text in UTF-8", zh="所給檔案非 UTF-8 文字檔", rule="path")


def _line(e: CleanroomError) -> str:
    if language() == CHINESE:
        kind = "拒絕" if isinstance(e, Refusal) else "失敗"
        return f"{kind}（{e.reason}，{heading(e)}）：{_sentence(e)}"
    return f"{'refused' if isinstance(e, Refusal) else 'failed'} ({e.reason}): {_sentence(e)}"


def _sentence(e: CleanroomError) -> str:
    """In Chinese the rule's own words where the error brings none along."""
    if language() != CHINESE:
        return str(e)
    if e.zh is None and e.rule:
        from cleanroom.sealing.sentences import RULES  # only where it is needed: every command would wait for it

        if e.rule in RULES:
            place = e.where.in_chinese
            return f"{place}：{RULES[e.rule].asks_zh} [{e.rule}]" if place else f"{RULES[e.rule].asks_zh} [{e.rule}]"
    return e.in_chinese


def _as_json(e: CleanroomError, do: str) -> dict:
    kind = "refusal" if isinstance(e, Refusal) else "fault"
    place = {"file": e.where.file, "row": e.where.row, "column": e.where.column}
    said = {"heading": heading(e), "sentence": _sentence(e)}
    return {"kind": kind, "reason": e.reason, "rule": e.rule, **said, **place, "do": do}
