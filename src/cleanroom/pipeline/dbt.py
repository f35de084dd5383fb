"""Builds and tests tables with the dbt project, on the warehouse of a room, and says what came of it.

The project's own folder stays as it is: targets and logs go under the room's folder. dbt's text may quote rows, so
it stays in the room's log; errors name models and tests only.

`python -m cleanroom.pipeline.dbt parse --target embedded|warehouse` checks the project alone, without a warehouse.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from cleanroom.errors import DataTestsFailed, SettingsInvalid, WarehouseFault
from cleanroom.pipeline.dbt_project import call, call_on_project, folders
from cleanroom.settings import RoomSettings, project_root
from cleanroom.stores.ports import Warehouse

_TESTS = ("test", "unit_test")
_BROKEN = ("error", "fail", "runtime error")
# How the engines and dbt say that rows or columns break a contract; seen in the message of a failed model.
_BROKEN_PROMISES = ("enforced contract", "constraint error", "not null constraint", "cannot be null")
# A path that configures nothing yet (a station without models) is no error; every other warning is.
_STRICT = json.dumps({"error": "all", "silence": ["UnusedResourceConfigPath"]})
_ONE_AT_A_TIME = threading.Lock()


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
    breaks_promise: bool = False


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
    arguments = _arguments(select, vars, options)
    with _ONE_AT_A_TIME, room.warehouse.released():
        outcome = call_on_project(room.settings, target, {"CLEANROOM_DBT_CODE": models_code()}, command, arguments)
    if isinstance(outcome.exception, KeyboardInterrupt | SystemExit):
        raise outcome.exception
    run = _read(outcome)
    _check(run, outcome)
    return run


@cache
def models_code() -> str:
    """Digest of the text that makes layers: tables that other text made are not extended but built anew."""
    project = project_root() / "dbt_project"
    files = [*(project / "macros").rglob("*.sql"), *(project / "models" / "intermediate" / "moneyflow").rglob("*.sql")]
    if not files:
        raise SettingsInvalid(
            "the dbt project is not where CLEANROOM_PROJECT says; set it to the project's folder",
            zh="dbt 專案不在 CLEANROOM_PROJECT 所指之處；請設為專案資料夾",
        )
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _arguments(
    select: str | Sequence[str] | None, variables: Mapping[str, Any] | None, options: Sequence[str]
) -> list[str]:
    arguments = list(options)
    if select:
        arguments += ["--select", *([select] if isinstance(select, str) else select)]
    return arguments + (["--vars", json.dumps(dict(variables))] if variables else [])


def _read(outcome) -> DbtRun:
    results = getattr(outcome.result, "results", None) or ()
    return DbtRun(tuple(_node(r) for r in results if getattr(r, "node", None) is not None))


def _node(result) -> NodeRun:
    message = str(result.message or "").lower()
    return NodeRun(
        name=result.node.name,
        kind=result.node.resource_type.value,
        status=str(result.status),
        seconds=round(result.execution_time, 3),
        breaks_promise=any(words in message for words in _BROKEN_PROMISES),
    )


def _check(run: DbtRun, outcome) -> None:
    broken = [n for n in run.nodes if n.status in _BROKEN]
    failed = [n.name for n in broken if n.kind not in _TESTS and not n.breaks_promise]
    if failed:
        raise WarehouseFault(
            f"dbt could not build {', '.join(failed)}; the reason stands in the room's dbt log",
            zh=f"dbt 無法建立 {'、'.join(failed)}；原因見無塵室之 dbt 紀錄檔",
        )
    if broken:
        names = ", ".join(n.name for n in broken)
        raise DataTestsFailed(
            f"the tables do not keep their promises: {names}; nothing after them was built",
            zh=f"資料表未符合檢驗：{names}；其後步驟均未建立",
        )
    if not outcome.success:
        kind = type(outcome.exception).__name__ if outcome.exception else "no reason given"
        raise WarehouseFault(
            f"dbt could not run ({kind}); the reason stands in the room's dbt log",
            zh=f"dbt 無法執行（{kind}）；原因見無塵室之 dbt 紀錄檔",
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the project for one target; prints dbt's own words, as nothing here comes from rows."""
    parser = argparse.ArgumentParser(prog="python -m cleanroom.pipeline.dbt", description="check the dbt project")
    parser.add_argument("command", choices=["parse"])
    parser.add_argument("--target", choices=["embedded", "warehouse"], default="embedded")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        quiet = ["--no-send-anonymous-usage-stats", "--no-version-check", "--warn-error-options", _STRICT]
        outcome = call([given.command, "--target", given.target, *folders(Path(folder)), *quiet])
    return 0 if outcome.success else 1


if __name__ == "__main__":
    sys.exit(main())
