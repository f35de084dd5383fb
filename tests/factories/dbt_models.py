"""Compiled dbt models, run one by one on literal rows: the project's own SQL without a whole dbt run per case.

dbt compiles once per session and target; `ModelBench` then fills a model's inputs and builds the models of interest.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa
import pytest
from dbt.cli.main import dbtRunner

from cleanroom.stores.warehouse import with_utc, without_zone

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
_ARROW = {
    "string": pa.string(),
    "int64": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class Model:
    name: str
    table: str  # schema.table, without the prefix of BigQuery's datasets
    relation: str  # as the compiled SQL of other models names it
    sql: str
    columns: Mapping[str, str]
    hooks: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())  # before and after, not yet rendered

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(name, _ARROW[kind]) for name, kind in self.columns.items()])


def compile_models(folder: Path, *, target: str = "embedded", select: Iterable[str]) -> dict[str, Model]:
    """Compile the selection; artefacts go to `folder`. Environment variables of profiles.yml are the caller's."""
    manifest = _manifest("compile", folder, target, ["--select", *select])
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model" and n.get("compiled_code")]
    assert models, "nothing was compiled"
    return {n["name"]: _model(n) for n in models}


def parse_project(folder: Path, *, target: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The project's manifest for a target; needs no warehouse."""
    return _manifest("parse", folder, target, ["--vars", json.dumps(variables)] if variables else [])


def _manifest(command: str, folder: Path, target: str, selection: list[str]) -> dict[str, Any]:
    arguments = [command, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", target]
    arguments += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs"), "--quiet"]
    arguments += ["--log-level", "none", "--no-send-anonymous-usage-stats", *selection]
    outcome = dbtRunner().invoke(arguments)
    assert outcome.success, outcome.exception or f"dbt {command} failed"
    return json.loads((folder / "target" / "manifest.json").read_text())


def _model(node: dict[str, Any]) -> Model:
    station = node["config"]["schema"]
    columns = {c["name"]: c["data_type"] for c in node["columns"].values()}
    hooks = tuple(tuple(h["sql"] for h in node["config"][when]) for when in ("pre-hook", "post-hook"))
    table = f"{station}.{node['alias']}"
    return Model(node["name"], table, node["relation_name"], node["compiled_code"], columns, hooks)


class ModelBench(Protocol):
    """An engine with the compiled models in it."""

    models: Mapping[str, Model]

    def given(self, name: str, rows: list[dict[str, Any]]) -> None:
        """The model's table holds exactly these rows; columns that a row leaves out are null."""

    def build(self, *names: str) -> None: ...

    def rows(self, name: str) -> list[dict[str, Any]]: ...


def literal(model: Model, rows: list[dict[str, Any]]) -> pa.Table:
    unknown = {key for row in rows for key in row} - set(model.columns)
    assert not unknown, f"{model.name} has no column {unknown}"
    return pa.Table.from_pylist(rows, schema=model.schema)


class DuckDbBench:
    """In memory; compiled for the default `:memory:` path, whose catalog is `memory`."""

    def __init__(self, models: Mapping[str, Model]):
        self.models = models
        self._connection = duckdb.connect()
        for station in {m.table.split(".")[0] for m in models.values()}:
            self._connection.execute(f"create schema {station}")

    def given(self, name: str, rows: list[dict[str, Any]]) -> None:
        model = self.models[name]
        self._connection.register("incoming", without_zone(literal(model, rows)))
        self._connection.execute(f"create or replace table {model.relation} as select * from incoming")
        self._connection.unregister("incoming")

    def build(self, *names: str) -> None:
        for name in names:
            model = self.models[name]
            self._connection.execute(f"create or replace table {model.relation} as {model.sql}")

    def rows(self, name: str) -> list[dict[str, Any]]:
        result = self._connection.sql(f"select * from {self.models[name].relation}")
        return with_utc(result.to_arrow_table()).to_pylist()


@dataclass(frozen=True)
class Extension:
    """What dbt runs where a model's table stands already: statements before, the rows to insert, statements after."""

    before: tuple[str, ...]
    sql: str
    after: tuple[str, ...]


def compile_extensions(folder: Path, models: Mapping[str, Model], *, select: Iterable[str]) -> dict[str, Extension]:
    """Incremental forms of the models that have hooks; compiled against empty tables, since dbt asks whether they
    stand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLEANROOM_DBT_DUCKDB", str(_standing(folder / "memory.duckdb", models)))
        extended = {n: m for n, m in compile_models(folder, select=select).items() if any(m.hooks)}
        assert extended, "no model has hooks"
        hooks = _rendered(folder, extended)
    return {name: Extension(hooks[name][0], extended[name].sql, hooks[name][1]) for name in extended}


def _standing(path: Path, models: Mapping[str, Model]) -> Path:
    with duckdb.connect(str(path)) as connection:
        for model in models.values():
            connection.execute(f"create schema if not exists {model.table.split('.')[0]}")
            connection.register("none", without_zone(literal(model, [])))
            connection.execute(f"create table {model.table} as select * from none")
            connection.unregister("none")
    return path


def _rendered(folder: Path, models: Mapping[str, Model]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """All hooks in one compilation. A hook speaks of `this`, which an inline query has to be told."""
    text = ""
    for name, model in models.items():
        for when, hooks in enumerate(model.hooks):
            for hook in hooks:
                bare = re.sub(r"when_incremental\((.*)\) }}", r"\1 }}", hook)
                text += f"--- {name} {when}\n{{% set this = ref('{name}') %}}{bare}\n"
    found = {name: ([], []) for name in models}
    for part in _inline(folder, text).split("--- ")[1:]:
        head, statement = part.split("\n", 1)
        name, when = head.split()
        found[name][int(when)].append(statement)
    return {name: (tuple(before), tuple(after)) for name, (before, after) in found.items()}


def _inline(folder: Path, text: str) -> str:
    arguments = ["compile", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", "embedded"]
    arguments += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs"), "--quiet"]
    outcome = dbtRunner().invoke([*arguments, "--log-level", "none", "--inline", text])
    assert outcome.success, outcome.exception or "dbt could not compile the hooks"
    return outcome.result.results[0].node.compiled_code


class ExtendingBench(DuckDbBench):
    """A bench whose models can also be extended, as dbt does it in a run after the first."""

    def __init__(self, models: Mapping[str, Model], extensions: Mapping[str, Extension]):
        super().__init__(models)
        self._extensions = extensions

    def build(self, *names: str) -> None:
        """Full, as `dbt run --full-refresh`."""
        for name in names:
            super().build(name)
            self._run(self._extensions[name].after if name in self._extensions else ())

    def extend(self, *names: str) -> None:
        for name in names:
            if name not in self._extensions:
                super().build(name)
                continue
            extension = self._extensions[name]
            self._connection.execute("begin")
            self._run(extension.before)
            self._connection.execute(f"create temp table added as {extension.sql}")
            self._connection.execute(f"insert into {self.models[name].relation} by name select * from added")
            self._connection.execute("drop table added")
            self._run(extension.after)
            self._connection.execute("commit")

    def _run(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self._connection.execute(statement)


class BigQueryBench:
    """On an emulator; the models must be compiled for the warehouse's project and prefix."""

    def __init__(self, models: Mapping[str, Model], warehouse, client):
        self.models = models
        self._warehouse = warehouse
        self._client = client
        for dataset in {m.relation.rsplit(".", 1)[0].replace("`", "") for m in models.values()}:
            client.create_dataset(dataset, exists_ok=True)

    def given(self, name: str, rows: list[dict[str, Any]]) -> None:
        model = self.models[name]
        self._warehouse.replace_rows(model.table, literal(model, rows))

    def build(self, *names: str) -> None:
        for name in names:
            model = self.models[name]
            self._client.query(f"create or replace table {model.relation} as {model.sql}").result()

    def rows(self, name: str) -> list[dict[str, Any]]:
        return self._warehouse.query(f"select * from {self.models[name].table}").to_pylist()
