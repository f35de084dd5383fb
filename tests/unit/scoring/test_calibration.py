import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from cleanroom.scoring import calibration


def outcomes(slope: float, intercept: float, cases: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    margins = rng.normal(-2, 1.5, cases)
    return margins, rng.random(cases) < 1 / (1 + np.exp(-(slope * margins + intercept)))


def test_it_finds_what_the_outcomes_were_drawn_with():
    found = calibration.fit(*outcomes(0.8, -1.5))

    assert found.slope == pytest.approx(0.8, abs=0.1)
    assert found.intercept == pytest.approx(-1.5, abs=0.2)


def test_it_agrees_with_an_outside_implementation():
    margins, y = outcomes(1.2, -0.5)
    outside = LogisticRegression(C=1e12, max_iter=1000).fit(margins[:, None], y)
    found = calibration.fit(margins, y)

    np.testing.assert_allclose(found.probabilities(margins), outside.predict_proba(margins[:, None])[:, 1], atol=2e-3)


def test_outcomes_that_fall_with_the_margin_keep_the_base_rate_and_the_order():
    margins, y = outcomes(-1.0, -3.0)
    found = calibration.fit(margins, y)
    p = found.probabilities(np.sort(margins))

    assert found.slope == calibration.LEAST_SLOPE
    assert (np.diff(p) >= 0).all()
    assert p.mean() == pytest.approx(y.mean(), rel=0.05)


@pytest.mark.parametrize("y", [np.zeros(50, bool), np.ones(50, bool), np.array([], bool)])
def test_one_sided_or_no_outcomes_still_give_probabilities(y):
    margins = np.linspace(-3, 3, len(y))
    p = calibration.fit(margins, y).probabilities(np.array([-1e9, -1.0, 1.0, 1e9]))

    assert np.isfinite(p).all()
    assert (p >= 0).all() and (p <= 1).all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 50), st.booleans()), min_size=1, max_size=40))
def test_it_never_turns_the_ranking_round(cases):
    margins, y = np.array([m for m, _ in cases]), np.array([b for _, b in cases])
    found = calibration.fit(margins, y)

    assert found.slope >= calibration.LEAST_SLOPE
    assert (np.diff(found.probabilities(np.sort(margins))) >= 0).all()
