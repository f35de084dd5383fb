"""From verified parts to landed rows: part by part, in workers; landing in this process, in one transaction.

Memory holds a few parts at a time, whatever the size of the submission (ADR 82). A refusal of any part, of a rule
over the whole file, or of the comparison with what landed before rolls everything back.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleanroom.contracts.manifest import Manifest, Part
from cleanroom.contracts.messages import ParticipantGate, RuleResult
from cleanroom.contracts.specification import DatasetContract
from cleanroom.errors import QualityGateFailed, StoreFault, Where
from cleanroom.intake import landed as before
from cleanroom.intake import opening
from cleanroom.intake.inbox import InboxPath
from cleanroom.intake.sequence import Landed
from cleanroom.pipeline.aliases import aliases_for
from cleanroom.pipeline.room import Room
from cleanroom.pipeline.workers import ordered, workers_for
from cleanroom.stores.ports import Ask, Incoming

if TYPE_CHECKING:
    from cleanroom.pipeline.intake.parts import OpenedPart
    from cleanroom.quality.profile import Profile


@dataclass(frozen=True)
class Submission:
    """One whose manifest was believed. `ledger`: of its participant and dataset."""

    path: InboxPath
    manifest: Manifest
    contract: DatasetContract
    gate: ParticipantGate
    sealed_key: bytes
    ledger: list[Landed]


def land(
    room: Room, submission: Submission, *, landed: bool = False, restored: bool = False, released: bool = False
) -> tuple[RuleResult, ...]:
    """What the gate found. Raises the refusal of the first thing that is wrong; then nothing has landed.

    `landed`: the rows are there already, and only what the gate found is asked again. `restored`: they were there in
    another warehouse. `released`: two people let it in although rules of the gate do not hold; nothing else is waived.
    """
    with _scratch(room) as folder:
        judged = _Judged(submission, folder, waived=landed or restored or released)
        with closing(_opened(room, submission, judged, folder)) as opened:
            if landed:
                for _ in judged.batches(opened):
                    pass
            else:
                room.warehouse.land(
                    submission=_ledger_row(submission, replaces=not restored),
                    dataset=submission.path.dataset.value,
                    batches=judged.batches(opened),
                    judge=lambda ask: judged.compared(ask, first=restored),
                )
    return tuple(judged.results)


class _Judged:
    """Adds up what the gate says of each part, and says no at the end. `waived`: failed rules are told, not refused."""

    def __init__(self, submission: Submission, folder: Path, *, waived: bool):
        from cleanroom.quality.gate import Gate, Tally  # seconds to import; only where it runs

        self._submission, self._waived = submission, waived
        spill = folder / "repeats"
        spill.mkdir(mode=0o700)
        earlier = _profiles(submission.ledger)
        self.gate = Gate("intake", submission.path.dataset, _facts(submission), spill=spill, earlier=earlier)
        self._tally = Tally(self.gate)
        self.results: list[RuleResult] = []
        self._profile = ""  # of the whole file, JSON

    def batches(self, opened: "Iterator[OpenedPart]") -> Iterator[Incoming]:
        last, failed = 0, False
        for part in opened:
            if part.first is not None:
                if part.first <= last:
                    raise opening.out_of_order()
                last = part.last
            self._tally.add(part.judged)
            failed = failed or (part.judged.failed and not self._waived)
            if not failed:  # else the rest is looked at for the report alone
                yield part.incoming
        outcome = self._tally.outcome()
        self.results += outcome.results
        self._profile = outcome.profile.to_json() if outcome.profile else ""
        self._say_no()

    def compared(self, ask: Ask, *, first: bool) -> Mapping[str, Any]:
        """What the ledger keeps of the comparison. `first`: there is nothing to compare with."""
        submission = self._submission
        participant, dataset = submission.path.participant, submission.path.dataset
        before.check_not_kept_elsewhere(ask, dataset, participant=participant)
        kept = {"profile": self._profile or None}
        if first or not submission.ledger:
            return kept
        submission_id = submission.manifest.submission_id
        now = before.strangers_of(ask, submission.contract, participant=participant, submission_id=submission_id)
        if now is not None:
            self.results.append(before.judge_strangers(now, _measured(submission.ledger), submission.contract))
            self._say_no()
        return {**kept, **before.measured(now)}

    def _say_no(self) -> None:
        broken = [r for r in self.results if not r.passed and r.severity == "fail"]
        if not broken or self._waived:
            return
        first = broken[0]
        refusal = QualityGateFailed(
            f"rows that break the rule: {first.failed_rows}; other broken rules: {len(broken) - 1}",
            zh=f"不符此規則之列數：{first.failed_rows}；其他不符之規則：{len(broken) - 1}",
            where=Where(row=first.row_numbers[0] if first.row_numbers else None, column=first.column),
            rule=first.rule,
        )
        refusal.quality = tuple(self.results)
        raise refusal


def _opened(room: Room, submission: Submission, judged: _Judged, folder: Path) -> "Iterator[OpenedPart]":
    from cleanroom.pipeline.intake import parts  # with the gate's engine

    manifest = submission.manifest
    known = submission.gate.known_institutions
    aliases = aliases_for(room.warehouse, manifest.hash_kid)
    job = parts.Job(manifest, submission.sealed_key, known, judged.gate, aliases)
    workers = workers_for(manifest.rows)
    alone = workers == 1
    return ordered(
        parts.open_one,
        _downloaded(room, submission, folder),
        start=parts.open_here if alone else parts.open_in_worker,
        arguments=(room.keys if alone else room.settings, job),
        workers=workers,
    )


def _downloaded(room: Room, submission: Submission, folder: Path) -> Iterator[tuple[Path, Part]]:
    """Ciphertext, a few parts ahead of the workers. Each checks its digest before it opens it."""
    for part in submission.manifest.parts:
        path = folder / part.name
        name = f"{submission.path.folder}/{part.name}"
        room.objects.download(name, path, cap_bytes=part.ciphertext_bytes)
        yield path, part


@contextmanager
def _scratch(room: Room) -> Iterator[Path]:
    """A folder for ciphertext and keyed digests, empty at first whatever a killed run left, and gone afterwards."""
    folder = room.settings.scratch_dir / "intake"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True, mode=0o700)
    except OSError as e:
        raise StoreFault(
            f"the room's scratch folder could not be made ({type(e).__name__})",
            zh=f"無塵室之暫存資料夾無法建立（{type(e).__name__}）",
            rule="scratch",
        ) from e
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _facts(submission: Submission) -> dict[str, Any]:
    return {
        "participant": submission.path.participant,
        "period_first": submission.manifest.period.first,
        "period_last": submission.manifest.period.last,
        "known_institutions": submission.gate.known_institutions,
    }


def _measured(ledger: list[Landed]) -> list[before.Strangers]:
    return [
        before.Strangers(row.others_accounts, row.never_seen_accounts)
        for row in ledger
        if row.others_accounts is not None and row.never_seen_accounts is not None
    ]


def _profiles(ledger: list[Landed]) -> "tuple[Profile, ...]":
    """Of what landed before, oldest first; a submission that was replaced or withdrawn tells nothing usual."""
    from cleanroom.quality.profile import Profile

    live = sorted((row for row in ledger if row.live and row.profile), key=lambda row: row.sequence)
    return tuple(Profile.from_json(row.profile) for row in live)


def _ledger_row(submission: Submission, *, replaces: bool) -> dict[str, Any]:
    manifest = submission.manifest
    return {
        "submission_id": manifest.submission_id,
        "participant": manifest.participant,
        "dataset": manifest.dataset.value,
        "sequence": manifest.sequence,
        "draw": submission.path.draw,
        "specification_version": manifest.specification_version,
        "period_from": manifest.period.first,
        "period_to": manifest.period.last,
        "rows": manifest.rows,
        "bytes": sum(part.ciphertext_bytes for part in manifest.parts),
        "landed_at": datetime.now(UTC),
        "supersedes": manifest.supersedes if replaces else None,
    }
