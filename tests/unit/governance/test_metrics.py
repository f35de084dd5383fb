"""Each metric against an independent oracle (scikit-learn, fairlearn) or a case worked by hand."""

import numpy as np
import pytest
from fairlearn import metrics as fairlearn
from sklearn import metrics as sklearn

from cleanroom.governance import metrics as m

SEEDS = range(5)


def sample(seed: int, n: int = 2000, positives: float = 0.08):
    """y, model score (ties included), rule score, group."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < positives
    score = np.round(rng.normal(size=n) + 1.5 * y, 1)
    rule = rng.normal(size=n) + 0.4 * y
    return y, score, rule, rng.choice(["bank", "post", "digital"], size=n, p=[0.5, 0.3, 0.2])


def holds(estimate) -> bool:
    return estimate.low <= estimate.value <= estimate.high


# --- ranking ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_ranking_agrees_with_scikit_learn(seed):
    y, score, _, _ = sample(seed)
    warned = m.decide_at_capacity(score, 100)
    probability = 1 / (1 + np.exp(-score))
    found = {
        "precision": (m.precision_at_capacity(y, score, 100), sklearn.precision_score(y, warned)),
        "recall": (m.recall_at_capacity(y, score, 100), sklearn.recall_score(y, warned)),
        "pr_auc": (m.pr_auc(y, score, seed=1), sklearn.average_precision_score(y, score)),
        "brier": (m.brier(y, probability, seed=1), sklearn.brier_score_loss(y, probability)),
        "auc": (m.auc(y, score), sklearn.roc_auc_score(y, score)),
    }
    for name, (ours, oracle) in found.items():
        assert ours.value == pytest.approx(oracle, abs=1e-12), name
        assert holds(ours), name
        assert ours.high - ours.low < 0.25, name
    assert warned.sum() == 100
    assert m.log_losses(y, probability).mean() == pytest.approx(sklearn.log_loss(y, probability))


def test_equal_scores_are_taken_in_order():
    assert m.decide_at_capacity(np.array([1.0, 2.0, 2.0, 2.0]), 2).tolist() == [False, True, True, False]
    assert m.decide_at_capacity(np.array([1.0]), 5).tolist() == [True]


def test_amount_recall_follows_the_money_and_not_the_accounts():
    y, score = np.array([1, 1, 1, 0]), np.array([9, 1, 2, 8])
    found = m.amount_recall_at_capacity(y, score, np.array([700, 200, 100, 5000]), 1, seed=1)
    assert (found.value, found.cases) == (0.7, 3)
    assert holds(found)
    assert m.amount_recall_at_capacity(y, score, np.zeros(4), 1, seed=1) is None


def test_without_a_true_case_there_is_no_recall_and_no_curve():
    nothing, score = np.zeros(50, bool), np.arange(50.0)
    assert m.recall_at_capacity(nothing, score, 10) is None
    assert m.pr_auc(nothing, score, seed=1) is None
    assert m.auc(nothing, score) is None
    assert m.precision_at_capacity(nothing, score, 10).value == 0.0
    assert m.precision_at_capacity(nothing[:0], score[:0], 10) is None


def test_a_better_model_is_better_with_confidence_and_a_copy_is_not_worse():
    y, score, rule, _ = sample(3)
    model, base = m.precision_against_baseline(y, score, rule, 100, seed=1)
    assert model.value == m.precision_at_capacity(y, score, 100).value
    assert base.value == m.precision_at_capacity(y, rule, 100).value
    assert model.low >= base.value
    copy, same = m.precision_against_baseline(y, rule, rule, 100, seed=1)
    assert copy.low == copy.high == copy.value == same.value
    worse, better = m.precision_against_baseline(y, rule, score, 100, seed=1)
    assert worse.low < better.value


def test_calibration_against_the_baseline_is_paired():
    y, score, _, _ = sample(4)
    good, bad = 1 / (1 + np.exp(2.5 - score)), np.full(len(y), 0.5)
    model, base = m.brier_against_baseline(y, good, bad, seed=1)
    assert model.high <= base.value == 0.25
    assert model.value == pytest.approx(sklearn.brier_score_loss(y, good))


def test_the_same_seed_gives_the_same_bounds():
    y, score, rule, group = sample(5)
    warned = m.decide_at_capacity(score, 100)
    for metric in (
        lambda seed: m.pr_auc(y, score, seed=seed),
        lambda seed: m.precision_against_baseline(y, score, rule, 100, seed=seed)[0],
        lambda seed: m.fpr_ratio(m.count_groups(y, warned, group), min_cases=10, seed=seed),
    ):
        assert metric(7) == metric(7)
        assert metric(7).value == metric(8).value


# --- intervals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hits, cases, low, high",
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_against_published_values(hits, cases, low, high):
    """Newcombe (1998), Statistics in Medicine 17, table I, for 81 of 263."""
    found = m.share(hits, cases)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_a_share_of_nothing_is_nothing():
    assert m.share(0, 0) is None


def test_the_bounds_of_the_ranking_hold_the_truth_most_of_the_time():
    """Coverage of the paired bootstrap on 60 samples of a known difference: the two scores are equally good."""
    inside = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y = rng.random(600) < 0.2
        a, b = rng.normal(size=600) + y, rng.normal(size=600) + y
        model, base = m.precision_against_baseline(y, a, b, 60, seed=seed)
        inside += model.low <= base.value <= model.high
    assert inside >= 52  # 95 % of 60 is 57; fewer than 52 has a chance below 1 %


# --- groups -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_group_rates_agree_with_fairlearn(seed):
    y, score, _, group = sample(seed)
    warned = m.decide_at_capacity(score, 300)
    frame = fairlearn.MetricFrame(
        metrics={
            "selection": fairlearn.selection_rate,
            "fpr": fairlearn.false_positive_rate,
            "tpr": fairlearn.true_positive_rate,
        },
        y_true=y,
        y_pred=warned,
        sensitive_features=group,
    )
    counts = m.count_groups(y, warned, group)
    ours = m.rates_by_group(counts)
    assert list(ours) == ["bank", "digital", "post"]
    for label, rates in ours.items():
        theirs = frame.by_group.loc[label]
        assert rates.selection_rate.value == pytest.approx(theirs["selection"])
        assert rates.false_positive_rate.value == pytest.approx(theirs["fpr"])
        assert rates.true_positive_rate.value == pytest.approx(theirs["tpr"])
    ratios, gaps = frame.ratio(method="between_groups"), frame.difference(method="between_groups")
    assert m.selection_rate_ratio(counts, min_cases=5, seed=1).value == pytest.approx(ratios["selection"])
    assert m.fpr_ratio(counts, min_cases=5, seed=1).value == pytest.approx(ratios["fpr"])
    assert m.equal_opportunity_diff(counts, min_cases=5, seed=1).value == pytest.approx(gaps["tpr"])
    assert m.selection_rate_ratio(counts, min_cases=5, seed=1).value == pytest.approx(
        fairlearn.demographic_parity_ratio(y, warned, sensitive_features=group)
    )


def test_gaps_come_with_bounds_and_the_smallest_group():
    y, score, _, group = sample(1)
    warned = m.decide_at_capacity(score, 300)
    for found in (
        m.fpr_ratio(m.count_groups(y, warned, group), min_cases=5, seed=1),
        m.equal_opportunity_diff(m.count_groups(y, warned, group), min_cases=5, seed=1),
        m.min_segment_recall_ratio(m.count_groups(y, warned, group), min_cases=5, seed=1),
    ):
        assert holds(found)
        assert found.low < found.high
    digital = (group == "digital") & ~y
    assert m.fpr_ratio(m.count_groups(y, warned, group), min_cases=5, seed=1).cases == digital.sum()


def test_small_groups_are_left_out_and_one_group_says_nothing():
    y = np.zeros(100, bool)
    group = np.array(["a"] * 60 + ["b"] * 35 + ["c"] * 5)
    warned = np.arange(100) % 10 == 0
    assert m.fpr_ratio(m.count_groups(y, warned, group), min_cases=30, seed=1).cases == 35
    assert m.fpr_ratio(m.count_groups(y, warned, group), min_cases=50, seed=1) is None
    assert m.equal_opportunity_diff(m.count_groups(y, warned, group), min_cases=1, seed=1) is None


def test_no_false_positive_anywhere_is_no_gap_but_not_certain():
    y, group = np.zeros(200, bool), np.array(["a", "b"] * 100)
    found = m.fpr_ratio(m.count_groups(y, np.zeros(200, bool), group), min_cases=30, seed=1)
    assert found.value == 1.0
    assert found.low < 0.8  # nothing was seen among 100 each: that proves little


def test_the_worst_segment_against_the_whole():
    y, segment = np.ones(40, bool), np.array(["a"] * 20 + ["b"] * 20)
    warned = np.r_[np.ones(20, bool), np.arange(20) < 10]
    found = m.min_segment_recall_ratio(m.count_groups(y, warned, segment), min_cases=10, seed=1)
    assert (found.value, found.cases) == (pytest.approx(0.5 / 0.75), 20)
    assert m.min_segment_recall_ratio(m.count_groups(y, np.zeros(40, bool), segment), min_cases=10, seed=1) is None


def test_shares_and_label_rates_of_groups():
    group, y = np.array(["a"] * 90 + ["b"] * 10), np.r_[np.ones(18, bool), np.zeros(72, bool), np.ones(1), np.zeros(9)]
    assert m.min_group_share(m.count_groups(y, y, group)).value == 0.1
    assert m.label_rate_ratio(m.count_groups(y, y, group)).value == pytest.approx(0.1 / 0.19)
    assert m.label_rate_ratio(m.count_groups(np.zeros(100), y, group)) is None
    assert m.min_group_share([]) is None


# --- probing ------------------------------------------------------------------------------------------------------


def test_proxies_are_found_and_noise_is_not():
    rng = np.random.default_rng(1)
    group = rng.choice(["a", "b"], size=1500)
    noise = rng.normal(size=(1500, 3))
    telling = np.c_[noise, (group == "a") * 2 + rng.normal(size=1500)]
    assert m.proxy_auc(noise, group, min_cases=100, seed=1).value < 0.58
    found = m.proxy_auc(telling, group, min_cases=100, seed=1)
    assert 0.85 < found.value < 0.97  # two unit normals two apart: 0.921
    assert holds(found)
    assert m.proxy_auc(noise, group, min_cases=10_000, seed=1) is None


def test_a_proxy_in_a_missing_value_is_found():
    group = np.array(["a", "b"] * 300)
    assert m.proxy_auc(np.where(group == "a", np.nan, 1.0)[:, None], group, min_cases=50, seed=1).value == 1.0


def test_flips():
    before = np.arange(1000) < 100
    after = before.copy()
    after[:5] = False
    assert m.counterfactual_flip_rate(before, after).value == 0.005
    assert m.counterfactual_flip_rate(before, before).value == 0.0


def test_membership_is_told_by_loss_only_where_the_model_has_memorised():
    rng = np.random.default_rng(2)
    outside, same = rng.exponential(size=800), rng.exponential(size=800)
    honest, leaky = m.mia_auc(same, outside), m.mia_auc(same * 0.2, outside)
    assert abs(honest.value - 0.5) < 0.04
    assert honest.high < 0.6 < leaky.low
    member = np.r_[np.ones(800), np.zeros(800)]
    assert leaky.value == pytest.approx(sklearn.roc_auc_score(member, -np.r_[same * 0.2, outside]))


def test_evasion_counts_what_is_lost_of_what_was_found():
    plain, evading = np.r_[np.ones(40), np.zeros(60)], np.r_[np.ones(30), np.zeros(70)]
    found = m.evasion_recall_drop(plain, evading, seed=1)
    assert found.value == 0.25
    assert holds(found)
    assert m.evasion_recall_drop(np.zeros(5), np.zeros(5), seed=1) is None


# --- drift and coverage -------------------------------------------------------------------------------------------


def test_psi_by_hand_and_at_rest():
    expected, actual = np.repeat([0.0, 1.0], [50, 50]), np.repeat([0.0, 1.0], [80, 20])
    by_hand = 0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5)
    assert m.psi(expected, actual, bins=2).value == pytest.approx(by_hand)
    assert m.psi(expected, expected).value == 0.0
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=3000), rng.normal(size=3000)
    assert m.psi(a, b).value < 0.02 < 0.2 < m.psi(a, b + 1).value
    assert np.isfinite(m.psi(a, b + 100).value)
    assert m.psi(a, b[:0]) is None


def test_one_institution_that_contributes_otherwise_is_seen():
    usual = {"700": (12, 1000), "808": (9, 900), "822": (20, 1500), "013": (8, 1100)}
    assert m.contribution_anomaly_z(usual).value < 2
    flooded = m.contribution_anomaly_z(usual | {"999": (300, 1000)})
    assert flooded.value > 4
    assert flooded.cases == 5
    assert m.contribution_anomaly_z({"700": (1, 10), "808": (1, 10)}) is None
    few = m.contribution_anomaly_z(usual | {"999": (1, 12)})
    assert few.value < 4, "one listing among twelve accounts is no anomaly"


def test_coverage_counts_content():
    assert m.filled_share([["layer"], ["amount", "layer"], [], None]).value == 0.5
    assert m.filled_share([]) is None
    assert m.repeat_match_rate([0.1, 0.2, 0.3], [0.1, 0.2, 0.30000001]).value == pytest.approx(2 / 3)
    assert m.repeat_match_rate([0.1], [0.1, 0.2]) is None


def test_explanations_that_add_up_are_faithful():
    margin = np.random.default_rng(1).normal(size=500)
    assert m.explanation_fidelity(margin, margin).value == 1.0
    noisy = margin + np.random.default_rng(2).normal(size=500)
    assert m.explanation_fidelity(noisy, margin).value == pytest.approx(sklearn.r2_score(margin, noisy))
    assert m.explanation_fidelity(np.ones(5), np.ones(5)) is None


def test_small_cells():
    tables = {"personal": {"fpr": 0.1}, "digital_3": {"fpr": 0.5}}
    shown = m.suppress_small_groups(tables, {"personal": 500, "digital_3": 4}, smallest=5)
    assert shown == {"personal": {"fpr": 0.1}}
    assert m.k_min([7, 5, 0]).value == 5.0
    assert m.k_min([0]) is None
