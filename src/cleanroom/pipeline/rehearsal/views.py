"""Features of a folder of data as each view has them: `joint` from all records, `own` from one institution's alone.

Every view has a warehouse of its own and goes through the same dbt models: what another institution uploaded is not
filtered out of an own view but was never there.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cleanroom.errors import NothingToDo
from cleanroom.pipeline import features, moneyflow
from cleanroom.pipeline.dbt import run_dbt
from cleanroom.pipeline.history import HORIZON, read_history
from cleanroom.pipeline.rehearsal.clear_landing import ReadFile, land, read_institution
from cleanroom.pipeline.rehearsal.consortium import find_consortium
from cleanroom.scoring.snapshot import Snapshot
from cleanroom.settings import RoomSettings
from cleanroom.stores.ports import Warehouse
from cleanroom.stores.warehouse import open_warehouse
from cleanroom.vocabulary.both import Both

Say = Callable[[Both], None]
Build = Callable[[Sequence[ReadFile]], list[Snapshot]]


@dataclass(frozen=True)
class Views:
    """Cut-offs in order of time. `own`: by institution that keeps accounts; empty where its records show nothing."""

    joint: list[Snapshot]
    own: dict[str, list[Snapshot]]
    institutions: tuple[str, ...]


@dataclass(frozen=True)
class _Bench:
    """As much of a room as dbt and the scoring station need."""

    settings: RoomSettings
    warehouse: Warehouse


def build_views(data: Path, *, say: Say, variables: Mapping[str, Any] | None = None) -> Views:
    """Read the folder once and build every view's features at the end of its data. `variables`: of dbt, over the
    project's. Raises the readers' refusals, NothingToDo where no institution declares accounts and transfers,
    WarehouseFault."""
    consortium = find_consortium(data)
    files = [file for one in consortium.institutions for file in _told(read_institution(one), one.code, say)]
    with tempfile.TemporaryDirectory(prefix="cleanroom-evaluate-") as scratch:
        say(Both("joint view: money flow and features of all records", "聯合資料：全部紀錄之金流與特徵"))
        build = partial(_history, Path(scratch), _variables(variables))
        joint = build(files)
        owners = sorted({str(code) for code in joint[-1].texts("institution")})
        own = {code: _own(code, files, joint, build, say) for code in owners}
    return Views(joint, own, tuple(consortium.codes))


def _told(files: Sequence[ReadFile], code: str, say: Say) -> list[ReadFile]:
    read = list(files)
    rows = ", ".join(f"{file.rows:,} {file.dataset}" for file in read)
    say(Both(f"{code}: {rows}", f"{code}：{rows}"))
    return read


def _own(code: str, files: Sequence[ReadFile], joint: list[Snapshot], build: Build, say: Say) -> list[Snapshot]:
    mine = [file for file in files if file.institution == code]
    if len(mine) == len(files):
        return joint  # nobody else uploaded anything
    say(Both(f"own view of {code}", f"{code} 自有資料"))
    try:
        return build(mine)
    except NothingToDo:
        return []


def _variables(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """One cut-off, the last: a ranking learns there and is judged there."""
    return {"scoring_horizon_days": HORIZON.days, "as_of_count": 1, **(given or {})}


def _history(scratch: Path, variables: Mapping[str, Any], files: Sequence[ReadFile]) -> list[Snapshot]:
    """One view after the other in the same place: dbt then need not read its project again."""
    settings = RoomSettings(home=scratch)
    settings.warehouse_file.unlink(missing_ok=True)
    warehouse = open_warehouse(settings)
    try:
        land(warehouse, files)
        selection = (*moneyflow.SELECTION, "intermediate.graph", *features.SELECTION)
        run_dbt(_Bench(settings, warehouse), "run", selection, variables)
        return read_history(_Bench(settings, warehouse))
    finally:
        warehouse.close()
