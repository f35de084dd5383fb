"""How dbt's outcome becomes a run, a refusal or a fault; dbt itself runs in tests/integration."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from cleanroom.errors import DataTestsFailed, WarehouseFault
from cleanroom.pipeline import dbt, dbt_project
from cleanroom.settings import RoomSettings


def result(name, status, kind="model", message="", seconds=0.25):
    node = SimpleNamespace(name=name, resource_type=SimpleNamespace(value=kind))
    return SimpleNamespace(node=node, status=status, message=message, execution_time=seconds)


def outcome(*results, success=True, exception=None):
    return SimpleNamespace(result=SimpleNamespace(results=results), success=success, exception=exception)


@dataclass(frozen=True)
class Call:
    arguments: list[str]
    project: str | None
    duckdb: str


class Warehouse:
    """Records when it was released, and what the environment held then."""

    def __init__(self):
        self.released_with = None

    def dbt_target(self):
        return SimpleNamespace(name="embedded", environment={"CLEANROOM_DBT_DUCKDB": "here/room.duckdb"})

    def released(self):
        warehouse = self

        class Release:
            def __enter__(self):
                warehouse.released_with = "open"

            def __exit__(self, *_):
                warehouse.released_with = "closed"

        return Release()


class Parsed:
    """What dbt gives where it only parses."""

    def to_msgpack(self):
        return b"the project"


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs `run_dbt` with a given outcome of dbt; gives every call's arguments, project and environment in `calls`."""
    monkeypatch.setattr(dbt_project, "_parsed", {})
    monkeypatch.setattr(dbt_project, "_manifest", bytes.decode)

    def go(given, *args, parsed=None, **options):
        warehouse = Warehouse()
        go.calls = []

        def call(arguments, manifest=None):
            assert warehouse.released_with == "open"
            go.calls.append(Call(arguments, manifest, os.environ["CLEANROOM_DBT_DUCKDB"]))
            return (parsed or SimpleNamespace(success=True, result=Parsed())) if arguments[0] == "parse" else given

        monkeypatch.setattr(dbt_project, "call", call)
        room = SimpleNamespace(settings=RoomSettings(home=tmp_path), warehouse=warehouse)
        return dbt.run_dbt(room, *(args or ("build",)), **options)

    return go


def test_every_node_has_its_time_and_status(run):
    found = run(outcome(result("a", "success", seconds=0.5), result("t", "pass", kind="test")))
    assert (found.seconds_of("a"), found.seconds_of("absent")) == (0.5, 0)
    assert [n.name for n in found.of_kind("test")] == ["t"]


def test_selection_and_variables_are_handed_on(run):
    run(outcome(), "run", ["staging", "marts"], vars={"as_of_count": 2}, options=("--full-refresh",))
    asked = run.calls[-1].arguments
    joined = " ".join(asked)
    assert joined.startswith("run --target embedded")
    assert "--select staging marts" in joined
    assert "--full-refresh" in asked
    assert json.loads(asked[-1]) == {"as_of_count": 2}


def test_the_project_is_parsed_once_for_all_variables_and_rooms(run):
    run(outcome(), "run", vars={"as_of_count": 2})
    parse, first = run.calls
    assert (parse.arguments[0], parse.project, first.project) == ("parse", None, "the project")
    assert "--vars" not in parse.arguments
    assert parse.duckdb == "room.duckdb", "the file's name stands in every table's name, its folder nowhere"
    run(outcome(), "build", vars={"as_of_count": 3})
    [second] = run.calls
    assert (second.arguments[0], second.project, second.duckdb) == ("build", "the project", "here/room.duckdb")


def test_a_project_that_dbt_cannot_read_is_a_fault_and_is_read_again_next_time(run):
    broken = SimpleNamespace(result=None, success=False, exception=ValueError("secret"))
    with pytest.raises(WarehouseFault, match="ValueError"):
        run(outcome(), parsed=broken)
    assert [c.arguments[0] for c in run.calls] == ["parse"]
    run(outcome())
    assert [c.arguments[0] for c in run.calls] == ["parse", "build"]


def test_telemetry_is_off_and_outputs_stay_in_the_room(run, tmp_path):
    run(outcome())
    assert len(run.calls) == 2
    for call in run.calls:
        assert "--no-send-anonymous-usage-stats" in call.arguments
        for flag in ("--target-path", "--log-path"):
            assert Path(call.arguments[call.arguments.index(flag) + 1]).is_relative_to(tmp_path)


def test_the_environment_is_set_for_dbt_only(run, monkeypatch):
    monkeypatch.setenv("CLEANROOM_DBT_DUCKDB", "before")
    run(outcome())
    assert run.calls[-1].duckdb == "here/room.duckdb"
    assert os.environ["CLEANROOM_DBT_DUCKDB"] == "before"


@pytest.mark.parametrize("kind, status", [("test", "fail"), ("test", "error"), ("unit_test", "fail")])
def test_a_failed_test_is_a_refusal_with_its_name(run, kind, status):
    with pytest.raises(DataTestsFailed, match="not_null_x"):
        run(outcome(result("x", "success"), result("not_null_x", status, kind), success=False))


@pytest.mark.parametrize(
    "message",
    [
        "This model has an enforced contract that failed.",
        "Runtime Error: Constraint Error: NOT NULL constraint failed: x.y",
        "Required field y cannot be null",
    ],
)
def test_a_broken_contract_is_a_refusal(run, message):
    with pytest.raises(DataTestsFailed, match="model_x"):
        run(outcome(result("model_x", "error", message=message), success=False))


def test_a_model_that_fails_is_a_fault_and_shows_no_values(run):
    with pytest.raises(WarehouseFault, match="model_x") as caught:
        run(outcome(result("model_x", "error", message="Conversion Error: 'A123456789'"), success=False))
    assert "A123456789" not in str(caught.value)


def test_a_fault_comes_before_a_refusal(run):
    with pytest.raises(WarehouseFault):
        run(outcome(result("x", "error"), result("t", "fail", kind="test"), success=False))


def test_dbt_that_cannot_start_is_a_fault(run):
    with pytest.raises(WarehouseFault, match="ValueError"):
        run(SimpleNamespace(result=None, success=False, exception=ValueError("secret")))


def test_an_interrupt_is_an_interrupt(run):
    with pytest.raises(KeyboardInterrupt):
        run(SimpleNamespace(result=None, success=False, exception=KeyboardInterrupt()))


def test_warnings_and_skips_are_no_failure(run):
    found = run(outcome(result("t", "warn", kind="test"), result("x", "skipped")))
    assert [n.status for n in found.nodes] == ["warn", "skipped"]
