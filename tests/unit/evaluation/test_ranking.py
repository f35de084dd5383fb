"""Figures of a ranking against scikit-learn's and against counting by hand."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from cleanroom.evaluation import ranking
from cleanroom.evaluation.ranking import figures, judged


def truth_of(patterns: dict[str, list[tuple[str, str]]]) -> dict[str, list[dict[str, str]]]:
    return {a: [{"pattern": p, "typology": t} for p, t in found] for a, found in patterns.items()}


@pytest.fixture(scope="module")
def known():
    tokens = [f"{i:03d}" for i in range(120)]
    patterns = {f"{i:03d}": [(str(i // 4), "fan_in" if i < 12 else "cycle")] for i in range(20)}
    patterns["003"].append(("9", "cycle"))
    return judged(tokens, truth_of(patterns | {"of another institution": [("1", "fan_in")]}))


def test_average_precision_is_scikit_learns(known):
    scores = np.random.default_rng(3).normal(size=120) + known.of_pattern

    found = figures(known, scores)["pr_auc"]

    assert found["value"] == pytest.approx(average_precision_score(known.of_pattern, scores))
    assert found["low"] < found["value"] < found["high"]


def test_a_perfect_ranking_has_perfect_figures(known):
    found = figures(known, known.of_pattern.astype(float), capacities=(10, 20, 40))

    assert found["pr_auc"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert [found["precision_at"][n]["value"] for n in ("10", "20", "40")] == [1.0, 1.0, 0.5]
    assert [found["recall_at"][n]["value"] for n in ("10", "20", "40")] == [0.5, 1.0, 1.0]


def test_an_account_counts_in_each_of_its_typologies(known):
    found = figures(known, -np.arange(120.0), capacities=(4, 120))["by_typology"]

    assert {kind: row["accounts"] for kind, row in found.items()} == {"fan_in": 12, "cycle": 9}
    assert found["cycle"]["found_at"] == {"4": 1, "120": 9}
    assert found["fan_in"]["recall_at"]["4"]["value"] == pytest.approx(4 / 12)


def test_fewer_accounts_than_the_capacity_are_all_taken(known):
    found = figures(known, -np.arange(120.0), capacities=(500,))

    assert found["precision_at"]["500"]["value"] == pytest.approx(20 / 120)
    assert found["recall_at"]["500"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_many_accounts_are_worked_on_in_parts_with_the_same_figures(known, monkeypatch):
    scores = np.random.default_rng(5).normal(size=120) + known.of_pattern
    whole = figures(known, scores, capacities=(4, 30, 500))
    monkeypatch.setattr(ranking, "_AT_ONCE", 120 * 7)

    assert figures(known, scores, capacities=(4, 30, 500)) == whole


def test_patterns_are_drawn_whole(known):
    """Accounts of one pattern have one weight in every draw; as many patterns and others are drawn as there are."""
    weights = known.weights

    assert (weights[:, 0:4] == weights[:, :1]).all()
    assert (weights[1:, :20].sum(1) == 20).all()
    assert (weights[1:, 20:].sum(1) == 100).all()
    assert len({tuple(w) for w in weights[:, :20].tolist()}) > 50
