"""Checking and replaying a policy file from the command line: what is said, and the exit code."""

import json
from importlib.resources import files

import jsonschema
import pytest
import yaml

from cleanroom import cli
from cleanroom.cli.common import out
from cleanroom.errors import NothingToDo, PolicyInvalid, RequestInvalid
from cleanroom.governance.policy import DEFAULT_POLICY, json_schema, load_policy
from tests.factories.records import a_waiver, released

POLICIES = files("cleanroom.governance") / "policies"
SHIPPED = (POLICIES / f"{DEFAULT_POLICY}.yaml").read_text(encoding="utf-8")


@pytest.fixture
def policy_file(tmp_path):
    def write(*replaced: tuple[str, str]):
        text = SHIPPED
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "next.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def releases(tmp_path):
    folder = tmp_path / "releases"
    folder.mkdir()
    (folder / "one.json").write_text(released().model_dump_json())
    return folder


def test_a_valid_policy_is_named_by_its_digest(policy_file, capsys):
    assert cli.main(["governance", "check-policy", str(policy_file())]) == 0
    assert load_policy().digest in " ".join(capsys.readouterr().out.split())


def test_every_error_is_told_with_file_line_and_rule(policy_file, capsys):
    path = policy_file(("weight: 25", "weight: 26"), ("[third_party_untestable]", "[third_party_unknown]"))
    at = [n for n, line in enumerate(path.read_text().splitlines(), 1) if "third_party_unknown" in line]
    assert cli.main(["governance", "check-policy", str(path), "--json"]) == PolicyInvalid.exit_code
    told = json.loads(capsys.readouterr().out)["errors"]
    assert [e["rule"] for e in told] == ["weights", "question"]
    assert {e["file"] for e in told} == {"next.yaml"}
    assert f"line {at[0]}: floors.4.when" in told[1]["sentence"]


def test_a_figure_that_nobody_supplies_is_refused_beside_everything_else(policy_file, releases, capsys):
    path = policy_file(("name: mia_auc", "name: mia_auk"), ("R2_from: 35", "R2_from: much"))
    lines = path.read_text(encoding="utf-8").splitlines()
    at = [n for n, line in enumerate(lines, 1) if "mia_auk" in line]
    assert cli.main(["governance", "check-policy", str(path), "--json"]) == PolicyInvalid.exit_code
    told = json.loads(capsys.readouterr().out)["errors"]
    assert [e["rule"] for e in told][-1] == "figure"
    assert len(told) == 2
    assert f"line {at[0]}: " in told[1]["sentence"]
    assert "mia_auk" in told[1]["sentence"]
    asked = ["governance", "what-if", "--policy", str(policy_file(("name: mia_auc", "name: mia_auk"))), "--releases"]
    assert cli.main([*asked, str(releases)]) == PolicyInvalid.exit_code
    assert "mia_auk" in capsys.readouterr().err


def test_another_content_under_the_version_in_force_is_remarked(policy_file, releases, capsys):
    softer = str(
        policy_file(('name: mia_auc, operator: "<=", limit: 0.60', 'name: mia_auc, operator: "<=", limit: 0.7'))
    )
    assert cli.main(["governance", "check-policy", softer]) == 0
    assert f"the same version {DEFAULT_POLICY}" in " ".join(capsys.readouterr().out.split())
    assert cli.main(["governance", "check-policy", softer, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["version_is_taken"] is True
    assert cli.main(["governance", "what-if", "--policy", softer, "--releases", str(releases)]) == 3
    assert f"the same version {DEFAULT_POLICY}" in " ".join(capsys.readouterr().out.split())
    assert cli.main(["governance", "check-policy", str(policy_file()), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["version_is_taken"] is False


def test_the_schema_that_ships_is_that_of_the_types_and_admits_the_policy(capsys):
    assert cli.main(["governance", "policy-schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json_schema() == json.loads((POLICIES / "policy.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(printed)
    document = json.loads(json.dumps(yaml.safe_load(SHIPPED), default=str))
    jsonschema.validate(document, printed)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | {"thresholds": {"R2_from": 35}}, printed)


def test_a_replay_that_changes_nothing_ends_with_zero(policy_file, releases, capsys):
    asked = ["governance", "what-if", "--policy", str(policy_file()), "--releases", str(releases)]
    assert cli.main(asked) == 0
    assert "Nothing would have been decided otherwise" in capsys.readouterr().out


def test_a_waiver_that_predates_the_failure_is_remarked_in_both_languages(policy_file, tmp_path, capsys, monkeypatch):
    waived = released().model_copy(update={"waivers": (a_waiver(load_policy(), "PRI-3-01"),)})
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "one.json").write_text(waived.model_dump_json())
    stricter = policy_file(('name: mia_auc, operator: "<=", limit: 0.60', 'name: mia_auc, operator: "<=", limit: 0.5'))
    asked = ["governance", "what-if", "--policy", str(stricter), "--releases", str(tmp_path / "releases")]
    for language, remark in (("en", "was granted while this figure was met"), ("zh-hant", "核准豁免時此指標通過")):
        monkeypatch.setenv("CLEANROOM_LANGUAGE", language)
        assert cli.main(asked) == 3
        assert f"PRI-3-01 mia_auc{':' if language == 'en' else '：'}" in (said := capsys.readouterr().out)
        assert remark in said


def test_a_replay_that_changes_a_verdict_says_so_in_both_languages(policy_file, releases, capsys, monkeypatch):
    stricter = policy_file(('name: mia_auc, operator: "<=", limit: 0.60', 'name: mia_auc, operator: "<=", limit: 0.5'))
    asked = ["governance", "what-if", "--policy", str(stricter), "--releases", str(releases)]
    monkeypatch.setattr(out, "_width", 240)  # whatever the terminal that the tests were started from
    assert cli.main([*asked, "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["verdicts_changed"], told["releases"][0]["after"]["verdict"]) == (1, "shut")
    [control] = told["releases"][0]["controls"]
    assert (control["control_id"], control["limit_after"]) == ("PRI-3-01", "<= 0.5")
    figure = f"{control['value']:g} ({control['low']:g} – {control['high']:g})"
    for language, words in (("en", "met -> not met"), ("zh-hant", "開放 -> 關閉")):
        monkeypatch.setenv("CLEANROOM_LANGUAGE", language)
        assert cli.main(asked) == 3
        shown = capsys.readouterr().out
        assert words in shown
        assert figure in shown


def test_a_folder_without_records_or_with_another_file_is_refused(policy_file, releases, tmp_path, capsys):
    asked = ["governance", "what-if", "--policy", str(policy_file()), "--releases"]
    (tmp_path / "none").mkdir()
    assert cli.main([*asked, str(tmp_path / "none")]) == NothingToDo.exit_code
    (releases / "two.json").write_text("{}")
    assert cli.main([*asked, str(releases)]) == RequestInvalid.exit_code
    assert "two.json" in capsys.readouterr().err
