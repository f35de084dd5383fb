import numpy as np
import pyarrow as pa
import pytest
import yaml

from cleanroom.contracts.specification import load_specification
from cleanroom.errors import SettingsInvalid
from cleanroom.scoring import reasons, rules
from cleanroom.scoring.features import Feature, left_out, matrix, model_features, unjustified_attributes
from cleanroom.settings import project_root

UNKNOWN = ("age_days", "silent_seconds", "out_smallest_cents")  # where nothing happened
ACCOUNT_FEATURES = project_root() / "dbt_project/models/marts/scoring/account_features.yml"


def rows(**columns) -> pa.Table:
    """Quiet accounts but for the given columns."""
    names = {c.column for r in rules.all_rules() for c in r.when}
    count = len(next(iter(columns.values())))
    quiet = {name: [None] * count if name in UNKNOWN else [0] * count for name in names}
    return pa.table({n: pa.array(v, pa.int64()) for n, v in {**quiet, **columns}.items()})


def test_every_code_has_both_languages_and_is_used():
    found = reasons.all_reasons()
    used = {f.reason for f in model_features()} | {r.reason for r in rules.all_rules()}

    assert found, "this test would pass on nothing"
    assert used == set(found)
    for reason in found.values():
        assert reason.en
        assert any("一" <= c <= "鿿" for c in reason.zh_hant)


def test_a_code_outside_the_closed_set_cannot_be_told():
    with pytest.raises(SettingsInvalid):
        reasons.reason_texts(["fan_in", "because_i_say_so"])


def test_texts_come_in_the_order_of_the_codes():
    texts = reasons.reason_texts(["rapid_passage", "fan_in"])

    assert [t["code"] for t in texts] == ["rapid_passage", "fan_in"]
    assert set(texts[0]) == {"code", "en", "zh_hant"}


def test_every_feature_names_fields_of_the_specification():
    datasets = load_specification().datasets
    known = {f"{d}.{name}" for d, contract in datasets.items() for name in contract.column_names}
    sources = [s for f in model_features() for s in f.sources]

    assert sources, "this test would pass on nothing"
    assert set(sources) <= known


def test_no_feature_is_an_attribute_of_a_person_or_of_the_own_listing():
    names = {f.name for f in model_features()}

    assert unjustified_attributes() == []
    assert not names & {"kind", "institution", "is_watch_listed", "forward_layer", "person_listings"}


def test_every_column_of_the_features_is_read_or_left_out_for_a_reason():
    columns = yaml.safe_load(ACCOUNT_FEATURES.read_text(encoding="utf-8"))["models"][0]["columns"]
    of_an_account = {c["name"] for c in columns if c["data_type"] == "int64"}
    names = {f.name for f in model_features()}

    assert names & set(left_out()) == set()
    assert names | set(left_out()) == of_an_account
    assert all(left_out().values())


def test_a_personal_attribute_without_a_ground_is_counted(monkeypatch):
    odd = Feature("age", 0, "fan_in", ("accounts.kind",), "Age", "年齡", personal=True)
    monkeypatch.setattr("cleanroom.scoring.features.model_features", lambda: (odd,))

    assert unjustified_attributes() == ["age"]


def test_a_rule_holds_from_its_threshold_on_and_gives_all_at_full():
    found = rules.baseline_scores(rows(in_recent_counterparties=[7, 8, 40, 400]))

    assert found[0] == 0
    assert 0 < found[1] < found[2] == found[3]


def test_a_rule_with_two_conditions_needs_both():
    hold = rules.rules_that_hold(rows(passed_on_transfers=[30, 30, 0], passed_per_mille=[950, 10, 950]))

    assert hold["quick_passage"].tolist() == [True, False, False]


def test_what_is_unknown_breaks_no_rule():
    hold = rules.rules_that_hold(rows(age_days=[None, 10, 400], in_recent_transfers=[9, 9, 9]))

    assert hold["fresh_account"].tolist() == [False, True, False]


def test_scores_lie_between_zero_and_one_and_all_rules_together_give_one():
    everything = {c.column: [c.full] for r in rules.all_rules() for c in r.when}
    everything = {name: [int(v[0])] for name, v in everything.items()}
    best = {**everything, "in_recent_transfers": [100], "transfers": [100], "age_days": [7]}

    assert rules.baseline_scores(rows(**best)) == pytest.approx([1.0])
    assert rules.baseline_scores(rows(transfers=[0])).tolist() == [0.0]


def test_reasons_of_rules_come_strongest_first_and_once():
    found = rules.rule_reasons(rows(listed_siblings=[2], person_listings=[1], flagged_contacts=[1]))

    assert found == [["holder_listed", "flagged_contacts"]]


def test_null_becomes_nan_in_the_matrix():
    table = pa.table({"a": pa.array([1, None], pa.int64()), "b": pa.array([2, 3], pa.int64())})

    np.testing.assert_array_equal(matrix(table, ["b", "a"]), [[2.0, 1.0], [3.0, np.nan]])


def test_every_typology_that_a_benchmark_names_is_a_rule():
    typologies = {"fan_in", "fan_out", "cycle", "bipartite", "stack", "scatter_gather", "gather_scatter"}

    assert typologies <= {rule.name for rule in rules.all_rules()}
