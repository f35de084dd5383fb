"""What this institution has sealed, on its own disk: one folder per dataset and sequence number.

    outbox/<dataset>/<sequence, 8 digits>/part-*.parquet.age, key.age, manifest.json, profile.json, sealed.json,
        [uploaded.json]

A folder is filled under a hidden name and renamed when it is complete, so a killed run leaves nothing half-sealed.
`sealed.json` remembers which content and which keys it was made from: the same input again finds it and does nothing.
"""

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from cleanroom.contracts.manifest import MANIFEST_NAME, SignedManifest
from cleanroom.contracts.whole_files import sync_directory, write_whole
from cleanroom.quality.profile import Profile
from cleanroom.vocabulary.terms import Dataset

_SEALED, _UPLOADED, _PROFILE, _LOCK = "sealed.json", "uploaded.json", "profile.json", ".lock"


@dataclass(frozen=True)
class Origin:
    """`content`: digest of file, declaration and first-hash key; `keys`: digest of signing and envelope key ids."""

    content: str
    keys: str


@dataclass(frozen=True)
class Sealed:
    """One submission in the outbox."""

    dataset: Dataset
    sequence: int
    folder: Path
    origin: Origin
    submission_id: str

    @property
    def uploaded(self) -> bool:
        return (self.folder / _UPLOADED).exists()

    @property
    def manifest(self) -> SignedManifest:
        return SignedManifest.from_bytes((self.folder / MANIFEST_NAME).read_bytes())

    def mark_uploaded(self) -> None:
        text = json.dumps({"submission_id": self.submission_id}).encode()
        write_whole(self.folder / _UPLOADED, lambda file: file.write(text))


class Outbox:
    def __init__(self, folder: Path):
        self._folder = folder

    @contextmanager
    def locked(self) -> Iterator["Outbox"]:
        """One run at a time; what a killed run left half-done is removed first."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for path in self._folder.glob("*/.*"):
                shutil.rmtree(path, ignore_errors=True)
            yield self

    def sealed(self, dataset: Dataset) -> list[Sealed]:
        """In order of sequence."""
        folders = sorted(p for p in (self._folder / dataset).glob("[0-9]*") if (p / _SEALED).exists())
        return [_read(dataset, folder) for folder in folders]

    def history(self, dataset: Dataset, *, before: int | None = None) -> list[Profile]:
        """Profiles of what was sealed, lowest number first; with `before` of lower numbers only."""
        chosen = [s for s in self.sealed(dataset) if before is None or s.sequence < before]
        return [Profile.from_json((s.folder / _PROFILE).read_text()) for s in chosen if (s.folder / _PROFILE).exists()]

    def scratch(self, dataset: Dataset) -> Path:
        """A folder that only we may read; hidden names in it are gone with the next run."""
        folder = self._folder / dataset
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    @contextmanager
    def fill(self, dataset: Dataset, sequence: int, origin: Origin) -> Iterator[Path]:
        """An empty folder to write a submission to; it takes its place, whole, when the block ends without error."""
        target = self._folder / dataset / f"{sequence:08d}"
        draft = target.with_name(f".{uuid.uuid4().hex}")
        draft.mkdir(parents=True, mode=0o700)
        try:
            yield draft
            _note(draft, origin)
            shutil.rmtree(target, ignore_errors=True)  # a refused submission of the same number
            os.rename(draft, target)
            sync_directory(target.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def keep_profile(folder: Path, profile: Profile) -> None:
    """Beside the parts of a draft: later submissions are compared with it. It is not sent."""
    text = profile.to_json().encode()
    write_whole(folder / _PROFILE, lambda file: file.write(text))


def _note(draft: Path, origin: Origin) -> None:
    manifest = SignedManifest.from_bytes((draft / MANIFEST_NAME).read_bytes()).manifest
    text = json.dumps({**asdict(origin), "submission_id": manifest.submission_id}).encode()
    write_whole(draft / _SEALED, lambda file: file.write(text))


def _read(dataset: Dataset, folder: Path) -> Sealed:
    note = json.loads((folder / _SEALED).read_text())
    return Sealed(dataset, int(folder.name), folder, Origin(note["content"], note["keys"]), note["submission_id"])
