"""When the index no longer fits what the line publishes, and how another takes its place.

Two things can't be taken in by appending: a rotation of K2, after which every account has another token, and a transfer
that was reversed. Either is found when the line publishes, told in `outdated.json`, and mended by a build anew.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cleanroom.contracts.tables import EPOCH
from cleanroom.contracts.whole_files import sync_directory
from cleanroom.errors import KeyRefused, MalformedRows, Where
from cleanroom.lookout.index import Index, build
from cleanroom.lookout.index.building import Facts, Progress
from cleanroom.lookout.index.knowing import held
from cleanroom.lookout.index.rows import Reader
from cleanroom.lookout.service import spool
from cleanroom.lookout.service.folders import Folders, alone, read_state, write_whole
from cleanroom.vocabulary.both import Both

_EPOCH = "epoch.json"  # in the index's folder: it goes where the index goes
_DO = Both(
    "stop the service, run `cleanroom lookout build --anew --transfers` with the published file, and start it again",
    "請停止服務，以發布之檔案執行 `cleanroom lookout build --anew --transfers`，再啟動服務",
)


def build_index(folders: Folders, files: Sequence[Path], *, ties: Path | None, progress: Progress) -> Facts:
    """As `build`, into the folder's index; the epoch of K2 that the files name is noted with it. Raises as `build`
    does, and KeyRefused where the files are of several epochs."""
    facts = _built(folders.index, files, ties, progress)
    if ties is not None:
        _hold(folders, ties)
    return facts


def build_anew(folders: Folders, files: Sequence[Path], *, ties: Path | None, progress: Progress) -> Facts:
    """An index in the place of the one that is there, once it is whole; verdicts are made anew when it is served.

    Transfers that are in the old index alone are gone, and with them the receipts of its batches. Killed anywhere, the
    same call again finishes. Raises as `build_index`; NotAllowed where the folder is being served.
    """
    with alone(folders):
        fresh, former = folders.home / "index.anew", folders.home / "index.former"
        for left in (fresh, former):
            shutil.rmtree(left, ignore_errors=True)
        facts = _built(fresh, files, ties, progress)
        _hold(folders, ties)
        shutil.rmtree(folders.verdicts, ignore_errors=True)
        if folders.index.exists():
            os.rename(folders.index, former)
        os.rename(fresh, folders.index)
        for told_of_the_former in (folders.outdated, folders.synced):
            told_of_the_former.unlink(missing_ok=True)
        spool.forget_receipts(folders, older_than_s=-1)
        sync_directory(folders.home)
        shutil.rmtree(former, ignore_errors=True)
    return facts


def check_epoch(published: Path, folders: Folders) -> None:
    """Whether tokens of a published file are those of the index. Raises KeyRefused, and tells it in `outdated.json`."""
    here, there = read_state(folders.index / _EPOCH).get("epoch"), _epoch_in(published)
    if here != there:
        _tell(folders, epoch=there)
        why = why_anew(folders)
        raise KeyRefused(why.en, zh=why.zh_hant, rule="epoch")
    _tell(folders, epoch=None)


def look_for_reversed(published: Path, folders: Folders) -> int:
    """How many of the published reversed transfers, in order of time and id, the index has; told in `outdated.json`.

    Raises MalformedRows, IndexDamaged.
    """
    rows = Reader(pq.read_table(published), published.name, 0)
    graph = Index.open(folders.index).graph
    count = int(np.count_nonzero(held(graph, rows.moments("executed_at"), rows.sixteen_bytes("transfer_id"))))
    _tell(folders, reversed=count)
    return count


def why_anew(folders: Folders) -> Both | None:
    """Why the index must be built anew, and how; None where it need not."""
    why = read_state(folders.outdated)
    if why.get("epoch"):
        return Both(
            f"the line publishes under another K2 than the index was built under, so nothing of it is taken; {_DO.en}",
            f"發布之資料已改用另一把 K2，與索引不符，故均未收；{_DO.zh_hant}",
        )
    if why.get("reversed"):
        return Both(
            f"{why['reversed']:,} transfers of the index were reversed since, and walks still pass them; {_DO.en}",
            f"索引內有 {why['reversed']:,} 筆交易嗣後已沖正，追查時仍會經過；{_DO.zh_hant}",
        )
    return None


def _built(folder: Path, files: Sequence[Path], ties: Path | None, progress: Progress) -> Facts:
    """The epoch is noted before the index is published, so no index is without."""

    def note(*_: object) -> None:
        write_whole(folder / _EPOCH, msgspec.json.encode({"epoch": _one_epoch([*files, ties] if ties else files)}))

    return build(files, folder, ties=ties, progress=progress, ready=note)


def _hold(folders: Folders, ties: Path | None) -> None:
    """The keeper takes the ties that lie in the folder: those of the index, not those of a former one."""
    if ties is None:
        folders.ties.unlink(missing_ok=True)
    elif not (folders.ties.exists() and folders.ties.samefile(ties)):
        write_whole(folders.ties, ties.read_bytes())


def _one_epoch(files: Iterable[Path]) -> int | None:
    found = {_epoch_in(file) for file in files}
    if len(found) > 1:
        raise KeyRefused(
            "the files are of several epochs of K2; give those of one publication",
            zh="檔案分屬數期 K2；請給定同一次發布之檔案",
            rule="epoch",
        )
    return found.pop()


def _epoch_in(file: Path) -> int | None:
    """None for a file that names none, as one that the line did not publish. Raises MalformedRows."""
    try:
        named = (pq.read_schema(file).metadata or {}).get(EPOCH)
    except pa.ArrowInvalid:
        raise MalformedRows("the file is not Parquet", zh="檔案非 Parquet", where=Where(file.name)) from None
    return None if named is None else int(named)


def _tell(folders: Folders, **found: int | None) -> None:
    before = read_state(folders.outdated)
    after = {name: value for name, value in (before | found).items() if value}
    if after and after != before:
        write_whole(folders.outdated, msgspec.json.encode(after))
    elif before and not after:
        folders.outdated.unlink()
