from datetime import timedelta

import numpy as np
import pytest

from cleanroom.governance import metrics
from cleanroom.governance.catalogue import Supplier, supplied_by
from cleanroom.scoring import backtest, evidence, group_evidence, probes
from cleanroom.scoring.training import train_artefact

HORIZON = timedelta(days=14)
LATER = {"repeat_match_rate", "k_min", "train_kwh"}  # measured where the release is drafted


@pytest.fixture(scope="module")
def subject(history):
    artefact = train_artefact(history, horizon=HORIZON, data_snapshot="1" * 64)
    return evidence.Subject(artefact, history, backtest.replay(history, horizon=HORIZON), capacity=30)


@pytest.fixture(scope="module")
def count(subject):
    """As the warehouse counts; that both agree, tests/spec/scoring/test_prediction_tables.py says."""
    rows = group_evidence.prediction_table(subject, model_version="v").to_pandas()

    def counted(column: str, sample: str):
        own = rows[rows["sample"] == sample]
        return metrics.count_groups(own["y_true"], own["decision"], own[column])

    return counted


@pytest.fixture(scope="module")
def measured(subject, count):
    return evidence.measure(subject) | group_evidence.measure_groups(count)


def test_everything_that_scoring_supplies_is_measured(measured):
    wanted = supplied_by(Supplier.SCORING) - LATER

    assert len(wanted) > 15, "this test would pass on nothing"
    assert wanted - set(measured) == set()


def test_each_figure_is_finite_and_says_how_it_was_measured(measured):
    for name, (estimate, detail) in measured.items():
        assert np.isfinite(estimate.value), name
        assert detail, name


def test_kind_and_institution_change_no_decision(measured):
    assert measured["counterfactual_flip_rate"][0].value == 0


def test_precision_is_counted_over_all_cut_offs_at_capacity(subject, measured):
    hits = subject.predictions.later[subject.decisions].sum()

    assert measured["precision_at_capacity"][0].cases == 60
    assert measured["precision_at_capacity"][0].value == pytest.approx(hits / 60)


def test_too_little_to_replay_leaves_figures_out_and_invents_none(history):
    artefact = train_artefact(history[-1:], horizon=HORIZON, data_snapshot="1" * 64)
    alone = evidence.Subject(artefact, history[-1:], backtest.replay(history[-1:], horizon=HORIZON), capacity=30)
    found = evidence.measure(alone)

    assert not {"precision_at_capacity", "pr_auc", "brier", "psi_score"} & set(found)
    assert "reason_code_coverage" in found


def test_group_tables_show_no_rate_over_few_cases(subject, count):
    tables = group_evidence.group_tables(count, smallest=5)
    positives = {kind: subject.predictions.later[subject.predictions.kind == kind].sum() for kind in tables["kind"]}

    assert len(positives) == 3
    for kind, row in tables["kind"].items():
        assert (row["true_positive_rate"] is None) == (positives[kind] < 5)
    assert group_evidence.smallest_cell(count, smallest=5).value >= 5


def test_a_group_below_the_smallest_cell_is_not_shown(count):
    assert group_evidence.group_tables(count, smallest=10**6) == {"kind": {}, "institution": {}}
    assert group_evidence.smallest_cell(count, smallest=10**6) is None


def test_a_hop_changes_the_walks_alone_and_to_what_the_warehouse_says(history):
    latest, names = history[-1], [f.name for f in evidence.model_features()]
    walks = [i for i, name in enumerate(names) if name.startswith(("reached_", "reaching_"))]
    changed = probes._hop(latest.rows)

    assert len(walks) == 4
    evading = latest.rows["reached_two_evading_ppb"].to_numpy()
    assert (changed[:, names.index("reached_two_ppb")] == evading).all()
    assert (np.delete(changed, walks, axis=1) == np.delete(latest.matrix, walks, axis=1)).all()


def test_rotation_halves_every_count_and_sum_and_no_share(history):
    latest, names = history[-1], [f.name for f in evidence.model_features()]
    changed = probes._rotate(latest.rows)
    halved = {n for i, n in enumerate(names) if (changed[:, i] == latest.matrix[:, i] / 2).all()}

    assert {"reached_two_ppb", "single_senders", "twins_by_senders", "in_cents", "transfers"} <= halved
    assert not halved & {"reaching_two_ppb", "passed_per_mille", "age_days", "night_per_mille", "in_smallest_cents"}


def test_too_few_listed_accounts_cannot_be_probed(history):
    latest = history[-1]
    few = latest.listed & (np.cumsum(latest.listed) <= 4)

    assert probes.membership(latest.matrix, few, seed=1) is None or few.sum() >= 3
    assert (
        probes.evasion(type(latest)(latest.as_of, latest.rows, latest.matrix, few, latest.later, False), 30, seed=1)
        == {}
    )
