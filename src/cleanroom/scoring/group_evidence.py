"""How differently the model's decisions treat groups: predictions as a table, figures from the counts of its groups."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from cleanroom.governance import metrics
from cleanroom.governance.evidence import Estimate
from cleanroom.governance.metrics.prediction_tables import GROUPINGS, PREDICTIONS
from cleanroom.scoring.evidence import SEED, Measured, Subject

LEAST_GROUP = 5  # groups with fewer cases say nothing of themselves and stay out of comparisons
AGE_BANDS_DAYS = (365.0, 5 * 365.0)
REPLAY, LATEST = "replay", "latest"
SHOWN = {"kind": "account_kind", "institution": "institution"}  # grouping of the model card -> column

Count = Callable[[str, str], list[metrics.GroupCounts]]
"""`count(column, sample)`: the groups of a column of the prediction table."""


def prediction_table(subject: Subject, *, model_version: str) -> pa.Table:
    """Every judged case of the replay and of the latest cut-off, in the shape PREDICTIONS."""
    return pa.concat_tables([_replay(subject, model_version), _latest(subject, model_version)])


def measure_groups(count: Count) -> Measured:
    """The group figures that the counts allow, with a sentence on how each was measured."""
    two, options = ("account_kind", "institution"), {"min_cases": LEAST_GROUP, "seed": SEED}
    replayed = {c: count(c, REPLAY) for c in GROUPINGS}
    latest = [count(c, LATEST) for c in two]
    how = "between kinds of account and between institutions, the worse of the two"
    found = {
        "fpr_ratio_lower_ci": (_least([metrics.fpr_ratio(replayed[c], **options) for c in two]), how),
        "selection_rate_ratio": (_least([metrics.selection_rate_ratio(replayed[c], **options) for c in two]), how),
        "equal_opportunity_diff": (
            _greatest([metrics.equal_opportunity_diff(replayed[c], **options) for c in two]),
            how,
        ),
        "min_segment_recall_ratio": (
            _least([metrics.min_segment_recall_ratio(g, **options) for g in replayed.values()]),
            "by kind, institution and age of the account, the worst segment",
        ),
        "min_group_share": (_least([metrics.min_group_share(g) for g in latest]), how),
        "label_rate_ratio": (_least([metrics.label_rate_ratio(g) for g in latest]), how),
    }
    return {name: (estimate, detail) for name, (estimate, detail) in found.items() if estimate is not None}


def group_tables(count: Count, *, smallest: int) -> dict[str, dict[str, dict[str, float | None]]]:
    """Rates by kind and institution for the model card. Groups of fewer than `smallest` accounts are left out, and a
    rate over fewer than `smallest` cases is not shown."""
    return {name: _table(metrics.rates_by_group(count(c, REPLAY)), smallest) for name, c in SHOWN.items()}


def smallest_cell(count: Count, *, smallest: int) -> Estimate | None:
    """The fewest cases behind any rate that the model card shows."""
    rates = [r for c in SHOWN.values() for r in metrics.rates_by_group(count(c, REPLAY)).values()]
    shown = [e.cases for r in rates if r.cases >= smallest
             for e in (r.selection_rate, r.false_positive_rate, r.true_positive_rate)
             if e is not None and (e.cases or 0) >= smallest]  # fmt: skip
    return metrics.k_min(shown)


def _least(found: list[Estimate | None]) -> Estimate | None:
    return min((e for e in found if e is not None), key=lambda e: e.value if e.low is None else e.low, default=None)


def _greatest(found: list[Estimate | None]) -> Estimate | None:
    return max((e for e in found if e is not None), key=lambda e: e.value if e.high is None else e.high, default=None)


def _replay(subject: Subject, model_version: str) -> pa.Table:
    p = subject.predictions
    keys = [f"{REPLAY}-{i}" for i in range(p.cases)]
    return _rows(model_version, REPLAY, keys, p.kind, p.institution, p.age_days, p.later, p.margin, subject.decisions)


def _latest(subject: Subject, model_version: str) -> pa.Table:
    at = subject.latest
    warned = np.zeros(at.accounts, dtype=bool)
    warned[subject.warned] = True
    ages = at.rows["age_days"].to_numpy(zero_copy_only=False).astype(float)
    margins = subject.artefact.model().margins(at.matrix)
    keys = at.rows["account_token"].to_pylist()
    return _rows(
        model_version, LATEST, keys, at.texts("kind"), at.texts("institution"), ages, at.listed, margins, warned
    )


def _rows(model_version: str, sample: str, keys: list[str], kind, institution, ages, y, score, decision) -> pa.Table:
    columns = [
        [model_version] * len(keys),
        [sample] * len(keys),
        keys,
        [str(k) for k in kind],
        [str(i) for i in institution],
        _age_bands(ages),
        np.asarray(y).astype(bool),
        np.asarray(score, dtype=float),
        np.asarray(decision).astype(bool),
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, PREDICTIONS, strict=True)], schema=PREDICTIONS)


def _age_bands(ages) -> list[str]:
    """`under_1y`, `1y_to_5y`, `over_5y`; `unknown` where nobody told when the account was opened."""
    ages = np.asarray(ages, dtype=float)
    names = np.array(["under_1y", "1y_to_5y", "over_5y"])[np.digitize(ages, AGE_BANDS_DAYS)]
    return np.where(np.isnan(ages), "unknown", names).tolist()


def _table(rates: dict[str, metrics.GroupRates], smallest: int) -> dict[str, dict[str, float | None]]:
    kept = metrics.suppress_small_groups(rates, {g: r.cases for g, r in rates.items()}, smallest=smallest)
    return {group: _row(r, smallest) for group, r in kept.items()}


def _row(rates: metrics.GroupRates, smallest: int) -> dict[str, float | None]:
    return {
        "accounts": rates.cases,
        "selection_rate": _shown(rates.selection_rate, smallest),
        "false_positive_rate": _shown(rates.false_positive_rate, smallest),
        "true_positive_rate": _shown(rates.true_positive_rate, smallest),
    }


def _shown(estimate: Estimate | None, smallest: int) -> float | None:
    return None if estimate is None or (estimate.cases or 0) < smallest else estimate.value
