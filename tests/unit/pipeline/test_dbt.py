"""How dbt's outcome becomes a run, a refusal or a fault; dbt itself runs in tests/integration."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from cleanroom.errors import DataTestsFailed, WarehouseFault
from cleanroom.pipeline import dbt
from cleanroom.settings import RoomSettings


def result(name, status, kind="model", message="", seconds=0.25):
    node = SimpleNamespace(name=name, resource_type=SimpleNamespace(value=kind))
    return SimpleNamespace(node=node, status=status, message=message, execution_time=seconds)


def outcome(*results, success=True, exception=None):
    return SimpleNamespace(result=SimpleNamespace(results=results), success=success, exception=exception)


class Warehouse:
    """Records when it was released, and what the environment held then."""

    def __init__(self):
        self.released_with = None

    def dbt_target(self):
        return SimpleNamespace(name="embedded", environment={"CLEANROOM_DBT_DUCKDB": "here"})

    def released(self):
        warehouse = self

        class Release:
            def __enter__(self):
                warehouse.released_with = "open"

            def __exit__(self, *_):
                warehouse.released_with = "closed"

        return Release()


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs `run_dbt` with a given outcome of dbt; gives the arguments that dbt got in `run.arguments`."""

    def go(given, *args, **options):
        warehouse = Warehouse()

        def invoke(arguments):
            go.arguments, go.environment = arguments, os.environ.get("CLEANROOM_DBT_DUCKDB")
            assert warehouse.released_with == "open"
            return given

        monkeypatch.setattr(dbt, "_invoke", invoke)
        room = SimpleNamespace(settings=RoomSettings(home=tmp_path), warehouse=warehouse)
        return dbt.run_dbt(room, *(args or ("build",)), **options)

    return go


def test_every_node_has_its_time_and_status(run):
    found = run(outcome(result("a", "success", seconds=0.5), result("t", "pass", kind="test")))
    assert (found.seconds_of("a"), found.seconds_of("absent")) == (0.5, 0)
    assert [n.name for n in found.of_kind("test")] == ["t"]


def test_selection_and_variables_are_handed_on(run):
    run(outcome(), "run", ["staging", "marts"], vars={"as_of_count": 2}, options=("--full-refresh",))
    joined = " ".join(run.arguments)
    assert joined.startswith("run --target embedded")
    assert "--select staging marts" in joined
    assert "--full-refresh" in run.arguments
    assert json.loads(run.arguments[-1]) == {"as_of_count": 2}


def test_telemetry_is_off_and_outputs_stay_in_the_room(run, tmp_path):
    run(outcome())
    assert "--no-send-anonymous-usage-stats" in run.arguments
    for flag in ("--target-path", "--log-path"):
        assert Path(run.arguments[run.arguments.index(flag) + 1]).is_relative_to(tmp_path)


def test_the_environment_is_set_for_dbt_only(run, monkeypatch):
    monkeypatch.setenv("CLEANROOM_DBT_DUCKDB", "before")
    run(outcome())
    assert run.environment == "here"
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
