"""The dbt project's own rules, over everything that the two targets parse."""

import re
from pathlib import Path

import pytest
import yaml

from tests.factories.dbt_models import PROJECT, parse_project

ENGINE_WORDS = re.compile(r"target\.(type|name)|\b(epoch_us|unix_micros|to_seconds|timestamp_add|safe_divide)\b", re.I)
GRAIN = re.compile(r"One row per .+?\.( |$)")


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    return parse_project(tmp_path_factory.mktemp("parsed"), target="embedded")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    return parse_project(tmp_path_factory.mktemp("parsed"), target="warehouse")


@pytest.fixture(params=["embedded", "warehouse"])
def models(request):
    manifest = request.getfixturevalue(request.param)
    found = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    assert len(found) >= 27, "models are missing, so these rules would be kept by nothing"
    return request.param, found


def test_no_variable_decides_what_a_model_refers_to_or_how_it_is_configured(embedded, tmp_path):
    """One parse serves every step (cleanroom.pipeline.dbt_project), so variables may only change SQL's text."""
    given = dict.fromkeys(variables(), 3) | {"link_kinds": ["phone"]}
    other = parse_project(tmp_path, target="embedded", variables=given)
    compared = 0
    for kind in ("nodes", "unit_tests", "sources"):
        assert [without_time(n) for n in other[kind].values()] == [without_time(n) for n in embedded[kind].values()]
        compared += len(other[kind])
    assert compared > 300


def variables():
    """Those of the project, and those that models ask for and a step gives."""
    asked = {name for p in PROJECT.rglob("*.sql") for name in re.findall(r"\bvar\(\s*['\"](\w+)", p.read_text())}
    named = asked | set(yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"])
    assert {"release_id", "as_of_count", "link_kinds"} <= named
    return named


def without_time(node):
    return {name: value for name, value in node.items() if name != "created_at"}


def test_every_model_has_a_yml_that_begins_with_its_grain(models):
    _, found = models
    for model in found:
        own = (model["patch_path"] or "").rsplit("/", 1)[-1]
        assert own == f"{model['name']}.yml", f"{model['name']} has no yml of its own"
        assert GRAIN.match(model["description"]), f"{model['name']}: the first sentence is not its grain"


def test_a_model_is_named_after_its_folder(models):
    _, found = models
    for model in found:
        folders = Path(model["original_file_path"]).parts
        if "staging" in folders:
            assert model["name"].startswith(f"stg_{folders[2]}__")
        if "intermediate" in folders:
            assert re.match(r"int_[a-z_]+__[a-z0-9_]+$", model["name"])


def test_each_station_has_its_schema(models):
    target, found = models
    for model in found:
        folders = Path(model["original_file_path"]).parts
        station = "staging" if "staging" in folders else folders[2]
        assert model["schema"] == (station if target == "embedded" else f"cleanroom_{station}")


def test_staging_and_moneyflow_enforce_their_contracts(models):
    _, found = models
    own = [m for m in found if "staging" in m["path"] or "moneyflow" in m["path"]]
    assert own
    for model in own:
        assert model["contract"]["enforced"], model["name"]
        assert all(column["data_type"] and column["description"] for column in model["columns"].values())


def test_engine_differences_stand_in_engine_macros_only():
    files = [p for p in PROJECT.rglob("*.sql") if "engine" not in p.parts and p.name != "generate_schema_name.sql"]
    assert len(files) > 30
    assert {str(p): found[0] for p in files if (found := ENGINE_WORDS.search(p.read_text()))} == {}


def test_every_engine_macro_has_a_form_for_each_engine():
    text = "".join(p.read_text() for p in (PROJECT / "macros" / "engine").glob("*.sql"))
    dispatched = re.findall(r"adapter\.dispatch\('(\w+)'\)", text)
    assert dispatched
    for name in dispatched:
        assert f"macro default__{name}(" in text
        assert f"macro bigquery__{name}(" in text
