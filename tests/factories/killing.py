"""Kill a real process at a named point: a fork runs the step and ends itself by SIGKILL when it gets there."""

import os
import pickle
import signal
from collections.abc import Callable, Sequence
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
    return killed_at_any((point,), work, call=call, when=when)


def killed_at_any(points: Sequence[str], work: Callable[[], object], *, call: int, when: str) -> int:
    """Like `killed_at`, at the `call`-th call of all points together."""
    return _in_a_child(work, points, [0], call, when)


def counted(points: Sequence[str], work: Callable[[], object]) -> int:
    """How often `work`, in a child, calls the points. The child must end well."""
    reading, writing = os.pipe()
    seen = [0]

    def tell() -> None:
        work()
        os.write(writing, str(seen[0]).encode())

    status = _in_a_child(tell, points, seen, 0, "")
    assert status == 0, f"the child ended with {status}"
    return int(os.read(reading, 20))


def _in_a_child(work: Callable[[], object], points: Sequence[str], seen: list[int], call: int, when: str) -> int:
    child = os.fork()
    if child == 0:
        try:
            for point in points:
                _arm(point, seen, call, when)
            work()
            os._exit(0)
        except BaseException:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _arm(point: str, seen: list[int], call: int, when: str) -> None:
    module, _, qualified = point.partition(":")
    *outer, name = qualified.split(".")
    holder = import_module(module)
    for part in outer:
        holder = getattr(holder, part)
    original = getattr(holder, name)

    def deadly(*arguments, **named):
        seen[0] += 1
        mine = seen[0] == call  # calls may lie within calls
        if mine and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(*arguments, **named)
        if mine and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(holder, name, deadly)
