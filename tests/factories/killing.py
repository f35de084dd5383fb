"""Kill a real process at a named point: a fork runs the step and ends itself by SIGKILL when it gets there."""

import os
import pickle
import signal
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from tests.fakes.portal import MemoryPortal

KILLED = -signal.SIGKILL


class KeptPortal(MemoryPortal):
    """The portal in memory, kept in a file so that what a killed process told it is not forgotten."""

    @classmethod
    def at(cls, path: Path) -> "KeptPortal":
        portal = pickle.loads(path.read_bytes()) if path.exists() else cls()  # noqa: S301 - our own file
        portal.path = path
        return portal

    def keep(self) -> None:
        temporary = self.path.with_suffix(".new")
        temporary.write_bytes(pickle.dumps(self))
        os.replace(temporary, self.path)

    def report_upload(self, report) -> None:
        super().report_upload(report)
        self.keep()

    def record_event(self, event) -> None:
        super().record_event(event)
        self.keep()


def killed_at(point: str, work: Callable[[], object], *, call: int = 1, when: str = "before") -> int:
    """Exit status of a child that runs `work` and is killed at the `call`-th call of `point` (module:qualified.name).

    `when`: "before" the call is made or "after" it was. A child that never gets there exits with 0.
    """
    child = os.fork()
    if child == 0:
        try:
            _arm(point, call, when)
            work()
            os._exit(0)
        except BaseException:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _arm(point: str, call: int, when: str) -> None:
    module, _, qualified = point.partition(":")
    *outer, name = qualified.split(".")
    holder = import_module(module)
    for part in outer:
        holder = getattr(holder, part)
    original, seen = getattr(holder, name), [0]

    def deadly(*arguments, **named):
        seen[0] += 1
        if seen[0] == call and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(*arguments, **named)
        if seen[0] == call and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(holder, name, deadly)
