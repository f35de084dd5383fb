"""Calls dbt in this process, and has it parse the project once: for every room and every set of variables.

dbt by itself parses anew, for seconds, when a step brings other variables or when a warehouse lies elsewhere. Here
both matter only once a model is compiled: no variable and no place decides what a model refers to or how it is
configured (ADR 128, and a test that parses with other values). The project and its variables therefore come apart:
parsed without, run with.
"""

import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleanroom.settings import RoomSettings, project_root
from cleanroom.stores.ports import DbtTarget

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

_QUIETLY = ("--no-send-anonymous-usage-stats", "--no-version-check", "--quiet")
_QUIETLY += ("--log-level", "none", "--log-level-file", "info")
_DUCKDB = "CLEANROOM_DBT_DUCKDB"
# How an engine is reached is asked when a model runs; what stays names its tables or sets their contracts.
_REACHING = {"CLEANROOM_DBT_BIGQUERY_" + name for name in ("METHOD", "TOKEN", "ENDPOINT", "LOCATION")}

_parsed: dict[tuple, bytes] = {}


def dbt_folder(settings: RoomSettings) -> Path:
    """Where this room's dbt keeps what it parsed and compiled (`target`) and its log."""
    return settings.room_dir / "dbt"


def call_on_project(
    settings: RoomSettings, target: DbtTarget, environment: Mapping[str, str], command: str, arguments: Sequence[str]
) -> Any:
    """dbt's outcome of one command for a room, or of parsing where that fails. `environment`: what models read when
    they are compiled. One call at a time: dbt keeps its flags and adapters in globals."""
    common = ["--target", target.name, *folders(dbt_folder(settings)), *_QUIETLY]
    named = _what_names_tables(target.environment)
    key = (str(project_root()), target.name, tuple(sorted(named.items())), os.environ.get("CLEANROOM_DBT_CONTRACTS"))
    if key not in _parsed:
        with _environment(named):
            outcome = call(["parse", "--no-write-json", *common])
        if not outcome.success:
            return outcome
        _parsed[key] = outcome.result.to_msgpack()
    with _environment({**target.environment, **environment}):
        return call([command, *common, *arguments], _manifest(_parsed[key]))


def call(arguments: Sequence[str], manifest: "Manifest | None" = None) -> Any:
    """dbt's outcome. It leaves the warehouse's file and its own log open, until its next call; this closes them."""
    from dbt.cli.main import dbtRunner  # two seconds of import, only where dbt runs

    try:
        return dbtRunner(manifest=manifest).invoke(list(arguments))
    finally:
        _close_warehouse_file()
        _close_log()


def folders(own: Path) -> list[str]:
    """Arguments: where the project lies, and that everything dbt writes goes to `own`."""
    project = str(project_root() / "dbt_project")
    arguments = ["--project-dir", project, "--profiles-dir", project]
    return [*arguments, "--target-path", str(own / "target"), "--log-path", str(own / "logs")]


def _what_names_tables(environment: Mapping[str, str]) -> dict[str, str]:
    """Without the places: DuckDB names a file's tables by the file's name, not by its folder."""
    named = {name: value for name, value in environment.items() if name not in _REACHING}
    return named | ({_DUCKDB: Path(named[_DUCKDB]).name} if _DUCKDB in named else {})


def _manifest(kept: bytes) -> "Manifest":
    """A fresh one each time: dbt writes into it what it compiled."""
    from dbt.contracts.graph.manifest import Manifest

    return Manifest.from_msgpack(kept)


def _close_warehouse_file() -> None:
    """The adapter keeps it open from node to node (profiles.yml), and would do so until this process ends."""
    adapter = sys.modules.get("dbt.adapters.duckdb.connections")  # loaded by dbt where the target is `embedded`
    environment = adapter.DuckDBConnectionManager._ENV if adapter else None
    if environment:
        environment.close()


def _close_log() -> None:
    """dbt leaves its log file open until its next run in this process."""
    log = logging.getLogger("file_log")
    for handler in list(log.handlers):
        log.removeHandler(handler)
        handler.close()


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
