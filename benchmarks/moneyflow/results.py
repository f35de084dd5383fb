"""Finished measurements, kept in files so that a run can go on where it was broken off."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.moneyflow.cases import Case


@dataclass(frozen=True)
class Kept:
    """Of one size. `build` measurements lie in the store they made: without the store they are gone too."""

    folder: Path

    def store(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def path(self, engine: str, store: str, case: Case) -> Path:
        if case is Case.BUILD:
            return self.folder / store / "build.json"
        return self.folder / "results" / f"{engine}.{case}.json"

    def read(self, engine: str, store: str, case: Case) -> dict | None:
        path = self.path(engine, store, case)
        return json.loads(path.read_text()) if path.exists() else None

    def write(self, engine: str, store: str, case: Case, found: dict) -> None:
        path = self.path(engine, store, case)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part")
        beside.write_text(json.dumps(found, indent=1))
        beside.replace(path)

    def forget(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
