import json
from datetime import timedelta

import numpy as np
import pytest

from cleanroom.contracts.canonical import canonical_bytes
from cleanroom.errors import ArtefactRefused, NothingToDo
from cleanroom.scoring import model
from cleanroom.scoring.artefact import digest_of_bytes, load
from cleanroom.scoring.features import feature_names, model_features
from cleanroom.scoring.training import train_artefact

HORIZON = timedelta(days=14)


@pytest.fixture(scope="module")
def artefact(history):
    return train_artefact(history, horizon=HORIZON, data_snapshot="1" * 64)


def test_the_same_history_gives_the_same_bytes(history, artefact):
    again = train_artefact(history, horizon=HORIZON, data_snapshot="1" * 64)

    assert again.to_bytes() == artefact.to_bytes()
    assert again.digest == artefact.digest


def test_other_data_give_another_artefact(history, artefact):
    other = train_artefact(history, horizon=HORIZON, data_snapshot="2" * 64)

    assert other.digest != artefact.digest


def test_what_was_kept_is_what_comes_back(history, artefact):
    back = load(artefact.to_bytes(), digest=artefact.digest)

    assert back == artefact
    assert (back.model().margins(history[-1].matrix) == artefact.model().margins(history[-1].matrix)).all()


def test_the_file_is_canonical_json_and_no_pickle(artefact):
    raw = artefact.to_bytes()

    assert canonical_bytes(json.loads(raw)) == raw
    assert json.loads(raw)["features"] == feature_names()


def test_any_changed_byte_is_refused(artefact):
    raw = bytearray(artefact.to_bytes())
    places = range(0, len(raw), max(1, len(raw) // 40))
    assert len(places) > 20, "this test would pass on nothing"
    for place in places:
        changed = raw.copy()
        changed[place] ^= 1
        with pytest.raises(ArtefactRefused):
            load(bytes(changed), digest=artefact.digest)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "cleanroom-score/2"},
        {"extra": 1},
        {"trees": "no model"},
        {"features": ["one"]},
        {"calibration": {"slope": -1.0, "intercept": 0.0}},
        {"calibration": {"slope": 1.0}},
    ],
)
def test_a_file_of_another_form_is_refused_even_under_its_own_digest(artefact, change):
    raw = canonical_bytes({**json.loads(artefact.to_bytes()), **change})

    with pytest.raises(ArtefactRefused):
        load(raw, digest=digest_of_bytes(raw))


def test_a_missing_part_or_other_spelling_is_refused(artefact):
    value = json.loads(artefact.to_bytes())
    spaced = json.dumps(value).encode()
    value.pop("calibration")
    for raw in (canonical_bytes(value), spaced, b"not json", b"[]"):
        with pytest.raises(ArtefactRefused):
            load(raw, digest=digest_of_bytes(raw))


def test_too_few_labels_are_said_so(history):
    latest = history[-1]
    listed = np.zeros(latest.accounts, dtype=bool)
    listed[: model.LEAST_POSITIVES - 1] = True

    with pytest.raises(NothingToDo, match="too few"):
        model.train(latest.matrix, listed, model_features())


def test_scores_never_fall_where_a_feature_may_only_raise_them(history, artefact):
    trees, matrix = artefact.model(), history[-1].matrix
    rising = [i for i, f in enumerate(model_features()) if f.direction == 1]
    assert len(rising) > 10
    for column in rising:
        more = matrix.copy()
        more[:, column] *= 3
        assert (trees.margins(more) >= trees.margins(matrix) - 1e-9).all(), feature_names()[column]


def test_contributions_add_up_to_the_margin(history, artefact):
    trees, matrix = artefact.model(), history[-1].matrix

    np.testing.assert_allclose(trees.contributions(matrix).sum(axis=1), trees.margins(matrix), atol=1e-9)


def test_missing_values_are_scored(history, artefact):
    matrix = np.full_like(history[-1].matrix, np.nan)

    assert np.isfinite(artefact.model().margins(matrix)).all()
