"""Who ranks where there is little to learn from."""

from dataclasses import replace

import numpy as np
import pytest

from cleanroom.scoring.methods import Method, Ranking, own_account_features, rank
from cleanroom.scoring.model import LEAST_POSITIVES
from cleanroom.scoring.rules import baseline_scores
from cleanroom.scoring.snapshot import Snapshot

MODELS = [Method.MODEL, Method.MODEL_WITHOUT_GRAPH]


def first(snapshot: Snapshot, accounts: int) -> Snapshot:
    arrays = {name: getattr(snapshot, name)[:accounts] for name in ("matrix", "listed", "later")}
    return replace(snapshot, rows=snapshot.rows.slice(0, accounts), **arrays)


def listed(snapshot: Snapshot, count: int) -> Snapshot:
    return replace(snapshot, listed=np.arange(snapshot.accounts) < count)


def rules_of(method: Method, snapshot: Snapshot) -> list[float]:
    own = {f.name for f in own_account_features()} if method is Method.MODEL_WITHOUT_GRAPH else None
    return baseline_scores(snapshot.rows, columns=own).tolist()


@pytest.mark.parametrize("method", MODELS)
def test_with_too_few_listings_the_rules_rank(history, method):
    few = listed(history[-1], LEAST_POSITIVES - 1)
    assert (rank(method, few).learned, rank(method, few).scores.tolist()) == (False, rules_of(method, few))
    assert rank(method, listed(history[-1], LEAST_POSITIVES)).learned


@pytest.mark.parametrize("method", MODELS)
def test_with_too_few_accounts_to_tell_apart_the_rules_rank(history, method):
    tiny = first(history[-1], 40)
    assert tiny.listed.sum() >= LEAST_POSITIVES
    assert (rank(method, tiny).learned, rank(method, tiny).scores.tolist()) == (False, rules_of(method, tiny))


def test_chances_keep_the_order_and_stay_probabilities(history):
    found = rank(Method.MODEL, history[-1])
    order = np.argsort(found.scores, kind="stable")
    assert (np.diff(found.chances[order]) >= 0).all()
    assert 0 < found.chances.min() < found.chances.max() < 1
    assert Ranking(np.array([0.0, 0.25]), learned=False).chances.tolist() == [0.0, 0.25]
