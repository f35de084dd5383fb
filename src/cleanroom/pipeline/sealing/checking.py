"""One file through gate 1, batch by batch, and into sealed parts where a draft is given.

Every batch is looked at, whatever is wrong with the first: the report is of the whole file. What cannot be sent any
more is no longer sealed.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from cleanroom.contracts.manifest import Part
from cleanroom.errors import CleanroomError, Refusal, SettingsInvalid
from cleanroom.pipeline.progress import Progress, ProgressHook
from cleanroom.pipeline.sealing.batch_work import Answer, BatchWorker, Draft, Item, Task, work
from cleanroom.pipeline.sealing.reports import write_reports
from cleanroom.pipeline.sealing.side import Side
from cleanroom.pipeline.workers import ordered
from cleanroom.quality.gate import Gate, Tally
from cleanroom.quality.profile import Profile
from cleanroom.sealing.batches import RawBatch
from cleanroom.sealing.findings import ROW_CAP, Total, finding_of, refusal_of
from cleanroom.sealing.folder import ClearFile
from cleanroom.sealing.ordinary import Seen
from cleanroom.sealing.reading import read_batches
from cleanroom.sealing.rows import Rules
from cleanroom.sealing.sources import database_url
from cleanroom.vocabulary.terms import FileFormat


@dataclass(frozen=True)
class Checked:
    """A file that may be sent. `content`: SHA-256 of the batches, of a query; "" of a file."""

    file: ClearFile
    rows: int
    parts: tuple[Part, ...]
    profile: Profile
    content: str


def check_file(
    side: Side,
    file: ClearFile,
    *,
    scratch: Path,
    progress: ProgressHook,
    history: Sequence[Profile] = (),
    draft: Draft | None = None,
    workers: int | None = None,
) -> Checked:
    """Read, check and, into `draft`, seal one file. The complete report is written beside the data, whatever is wrong.

    `scratch`: a folder that only we may read; what is put there is removed again. `history`: of earlier submissions,
    latest last. `workers` None: one per core where the file has several batches. Raises the refusal that the findings
    amount to, what `read_batches` raises, and ServiceFault where a worker died.
    """
    seen, run = Seen.now(file.path), _Run(side, file)
    try:
        with tempfile.TemporaryDirectory(dir=scratch, prefix=".digests-") as spill:
            run.work(Path(spill), history, draft, workers, progress)
            seen.check_unchanged()
            refusal = run.judge()
    except SettingsInvalid:  # says nothing about the file
        raise
    except Refusal as e:
        write_reports(side, file, run.rows, [*run.total.found, finding_of(e)], e)
        raise
    write_reports(side, file, run.rows, run.total.found, refusal)
    if refusal:
        raise refusal
    return Checked(file, run.rows, tuple(run.parts), run.profile, run.content)


class _Run:
    """What is known of one file so far."""

    def __init__(self, side: Side, file: ClearFile):
        self._side, self._file = side, file
        self._contract = side.specification.datasets[file.dataset]
        self._sha = hashlib.sha256() if file.source.format == FileFormat.QUERY else None
        self._expected: int | None = None
        self._formed, self._failed = True, False  # nothing malformed, nothing failed
        self.profile: Profile | None = None  # where the gate has judged
        self.total, self.rows, self.parts = Total(), 0, []

    @property
    def content(self) -> str:
        return self._sha.hexdigest() if self._sha else ""

    def work(
        self,
        spill: Path,
        history: Sequence[Profile],
        draft: Draft | None,
        workers: int | None,
        progress: ProgressHook,
    ) -> None:
        task = self._task(spill, history, draft)
        self._tally = Tally(task.gate)
        batches = self._read()
        beginning = list(islice(batches, 2))
        if len(beginning) < 2:
            workers = 1  # starting others costs more than they save
        items = self._items(chain(beginning, batches))
        with closing(ordered(work, items, start=BatchWorker, arguments=(task,), workers=workers)) as answers:
            for answer in answers:
                self._take(answer)
                progress(Progress("seal" if draft else "check", task.gate.dataset, self.rows, self._expected, "rows"))

    def judge(self) -> CleanroomError | None:
        """The refusal that the findings amount to. Raises QualityGateFailed where a rule could not be evaluated."""
        name = self._file.path.name
        if not self._formed:
            return refusal_of(name, self.total.found)
        outcome = self._tally.outcome()
        self.profile = outcome.profile
        self.total.add_gate(outcome.results)
        self.total.add_drifts(outcome.drifts)
        return refusal_of(name, self.total.found, gate=True)

    def _task(self, spill: Path, history: Sequence[Profile], draft: Draft | None) -> Task:
        side, dataset = self._side, self._file.dataset
        known = tuple(side.gate.known_institutions)
        return Task(
            settings=side.settings,
            rules=Rules(self._contract, self._file.source, side.folder.institution, known),
            gate=Gate("sealing", dataset, side.facts, ROW_CAP, spill, earlier=tuple(history)),
            draft=draft,
        ).without_secrets()

    def _read(self) -> Iterator[RawBatch]:
        url = database_url(self._side.settings) if self._sha else ""
        return read_batches(self._file, self._contract, database_url=url)

    def _items(self, batches: Iterable[RawBatch]) -> Iterator[Item]:
        for index, raw in enumerate(batches):
            self._expected = raw.expected
            if self._sha:
                self._sha.update(raw.columns.schema.serialize())
                self._sha.update(raw.columns.serialize())
            yield Item(index, raw, judge=self._formed, seal=not self._failed)

    def _take(self, answer: Answer) -> None:
        self.rows += answer.rows
        self.total.add(answer.found)
        if answer.partial is None:
            self._formed = False
        else:
            self._tally.add(answer.partial)
        if answer.part:
            self.parts.append(answer.part)
        self._failed = self._failed or answer.part is None
