"""Which places in the inbox wait for the room, and what the ledger says of one participant's submissions."""

from dataclasses import dataclass, field
from typing import Any

from cleanroom.contracts.manifest import INBOX, RECEIPTS
from cleanroom.intake.inbox import ANSWERS, InboxPath
from cleanroom.intake.sequence import Landed
from cleanroom.pipeline.room import Room
from cleanroom.vocabulary.terms import Dataset, UploadState

_ENDED = (UploadState.SUPERSEDED, UploadState.WITHDRAWN)


@dataclass(frozen=True)
class Inbox:
    """What lies there, by place. `answers`: the states of a place's receipts."""

    manifests: frozenset[InboxPath]
    answers: dict[InboxPath, set[UploadState]] = field(default_factory=dict)
    ledger: dict[InboxPath, dict[str, Any]] = field(default_factory=dict)

    def waiting(self) -> list[InboxPath]:
        """In order of dataset and sequence. The manifest is written last, so its parts are there, or somebody took
        them away. What was decided stays where it lies (ADR 76). A place waits without an answer; with rows that
        landed before anyone was told; and with the answer that it was accepted where the ledger has lost it."""
        return sorted(p for p in self.manifests if not self._decided(p) or self._untold(p) or self.lost(p))

    def lost(self, path: InboxPath) -> bool:
        """Accepted by the room's own word, not ended, and not in the ledger: the warehouse is another one."""
        answers = self.answers.get(path, set())
        return UploadState.ACCEPTED in answers and not answers & set(_ENDED) and path not in self.ledger

    def unsettled_ends(self) -> list[InboxPath]:
        """Superseded or withdrawn in the ledger, and nobody was told yet."""
        rows = {path: UploadState(row["state"]) for path, row in self.ledger.items()}
        return sorted(p for p, state in rows.items() if state in _ENDED and state not in self.answers.get(p, set()))

    def answered(self) -> int:
        return len(self.manifests) - len(self.waiting())

    def _decided(self, path: InboxPath) -> bool:
        return bool(self.answers.get(path, set()) & set(ANSWERS))

    def _untold(self, path: InboxPath) -> bool:
        row = self.ledger.get(path)
        told = UploadState.ACCEPTED in self.answers.get(path, set())
        return row is not None and row["state"] == UploadState.ACCEPTED and not told


def look(room: Room, participant: str) -> Inbox:
    manifests = {InboxPath.parse(info.name) for info in room.objects.list(f"{INBOX}/{participant}/")} - {None}
    answers: dict[InboxPath, set[UploadState]] = {}
    for info in room.objects.list(f"{RECEIPTS}/{participant}/"):
        if answered := InboxPath.of_receipt(info.name):
            path, state = answered
            answers.setdefault(path, set()).add(state)
    return Inbox(frozenset(manifests), answers, _ledger(room, participant))


def ledger_of(room: Room, path: InboxPath) -> list[Landed]:
    """Of the same participant and dataset, in order of sequence."""
    rows = _rows(room, path.participant)
    return [Landed.of(row) for row in rows if row["dataset"] == path.dataset]


def _ledger(room: Room, participant: str) -> dict[InboxPath, dict[str, Any]]:
    rows = _rows(room, participant)
    return {InboxPath(participant, Dataset(r["dataset"]), r["sequence"], r["draw"]): r for r in rows}


def _rows(room: Room, participant: str) -> list[dict[str, Any]]:
    sql = "select * from landing.submissions where participant = ? order by dataset, sequence"
    return room.warehouse.query(sql, [participant]).to_pylist()
