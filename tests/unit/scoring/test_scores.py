import json
from datetime import timedelta

import numpy as np
import pytest

from cleanroom.scoring import explaining, scores
from cleanroom.scoring.reasons import all_reasons
from cleanroom.scoring.training import train_artefact


@pytest.fixture(scope="module")
def artefact(history):
    return train_artefact(history, horizon=timedelta(days=14), data_snapshot="1" * 64)


@pytest.fixture(scope="module")
def table(artefact, history):
    return scores.score_snapshot(artefact, history[-1], release_id="release", mode=scores.RELEASED)


def test_every_account_has_one_row_in_the_agreed_shape(table, history):
    assert table.schema.equals(scores.SCORES)
    assert sorted(table["account_token"].to_pylist()) == sorted(history[-1].rows["account_token"].to_pylist())
    assert set(table["mode"].to_pylist()) == {"released"}


def test_ranks_follow_the_scores_and_listed_accounts_stand_behind_all_others(table, history):
    listed = set(np.array(history[-1].rows["account_token"].to_pylist())[history[-1].listed])
    is_listed = [t in listed for t in table["account_token"].to_pylist()]
    unlisted = len(is_listed) - sum(is_listed)

    assert listed, "this test would pass on nothing"
    assert table["rank"].to_pylist() == list(range(1, len(is_listed) + 1))
    assert not any(is_listed[:unlisted])
    assert all(is_listed[unlisted:])
    assert (np.diff(table["score"].to_numpy()[:unlisted]) <= 0).all()


def test_scores_are_probabilities(table):
    found = table["score"].to_numpy()

    assert (found >= 0).all() and (found <= 1).all()
    assert len(np.unique(found)) > 10


def test_the_first_accounts_come_with_reasons_of_the_closed_set(table):
    found = [json.loads(r) for r in table["reasons"].to_pylist()]

    assert all(found[:30])
    assert {code for codes in found for code in codes} <= set(all_reasons())
    assert max(len(codes) for codes in found) <= explaining.SHOWN


def test_reasons_are_the_parts_that_raise_the_score():
    parts = np.array([[0.5, -1.0, 2.0], [-0.1, -0.2, -0.3]])

    assert explaining.reason_codes(["a", "b", "c"], parts) == [["c", "a"], []]
    assert explaining.reason_codes(["a", "b", "c"], parts, shown=1) == [["c"], []]


def test_showing_all_reasons_explains_the_margin_whole(artefact, history):
    matrix = history[-1].matrix
    codes, parts, constant = explaining.reason_parts(artefact, matrix)
    rebuilt = explaining.explained_margins(parts, constant, shown=len(codes))

    np.testing.assert_allclose(rebuilt, artefact.model().margins(matrix), atol=1e-9)
