"""Link steps: from an account to another that shares a holder, a phone, a device or a platform account with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Tie:
    """An account and an identifier that belongs to it. `held_from` None: since before anything that is known."""

    account: str
    identifier: str
    kind: str
    held_from: datetime | None = None

    def has_begun(self, moment: datetime) -> bool:
        return self.held_from is None or self.held_from <= moment


@dataclass(frozen=True)
class Links:
    """`limit`: an identifier with more accounts than this (an agency's phone, a shop's device) links nobody."""

    ties: tuple[Tie, ...]
    limit: int

    def __post_init__(self) -> None:
        """Raises ValueError where the limit lets nobody be linked."""
        if self.limit < 2:
            raise ValueError("it takes two accounts to share an identifier")

    def known(self, before: datetime | None) -> "Links":
        """Without what began at or after the end of the window: it links nobody and makes nothing too wide."""
        if before is None:
            return self
        return Links(tuple(tie for tie in self.ties if tie.held_from is None or tie.held_from < before), self.limit)

    def steps(self, account: str, moment: datetime) -> Iterator[tuple[str, str]]:
        """(identifier, other account) for all that the account shares at that moment. Both ties have begun by then."""
        for own in self.ties:
            if own.account != account or not own.has_begun(moment) or self._is_too_wide(own):
                continue
            for other in self.ties:
                if other.account != account and _same(own, other) and other.has_begun(moment):
                    yield own.identifier, other.account

    def _is_too_wide(self, own: Tie) -> bool:
        return len({tie.account for tie in self.ties if _same(own, tie)}) > self.limit


def _same(own: Tie, other: Tie) -> bool:
    return (own.kind, own.identifier) == (other.kind, other.identifier)
