"""What holds for every writer of the portal, found by looking at all of them."""

import ast
import importlib
import inspect
import pkgutil
import textwrap
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

from portal.common.menu import portal_apps

ROOT = Path(__file__).resolve().parents[3] / "portal"

# The right was checked by the action that calls these; they take `by` to record it.
RIGHT_IS_CHECKED_BEFORE = {
    "portal.audit.actions.record",
    "portal.audit.actions.record_reported",
    "portal.programme.actions.close_on_evidence",
    "portal.signoffs.actions.moves.move",
    "portal.signoffs.actions.release.suspend_by_rule",
    "portal.participants.actions.ratify_specification.enter_force_where_complete",
    "portal.uploads.actions.order.end_order",
    "portal.uploads.actions.order.end_orders",
}


def action_modules():
    for app in portal_apps():
        try:
            found = importlib.import_module(f"{app.name}.actions")
        except ModuleNotFoundError:
            continue
        yield found
        for info in pkgutil.iter_modules(getattr(found, "__path__", ())):
            yield importlib.import_module(f"{found.__name__}.{info.name}")


def actions():
    for module in action_modules():
        for name, thing in vars(module).items():
            own = isinstance(thing, FunctionType) and thing.__module__ == module.__name__
            if own and not name.startswith(("_", "check_")) and "by" in inspect.signature(thing).parameters:
                yield f"{module.__name__}.{name}", thing


ACTIONS = dict(actions())


def called_from(function: FunctionType, seen: set[str] | None = None) -> set[str]:
    """Names of everything that this function calls, also through other functions of the portal."""
    seen = set() if seen is None else seen
    function = inspect.unwrap(function)  # a decorator's wrapper has the decorator's globals
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name, inner = _called(call.func, function)
        if name and name not in seen:
            seen.add(name)
            if isinstance(inner, FunctionType) and inner.__module__.startswith("portal."):
                called_from(inner, seen)
    return seen


def _called(node: ast.expr, function: FunctionType) -> tuple[str, object]:
    """`name(...)` and `module.name(...)`."""
    if isinstance(node, ast.Name):
        return node.id, function.__globals__.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owner = function.__globals__.get(node.value.id)
        return node.attr, getattr(owner, node.attr, None) if isinstance(owner, ModuleType) else None
    return "", None


def test_the_actions_were_found():
    assert len(ACTIONS) > 25, "these tests would pass on nothing"
    assert {name.split(".")[1] for name in ACTIONS} >= {"accounts", "audit", "participants", "programme"}


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_names_who_acts_and_takes_keywords(name):
    parameters = inspect.signature(ACTIONS[name]).parameters
    assert parameters["by"].default is inspect.Parameter.empty, "who acts is never left open"
    assert parameters["by"].kind is inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_is_audited(name):
    assert called_from(ACTIONS[name]) & {"record", "_append"}, "this action leaves no event"


# Everybody's own password and second factor; what proves it is the password in use, or the code.
NEEDS_NO_RIGHT = {
    "portal.accounts.actions.people.change_own_password",
    "portal.accounts.actions.second_factor.begin_second_factor",
    "portal.accounts.actions.second_factor.confirm_second_factor",
    "portal.accounts.actions.second_factor.use_second_factor",
}


@pytest.mark.parametrize("name", sorted(set(ACTIONS) - RIGHT_IS_CHECKED_BEFORE - NEEDS_NO_RIGHT))
def test_every_action_checks_the_right(name):
    assert "check_may" in called_from(ACTIONS[name])


def test_the_exceptions_still_exist():
    assert set(ACTIONS) >= RIGHT_IS_CHECKED_BEFORE | NEEDS_NO_RIGHT


WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "bulk_update", "save", "delete"}


def writes_in(path: Path) -> list[int]:
    """Lines where a model is written: `x.save(...)`, `rows.delete()`, `Model.objects.create(...)`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return [call.lineno for call in calls if call.func.attr in WRITES]


@pytest.mark.parametrize("app", ["accounts", "audit", "participants", "programme"])
def test_nothing_but_actions_writes(app):
    sources = [p for p in (ROOT / app).rglob("*.py") if "actions" not in p.parts and p.name != "actions.py"]
    sources = [p for p in sources if "migrations" not in p.parts]
    assert len(sources) > 3
    assert {str(path.relative_to(ROOT)): lines for path in sources if (lines := writes_in(path))} == {}
