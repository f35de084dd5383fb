"""The catalogue of attacks and accidents: what is done, and what must come of it. docs/refusals.md is made from it.

A test declares its case and takes the fixture `case`; a case that is declared and not proved in the test's body fails:

    @attack(
        Attack(
            "bit flip in a part", Side.TRANSPORT, "one bit of the ciphertext is turned", "密文中一個位元被翻轉",
            refused=ContentTampered, rule="ciphertext", verb="submission.refused",
        )
    )
    def test_a_bit_flip(case, waiting):
        ...
        refused_in_the_room(case, waiting)      # or: with case.refuses(): ...; case.recorded(events)

Several cases in one decorator parametrise the test; `case.means` is what each brings along. A case that nothing
refuses (ten at once land once) states its `outcome` and the test calls `case.held()` after its assertions.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from cleanroom.contracts.messages import AuditEvent
from cleanroom.errors import CleanroomError

TESTS = Path(__file__).resolve().parents[1]


class Side(StrEnum):
    """Where the attack meets the system."""

    INSTITUTION = "institution"
    TRANSPORT = "transport"
    INTAKE = "intake"
    KEYS = "keys"
    AUDIT = "audit"
    PORTAL = "portal"


@dataclass(frozen=True)
class Attack:
    """`done`, `done_zh`: what somebody does, in both languages. `refused` with `rule` and the `verb` of the audit event
    ("" where no log is reached: a library call, a stand-alone check); else `outcome`, `outcome_zh`."""

    name: str
    side: Side
    done: str
    done_zh: str
    refused: type[CleanroomError] | None = None
    rule: str = ""
    verb: str = ""
    outcome: str = ""
    outcome_zh: str = ""
    means: Any = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        expects = (bool(self.refused and self.rule), bool(self.outcome and self.outcome_zh))
        if sorted(expects) != [False, True] or (self.verb and not self.refused):
            raise ValueError(f"{self.name}: a case is refused by a rule, or has an outcome in both languages")


@dataclass(frozen=True)
class Listed:
    """A case and the test that proves it: `tests/trust/test_x.py`, `test_name`."""

    attack: Attack
    file: str
    test: str


_LISTED: dict[str, Listed] = {}


def attack(*cases: Attack) -> Callable:
    """Declare the cases that a test proves; its argument `case` is the one at hand."""

    def declare(test: Callable) -> Callable:
        for each in cases:
            _list(Listed(each, _file_of(test), test.__qualname__))
        return pytest.mark.parametrize("case", cases, ids=[c.name for c in cases], indirect=True)(test)

    return declare


def _list(entry: Listed) -> None:
    known = _LISTED.setdefault(entry.attack.name, entry)
    if (known.file, known.test) != (entry.file, entry.test):
        raise ValueError(f"two cases have the name {entry.attack.name!r}")
    _LISTED[entry.attack.name] = entry


def _file_of(test: Callable) -> str:
    return Path(test.__code__.co_filename).resolve().relative_to(TESTS.parent).as_posix()


def catalogue() -> list[Listed]:
    """Every case that any test module declares, by side and then in the order of files and tests."""
    for path in sorted(TESTS.rglob("test_*.py")):
        if "from tests.factories.attacks import" in path.read_text(encoding="utf-8"):
            _load(path)
    sides = list(Side)
    return sorted(_LISTED.values(), key=lambda entry: (sides.index(entry.attack.side), entry.file))


def _load(path: Path) -> None:
    """As pytest does: by its place. An installed package may have a folder of the same name as one of ours."""
    name = ".".join(path.relative_to(TESTS.parent).with_suffix("").parts)
    if name not in sys.modules:
        spec = spec_from_file_location(name, path)
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])


class Case:
    """One attack while its test runs. `proved` once everything that the attack states was seen."""

    def __init__(self, attack: Attack):
        self.attack, self.means = attack, attack.means
        self.error: CleanroomError | None = None
        self._seen: set[str] = set()

    @property
    def proved(self) -> bool:
        wanted = {"refused": bool(self.attack.refused), "recorded": bool(self.attack.verb)}
        wanted["held"] = not self.attack.refused
        return {name for name, needed in wanted.items() if needed} <= self._seen

    @contextmanager
    def refuses(self) -> Iterator[None]:
        """The body is refused exactly as the attack states. `error` holds the refusal afterwards."""
        with pytest.raises(CleanroomError) as caught:
            yield
        self.is_refused_as(caught.value)

    def is_refused_as(self, error: CleanroomError) -> None:
        assert self.attack.refused, "this attack states an outcome, not a refusal"
        assert (type(error), error.rule) == (self.attack.refused, self.attack.rule), f"{type(error).__name__}: {error}"
        assert str(error).endswith(f"[{self.attack.rule}]")
        self.error = error
        self._seen.add("refused")

    def recorded(self, events: Iterable[AuditEvent], **detail: object) -> AuditEvent:
        """Exactly one of `events` has the attack's verb, and it names reason, rule and whatever `detail` says."""
        found = [event for event in events if event.verb == self.attack.verb]
        assert len(found) == 1, f"{len(found)} events {self.attack.verb!r}"
        expected = {"reason": self.attack.refused.reason, "rule": self.attack.rule, **detail}
        seen = {name: found[0].detail.get(name) for name in expected}
        assert seen == expected, f"{seen} is not {expected}"
        self._seen.add("recorded")
        return found[0]

    def held(self) -> None:
        """The attack came to nothing, as its outcome says; call it after the assertions that show this."""
        assert not self.attack.refused, "this attack must be refused"
        self._seen.add("held")
