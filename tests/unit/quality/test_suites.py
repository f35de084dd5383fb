"""The suites are written from the data specification; these tests fail when either moves alone."""

import json

import pytest

from cleanroom.contracts.specification import load_specification
from cleanroom.quality.gate import WHOLE_FILE
from cleanroom.quality.rows import FAILING
from cleanroom.quality.suites import STATIONS, build_suite, column_name, drifted, main, suite_files, write_suites
from cleanroom.settings import project_root
from cleanroom.vocabulary.terms import Dataset

COLUMN_RULES = ("expect_table_columns_to_match_set",)
CASES = [(station, dataset) for station in STATIONS for dataset in Dataset]


def rules(station, dataset):
    return {e["meta"]["rule"]: e for e in build_suite(station, dataset)["expectations"]}


def test_the_files_say_what_the_specification_says():
    assert len(suite_files(project_root() / "expectations")) == 12
    assert drifted(project_root() / "expectations") == [], "run: python -m cleanroom.quality.suites"


def test_drift_is_noticed(tmp_path, monkeypatch, capsys):
    write_suites(tmp_path / "expectations")
    assert drifted(tmp_path / "expectations") == []
    changed = tmp_path / "expectations/sealing/transfers.json"
    changed.write_text(changed.read_text().replace('"fail"', '"warn"', 1))
    (tmp_path / "expectations/intake/holdings.json").unlink()
    (tmp_path / "expectations/intake/unknown.json").write_text("{}")
    names = {p.name for p in drifted(tmp_path / "expectations")}
    assert names == {"transfers.json", "holdings.json", "unknown.json"}
    monkeypatch.setenv("CLEANROOM_PROJECT", str(tmp_path))
    assert main(["--check"]) == 1
    assert "expectations/sealing/transfers.json differs" in capsys.readouterr().out
    (tmp_path / "expectations/intake/unknown.json").unlink()
    assert main([]) == 0
    assert main(["--check"]) == 0


@pytest.mark.parametrize("station, dataset", CASES)
def test_every_promise_of_a_field_has_its_rule(station, dataset):
    found = rules(station, dataset)
    fields = load_specification().datasets[dataset].fields
    assert fields
    for spec in fields:
        assert (f"{spec.name}.required" in found) == spec.required
        assert (f"{spec.name}.unique" in found) == spec.unique
        assert (f"{spec.name}.enum" in found) == bool(spec.enum)
        assert (f"{spec.name}.max_length" in found) == bool(spec.max_length)
        assert (f"{spec.name}.period" in found) == spec.within_period
        assert (f"{spec.name}.known_institution" in found) == spec.institution_code
        bounded = spec.minimum is not None or spec.exclusive_minimum is not None
        assert (f"{spec.name}.minimum" in found) == bounded


@pytest.mark.parametrize("station, dataset", CASES)
def test_every_rule_is_complete(station, dataset):
    expectations = build_suite(station, dataset)["expectations"]
    names = [e["meta"]["rule"] for e in expectations]
    assert len(names) > 5
    assert len(set(names)) == len(names)
    for e in expectations:
        assert set(e["meta"]) == {"rule", "column", "severity", "en", "zh_hant"}
        assert e["meta"]["en"].endswith(".")
        assert e["meta"]["zh_hant"].endswith("。")
        assert {"fail": "critical", "warn": "warning"}[e["meta"]["severity"]] == e["severity"]
        assert e["type"] in FAILING or e["type"] in COLUMN_RULES + WHOLE_FILE, (
            "no way to find the failing rows of this kind"
        )


def test_columns_are_named_by_stage():
    transfers = load_specification().datasets[Dataset.TRANSFERS]
    account, amount = transfers.field("sender_account"), transfers.field("amount_twd")
    assert column_name(account, "sealing") == "sender_account"
    assert column_name(account, "intake") == "sender_account_token"
    assert column_name(amount, "sealing") == column_name(amount, "intake") == "amount_cents"


def test_bounds_on_money_are_in_cents_and_strict():
    minimum = rules("intake", Dataset.TRANSFERS)["amount_twd.minimum"]
    assert minimum["kwargs"] == {"column": "amount_cents", "min_value": 0, "strict_min": True}


def test_a_suite_is_plain_data_that_holds_no_submission():
    text = json.dumps([build_suite(*case) for case in CASES])
    for parameter in ("period_start", "period_end", "period_last", "known_institutions"):
        assert f'{{"$PARAMETER": "{parameter}"}}' in text
