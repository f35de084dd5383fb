"""Finished measurements, kept in files so that a run can go on where it was broken off."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.moneyflow.cases import Case

_BUILT, _RESULTS = "built", "results"


@dataclass(frozen=True)
class Kept:
    """Of one size: `results/`, and a folder for each store, which can go when all is measured."""

    folder: Path

    def store(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def path(self, engine: str, store: str, case: Case) -> Path:
        return self.folder / _RESULTS / f"{store if case is Case.BUILD else engine}.{case}.json"

    def is_built(self, store: str) -> bool:
        return (self.folder / store / _BUILT).exists()

    def read(self, engine: str, store: str, case: Case) -> dict | None:
        path = self.path(engine, store, case)
        return json.loads(path.read_text()) if path.exists() else None

    def write(self, engine: str, store: str, case: Case, found: dict) -> None:
        path = self.path(engine, store, case)
        path.parent.mkdir(parents=True, exist_ok=True)
        if case is Case.BUILD and not found.get("cancelled"):
            (self.folder / store / _BUILT).touch()
        beside = path.with_suffix(".part")
        beside.write_text(json.dumps(found, indent=1))
        beside.replace(path)

    def remove_stores(self) -> None:
        for path in self.folder.iterdir():
            if path.name != _RESULTS:
                shutil.rmtree(path)

    def forget(self, engine: str, store: str, cases: Iterable[Case]) -> None:
        """Of one engine, these cases and what its store holds; the results of all others stay."""
        for case in cases:
            self.path(engine, store, case).unlink(missing_ok=True)
        shutil.rmtree(self.folder / store, ignore_errors=True)
