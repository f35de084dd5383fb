"""What a worker does with one batch of a file: check it, put it through the gate, seal it.

The batch comes in clear through a pipe between two processes of the institution; the keys are opened here.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from cleanroom.contracts.manifest import Part
from cleanroom.crypto.keyring import ParticipantKeyRing
from cleanroom.pipeline.keys import open_participant_keys
from cleanroom.quality.gate import Gate, Partial
from cleanroom.sealing.batches import RawBatch
from cleanroom.sealing.findings import Finding
from cleanroom.sealing.rows import Rules, check_batch
from cleanroom.sealing.submission import hash_rows, write_part
from cleanroom.settings import ParticipantSettings


@dataclass(frozen=True)
class Draft:
    """Where parts are written, and the public half of the submission's key."""

    folder: Path
    recipient: str


@dataclass(frozen=True)
class Task:
    """Of one file; the same for all its batches. Holds no secret. `draft` None: check only."""

    settings: ParticipantSettings
    rules: Rules
    gate: Gate
    draft: Draft | None

    def without_secrets(self) -> "Task":
        return replace(self, settings=replace(self.settings, database_url=""))


@dataclass(frozen=True)
class Item:
    """`judge`, `seal`: whether that is still of use; what was found in earlier batches may have ended it."""

    index: int
    raw: RawBatch
    judge: bool
    seal: bool


@dataclass(frozen=True)
class Answer:
    """Of one batch. `partial` is None where its rows are malformed, `part` where it was not sealed."""

    rows: int
    found: list[Finding]
    partial: Partial | None = None
    part: Part | None = None


class BatchWorker:
    """One per process."""

    def __init__(self, task: Task):
        self._task = task

    @cached_property
    def _ring(self) -> ParticipantKeyRing:
        return open_participant_keys(self._task.settings)

    def do(self, item: Item) -> Answer:
        task, contract = self._task, self._task.rules.contract
        clear = check_batch(item.raw, task.rules)
        if clear.found or not item.judge:
            return Answer(clear.rows.num_rows, clear.found)
        partial = task.gate.check(clear.rows)
        part = None
        if task.draft and item.seal and not partial.failed:
            hashed = hash_rows(clear.rows, contract, self._ring)
            part = write_part(task.draft.folder, item.index, hashed, contract, task.draft.recipient)
        return Answer(clear.rows.num_rows, [], partial, part)


def work(worker: BatchWorker, item: Item) -> Answer:
    return worker.do(item)
