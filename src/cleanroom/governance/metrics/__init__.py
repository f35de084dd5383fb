"""Metrics of the controls: pure functions over numpy arrays, seeded where they sample. Needs numpy.

The portal does not import it. A function returns an `Estimate` (value, 95 % bounds, cases), or None where nothing can
be said.
Cases are accounts: `y_true` bool or 0/1, `score` higher is more suspicious, `decision` bool (warned), `group` labels.
"""

from cleanroom.governance.metrics.coverage import (
    explanation_fidelity,
    filled_share,
    k_min,
    repeat_match_rate,
    suppress_small_groups,
)
from cleanroom.governance.metrics.drift import Reference, contribution_anomaly_z, count_in, psi, psi_of, reference
from cleanroom.governance.metrics.groups import (
    GroupCounts,
    GroupRates,
    count_groups,
    equal_opportunity_diff,
    fpr_ratio,
    label_rate_ratio,
    min_group_share,
    min_segment_recall_ratio,
    rates_by_group,
    selection_rate_ratio,
)
from cleanroom.governance.metrics.intervals import share
from cleanroom.governance.metrics.probing import (
    auc,
    counterfactual_flip_rate,
    evasion_recall_drop,
    log_losses,
    mia_auc,
    proxy_auc,
)
from cleanroom.governance.metrics.ranking import (
    amount_recall_at_capacity,
    brier,
    brier_against_baseline,
    decide_at_capacity,
    pr_auc,
    precision_against_baseline,
    precision_at_capacity,
    recall_at_capacity,
)

__all__ = [
    "GroupCounts",
    "GroupRates",
    "Reference",
    "amount_recall_at_capacity",
    "auc",
    "brier",
    "brier_against_baseline",
    "contribution_anomaly_z",
    "count_groups",
    "count_in",
    "counterfactual_flip_rate",
    "decide_at_capacity",
    "equal_opportunity_diff",
    "evasion_recall_drop",
    "explanation_fidelity",
    "filled_share",
    "fpr_ratio",
    "k_min",
    "label_rate_ratio",
    "log_losses",
    "mia_auc",
    "min_group_share",
    "min_segment_recall_ratio",
    "pr_auc",
    "precision_against_baseline",
    "precision_at_capacity",
    "proxy_auc",
    "psi",
    "psi_of",
    "rates_by_group",
    "recall_at_capacity",
    "reference",
    "repeat_match_rate",
    "selection_rate_ratio",
    "share",
    "suppress_small_groups",
]
