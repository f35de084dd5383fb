"""The whole station on the three banks' ledgers of an independent simulator. The truth only judges."""

import csv
from pathlib import Path

import pytest

from cleanroom.pipeline import moneyflow, scoring
from cleanroom.pipeline.dbt import run_dbt
from tests.factories.landing import account_token, land_folder
from tests.factories.scoring_room import open_room

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "three_banks"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason="the data set three_banks is not beside the project"),
]
SCORES = """
select scores.account_token, scores.score, scores.baseline_score, scores.rank
from scoring.account_scores as scores
inner join scoring.account_features as features
  on features.account_token = scores.account_token and features.is_latest and not features.is_watch_listed
order by scores.rank
"""


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """(room, details of the steps)."""
    room = open_room(tmp_path_factory.mktemp("three_banks"))
    land_folder(room.warehouse, DATA)
    run_dbt(room, "run", moneyflow.SELECTION)
    details = [scoring.train(room).detail, scoring.evaluate(room, developer="dev").detail]
    details.append(scoring.score(room, shadow=True).detail)
    yield room, details
    room.warehouse.close()


@pytest.fixture(scope="module")
def in_patterns():
    with (DATA / "truth" / "accounts.csv").open(encoding="utf-8") as file:
        return {account_token(row["institution"], row["account"]) for row in csv.DictReader(file)}


def precision(rows: list[dict], truth: set[str], count: int) -> float:
    return sum(r["account_token"] in truth for r in rows[:count]) / count


def test_every_account_is_scored(walked):
    _, (trained, _, scored) = walked

    assert trained["watch_listed"] == 61
    assert scored["mode"] == "shadow"


def test_the_model_finds_more_than_the_rules_do(walked, in_patterns):
    room, _ = walked
    rows = room.warehouse.query(SCORES).to_pylist()
    by_rules = sorted(rows, key=lambda r: -r["baseline_score"])

    assert len(rows) == 10_000 - 61
    assert len(in_patterns) == 212
    assert precision(rows, in_patterns, 50) >= 0.95
    assert precision(rows, in_patterns, 100) >= 0.85
    assert precision(rows, in_patterns, 100) > precision(by_rules, in_patterns, 100)


def test_the_release_passes_the_figures_that_the_data_allow(walked):
    room, (_, evaluated, _) = walked
    controls = room.portal.release(evaluated["release_id"]).draft.controls
    passed = {c.metric for c in controls if c.outcome == "pass"}

    # Of the first 300, over three cut-offs, about 15 are listed later; in the rules' order 10.
    by_metric = {c.metric: c for c in controls}
    assert by_metric["precision_at_capacity"].value > by_metric["precision_at_capacity"].reference
    # Half of the dealings moved is the worst evasion; an account in between no longer is one.
    assert by_metric["evasion_recall_drop"].value <= 0.35
    assert "a hop added 0.0" in by_metric["evasion_recall_drop"].detail
    expected = {"precision_at_capacity", "repeat_match_rate", "mia_auc", "explanation_fidelity", "raw_id_hits"}
    expected |= {"counterfactual_flip_rate", "reason_code_coverage", "unjustified_fields", "contribution_anomaly_z"}
    assert expected <= passed
