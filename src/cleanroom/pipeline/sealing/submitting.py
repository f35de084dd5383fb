"""From a file to a submission in the outbox: which number it gets, what it replaces, when it is sealed anew."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from cleanroom.contracts.canonical import digest_of
from cleanroom.contracts.manifest import MANIFEST_NAME, MAX_AGE_DAYS, Manifest, receipt_name
from cleanroom.errors import MalformedRows, NothingToDo, SequenceReplayed, Where
from cleanroom.pipeline.progress import ProgressHook
from cleanroom.pipeline.sealing.batch_work import Draft
from cleanroom.pipeline.sealing.checking import Checked, check_file
from cleanroom.pipeline.sealing.side import Side
from cleanroom.sealing import sources
from cleanroom.sealing.folder import ClearFile
from cleanroom.sealing.ordinary import open_ordinary
from cleanroom.sealing.outbox import Origin, Outbox, Sealed, keep_profile
from cleanroom.sealing.submission import Declared, write_key, write_manifest
from cleanroom.stores.ports import ObjectStore
from cleanroom.vocabulary.terms import Dataset, FileFormat, UploadState

_ENDED = (UploadState.SUPERSEDED, UploadState.WITHDRAWN)
_UNSENT_DAYS = MAX_AGE_DAYS - 1  # leaves a day for sending


@dataclass(frozen=True)
class Sealing:
    """One run over a folder. `replaced`: datasets whose last accepted submission the file in the folder replaces.
    `workers`: processes, None for one per core where a file is large."""

    side: Side
    outbox: Outbox
    objects: ObjectStore
    replaced: frozenset[Dataset]
    progress: ProgressHook
    workers: int | None = None

    def seal(self, file: ClearFile) -> Sealed:
        """The submission of this file: the one in the outbox where it was sealed before, else a new one.

        Raises what `check_file` raises; SequenceReplayed where days of this period were accepted already and are not
        to be replaced; NothingToDo where there is nothing to replace.
        """
        origin = _origin(self.side, file)
        replaced = self._to_replace(file) if file.dataset in self.replaced else None
        for known in reversed(self.outbox.sealed(file.dataset)):
            if known.origin.content == origin.content and self._still_holds(known, origin, replaced):
                return known
        self._check_period(file, replaced)
        sequence = self._next_sequence(file.dataset)
        with self.outbox.fill(file.dataset, sequence, origin) as folder:
            self._fill(folder, file, origin, sequence, replaced)
        return next(s for s in self.outbox.sealed(file.dataset) if s.sequence == sequence)

    def _fill(self, folder: Path, file: ClearFile, origin: Origin, sequence: int, replaced: Sealed | None) -> None:
        side, key = self.side, write_key(folder, self.side.addressee)
        draft = Draft(folder, key.recipient)
        history = self.outbox.history(file.dataset, before=sequence)
        checked = check_file(
            side,
            file,
            scratch=folder,
            progress=self.progress,
            history=history,
            draft=draft,
            workers=self.workers,
        )
        _check_same(side, file, checked, origin)
        keep_profile(folder, checked.profile)
        declared = Declared(
            dataset=file.dataset,
            source=file.source,
            specification_version=side.specification.version,
            period=side.folder.period,
            sequence=sequence,
            created_at=datetime.now(UTC).replace(microsecond=0),
            supersedes=replaced.submission_id if replaced else None,
        )
        write_manifest(folder, checked.parts, declared=declared, key=key, ring=side.ring, addressee=side.addressee)

    # --- what was sealed before ---------------------------------------------------------------------------------------

    def _still_holds(self, known: Sealed, origin: Origin, replaced: Sealed | None) -> bool:
        """Whether a submission of the same content was taken, or would still be. What was replaced or withdrawn since
        is sent again only when a person asks for it: a nightly run must not undo a withdrawal."""
        manifest = known.manifest.manifest
        if self._accepted(known):
            return known.dataset not in self.replaced or not self._answered(manifest, *_ENDED)
        if known.origin.keys != origin.keys or (replaced and manifest.supersedes is None):
            return False
        if self._answered(manifest, UploadState.REFUSED):
            return False
        young = datetime.now(UTC) - manifest.created_at < timedelta(days=_UNSENT_DAYS)
        return young or self._sent(manifest)

    def _next_sequence(self, dataset: Dataset) -> int:
        """The first number that the room has not taken and that does not wait for it; a refused one is used again."""
        sent = [m for m in self._manifests(dataset) if self._sent(m)]
        waiting = {m.sequence for m in sent if not self._answered(m, UploadState.REFUSED, UploadState.QUARANTINED)}
        return next(n for n in count(self.side.next_accepted(dataset)) if n not in waiting)

    # --- replacing ----------------------------------------------------------------------------------------------------

    def _to_replace(self, file: ClearFile) -> Sealed | None:
        """The last accepted submission of the dataset; None where it was withdrawn, so that nothing is in its place."""
        accepted = [s for s in self.outbox.sealed(file.dataset) if self._accepted(s)]
        if not accepted:
            raise NothingToDo(
                f"no submission of {file.dataset} was accepted from this outbox yet, so none can be replaced; send the "
                "file without asking for that",
                zh=f"此寄件匣尚無已收件之 {file.dataset} 上傳件，無從取代；請不加該選項逕行上傳",
                where=Where(file=file.path.name),
                rule="supersedes",
            )
        return None if self._answered(accepted[-1].manifest.manifest, UploadState.WITHDRAWN) else accepted[-1]

    def _check_period(self, file: ClearFile, replaced: Sealed | None) -> None:
        """Days of events are told once. The room checks it again; here it is told before anything is sent."""
        if not any(spec.within_period for spec in self.side.specification.datasets[file.dataset].fields):
            return
        period = self.side.folder.period
        for earlier in self._live(file.dataset):
            told = earlier.manifest.manifest.period
            common = told.first <= period.last and period.first <= told.last
            if common and (replaced is None or earlier.submission_id != replaced.submission_id):
                raise SequenceReplayed(
                    f"days from {told.first} to {told.last} were accepted as sequence {earlier.sequence}; declare the "
                    f"days after them, or replace that submission: cleanroom upload --supersede {file.dataset}",
                    zh=f"{told.first} 至 {told.last} 之資料已以序號 {earlier.sequence} 收件；"
                    f"請申報其後之日期，或取代該上傳件：cleanroom upload --supersede {file.dataset}",
                    where=Where(file=file.path.name),
                    rule="period_overlap",
                )

    def _live(self, dataset: Dataset) -> list[Sealed]:
        accepted = [s for s in self.outbox.sealed(dataset) if self._accepted(s)]
        return [s for s in accepted if not self._answered(s.manifest.manifest, *_ENDED)]

    # --- what the room has --------------------------------------------------------------------------------------------

    def _accepted(self, sealed: Sealed) -> bool:
        return sealed.sequence < self.side.next_accepted(sealed.dataset)

    def _manifests(self, dataset: Dataset) -> list[Manifest]:
        return [sealed.manifest.manifest for sealed in self.outbox.sealed(dataset)]

    def _sent(self, manifest: Manifest) -> bool:
        return self.objects.exists(f"{manifest.folder}/{MANIFEST_NAME}")

    def _answered(self, manifest: Manifest, *states: UploadState) -> bool:
        """Whether the room has answered with one of these. Asked for by name: a participant may not list."""
        return any(self.objects.exists(receipt_name(manifest.place, state)) for state in states)


def _origin(side: Side, file: ClearFile) -> Origin:
    if file.source.format == FileFormat.QUERY:
        contract, url = side.specification.datasets[file.dataset], sources.database_url(side.settings)
        content = sources.digest(sources.batches(file, contract, database_url=url))
    else:
        with open_ordinary(file.path) as clear:
            content = hashlib.file_digest(clear, "sha256").hexdigest()
    keys = {"to": side.addressee.kid, "by": side.ring.signing_kid}
    return Origin(content=_content(side, file, content), keys=digest_of(keys))


def _content(side: Side, file: ClearFile, digest: str) -> str:
    """What is told of the rows besides themselves, and how they are hashed, is part of what is sealed."""
    declared = {
        "file": digest,
        "source": file.source.model_dump(mode="json"),
        "period": side.folder.period.model_dump(mode="json"),
        "specification": side.specification.digest,
        "institution": side.folder.institution,
        "hash_kid": side.ring.hash_kid,
    }
    return digest_of(declared)


def _check_same(side: Side, file: ClearFile, checked: Checked, origin: Origin) -> None:
    if checked.content and _content(side, file, checked.content) != origin.content:
        raise MalformedRows(
            "the query gave other rows when it was asked again; run again when the table is at rest",
            zh="再次查詢所得資料列不同；請待資料表靜止後重新執行",
            where=Where(file=file.path.name),
            rule="file_changed",
        )
