"""Runs the dbt project in this process, on the warehouse of a room.

The project's own folder stays as it is: targets and logs go under the room's folder. dbt's text may quote rows, so
it stays in the room's log; errors name models and tests only.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cleanroom.errors import DataTestsFailed, WarehouseFault
from cleanroom.settings import RoomSettings, project_root
from cleanroom.stores.ports import Warehouse

_TESTS = ("test", "unit_test")
_BROKEN = ("error", "fail", "runtime error")
_ONE_AT_A_TIME = threading.Lock()  # dbt keeps its flags and adapters in globals


class HasWarehouse(Protocol):
    """What dbt needs of a room; `pipeline.room.Room` is one."""

    settings: RoomSettings
    warehouse: Warehouse


@dataclass(frozen=True)
class NodeRun:
    """One model, test or seed. `status`: success, pass, warn, skipped, error or fail."""

    name: str
    kind: str
    status: str
    seconds: float


@dataclass(frozen=True)
class DbtRun:
    nodes: tuple[NodeRun, ...]

    def seconds_of(self, model: str) -> float:
        """Seconds the model took; 0 where it was not part of the run."""
        return sum(n.seconds for n in self.nodes if n.name == model)

    def of_kind(self, *kinds: str) -> tuple[NodeRun, ...]:
        return tuple(n for n in self.nodes if n.kind in kinds)


def run_dbt(
    room: HasWarehouse,
    command: str,
    select: str | Sequence[str] | None = None,
    vars: Mapping[str, Any] | None = None,
    *,
    options: Sequence[str] = (),
) -> DbtRun:
    """`build`, `run`, `test`, `parse`, ... with dbt's node selection. The warehouse is released while dbt works.

    Raises DataTestsFailed where a test or contract fails, WarehouseFault where a model or dbt itself fails.
    """
    target = room.warehouse.dbt_target()
    arguments = _arguments(room.settings, target.name, command, select, vars, options)
    with _ONE_AT_A_TIME, room.warehouse.released(), _environment(target.environment):
        outcome = _invoke(arguments)
    if isinstance(outcome.exception, KeyboardInterrupt | SystemExit):
        raise outcome.exception
    run = _read(outcome)
    _check(run, outcome)
    return run


def dbt_folder(settings: RoomSettings) -> Path:
    """Where this room's dbt keeps what it compiled (`target`) and its log."""
    return settings.room_dir / "dbt"


def _arguments(
    settings: RoomSettings,
    target: str,
    command: str,
    select: str | Sequence[str] | None,
    variables: Mapping[str, Any] | None,
    options: Sequence[str],
) -> list[str]:
    project, own = project_root() / "dbt_project", dbt_folder(settings)
    folders = ["--project-dir", project, "--profiles-dir", project]
    folders += ["--target-path", own / "target", "--log-path", own / "logs"]
    quiet = ["--no-send-anonymous-usage-stats", "--no-version-check", "--quiet", "--log-level", "none"]
    arguments = [command, "--target", target, *map(str, folders), *quiet, "--log-level-file", "info", *options]
    if select:
        arguments += ["--select", *([select] if isinstance(select, str) else select)]
    return arguments + (["--vars", json.dumps(dict(variables))] if variables else [])


def _invoke(arguments: list[str]):
    from dbt.cli.main import dbtRunner  # two seconds of import, only where dbt runs

    return dbtRunner().invoke(arguments)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The variables that profiles.yml reads; put back afterwards."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _read(outcome) -> DbtRun:
    results = getattr(outcome.result, "results", None) or ()
    nodes = [
        NodeRun(r.node.name, r.node.resource_type.value, str(r.status), round(r.execution_time, 3))
        for r in results
        if getattr(r, "node", None) is not None
    ]
    return DbtRun(tuple(nodes))


def _check(run: DbtRun, outcome) -> None:
    broken = [n for n in run.nodes if n.status in _BROKEN]
    models = [n.name for n in broken if n.kind not in _TESTS]
    if models:
        raise WarehouseFault(f"dbt could not build {', '.join(models)}; the reason stands in the room's dbt log")
    if broken:
        names = ", ".join(n.name for n in broken)
        raise DataTestsFailed(f"the tables do not keep their promises: {names}; nothing after them was built")
    if not outcome.success:
        kind = type(outcome.exception).__name__ if outcome.exception else "no reason given"
        raise WarehouseFault(f"dbt could not run ({kind}); the reason stands in the room's dbt log")
