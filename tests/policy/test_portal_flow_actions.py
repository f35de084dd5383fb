"""Every change in the portal's flow leaves an event, and nothing but an action writes."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("uploads", "signoffs", "incidents", "alerts", "results")
ACTIONS = sorted(p for app in APPS for p in (ROOT / "portal" / app / "actions").glob("*.py") if p.name != "__init__.py")
WRITES = {"save", "create", "bulk_create", "get_or_create", "update", "delete"}


def calls(tree: ast.AST) -> set[str]:
    """Names of everything that is called: `f(...)` and `x.f(...)` both give `f`."""
    found = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {f.id if isinstance(f, ast.Name) else f.attr for f in found if isinstance(f, ast.Name | ast.Attribute)}


def test_there_are_actions_to_look_at():
    assert len(ACTIONS) >= 15


@pytest.mark.parametrize("path", ACTIONS, ids=lambda p: f"{p.parent.parent.name}-{p.stem}")
def test_every_action_leaves_an_event(path):
    assert calls(ast.parse(path.read_text())) & {"record", "move"}


@pytest.mark.parametrize("path", ACTIONS, ids=lambda p: f"{p.parent.parent.name}-{p.stem}")
def test_every_public_action_names_who_acts(path):
    tree = ast.parse(path.read_text())
    public = [n for n in tree.body if isinstance(n, ast.FunctionDef) and not n.name.startswith(("_", "check_"))]
    clock = path.stem == "escalate"  # runs by itself, on behalf of the service that sent the warning
    assert public
    for function in public:
        assert clock or "by" in {a.arg for a in function.args.kwonlyargs}, function.name


def test_views_queries_and_api_write_nothing():
    readers = [p for app in APPS for p in (ROOT / "portal" / app).glob("*.py") if p.stem in ("views", "api", "queries")]
    assert len(readers) >= 10
    for path in readers:
        assert not calls(ast.parse(path.read_text())) & WRITES, path
