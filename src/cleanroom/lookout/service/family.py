"""How the service's processes hang together: a child ends with its parent, and tells it why it ended."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from cleanroom import errors
from cleanroom.errors import CleanroomError, Refusal, ServiceFault
from cleanroom.lookout.service.folders import write_whole

_PR_SET_PDEATHSIG = 1


class Ending(msgspec.Struct):
    """Why a child ended: the error's class by its reason, and its sentence in both languages."""

    reason: str
    sentence: str
    zh: str
    rule: str | None


def end_with(parent: int) -> None:
    """Have the kernel send SIGTERM to this process when its parent dies, of whatever. Linux only; elsewhere no-op.

    Raises ServiceFault where the parent is gone already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise ServiceFault("the supervisor ended before this process began", zh="監督程序於此程序開始前已結束")


def ended_well(work: Callable[[], None], *, told_in: Path) -> int:
    """Run a child's work; an error of the family goes to the file `told_in` for the supervisor, and is the status."""
    told_in.unlink(missing_ok=True)
    try:
        work()
    except CleanroomError as e:
        write_whole(told_in, msgspec.json.encode(Ending(e.reason, str(e), e.in_chinese, e.rule)), durable=False)
        return e.exit_code
    return 0


def told(path: Path) -> CleanroomError | None:
    """The error that a child left behind."""
    try:
        ending = msgspec.json.decode(path.read_bytes(), type=Ending)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    kind = _kinds().get(ending.reason, ServiceFault)
    return kind(ending.sentence, zh=ending.zh)


def is_final(error: CleanroomError | None) -> bool:
    """A refusal is a decision: the same start gets the same answer, so nobody starts again."""
    return isinstance(error, Refusal)


def _kinds() -> dict[str, type[CleanroomError]]:
    members = (member for member in vars(errors).values() if isinstance(member, type))
    return {kind.reason: kind for kind in members if issubclass(kind, CleanroomError)}
