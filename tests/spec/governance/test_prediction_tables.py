"""Counts taken by SQL are those taken in memory, and both are those of fairlearn, on DuckDB and on BigQuery."""

import numpy as np
import pyarrow as pa
import pytest
from fairlearn import metrics as fairlearn
from sklearn import metrics as sklearn

from cleanroom.governance import metrics as m
from cleanroom.governance.metrics import prediction_tables
from cleanroom.stores.warehouse import open_warehouse

CASES = 600


@pytest.fixture(scope="module")
def warehouse(settings):
    made = open_warehouse(settings)
    made.replace_rows(prediction_tables.TABLE, table())
    yield made
    made.close()


def columns() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    y = rng.random(CASES) < 0.2
    score = np.round(rng.normal(size=CASES) + y, 1)  # ties, also on the edges of bins
    return {
        "account_kind": rng.choice(["business", "personal"], size=CASES, p=[0.2, 0.8]),
        "institution": rng.choice(["700", "808", "822"], size=CASES),
        "age_band": np.full(CASES, "unknown"),
        "y_true": y,
        "score": score,
        "decision": m.decide_at_capacity(score, 90),
    }


def table() -> pa.Table:
    """The judged cases twice, under another model and another sample with nothing right: neither may be counted."""
    own = columns()
    other = own | {"y_true": np.zeros(CASES, bool)}
    parts = [("v1", "replay", own), ("v2", "replay", other), ("v1", "latest", other)]
    return pa.concat_tables([rows(*part) for part in parts])


def rows(version: str, sample: str, values: dict) -> pa.Table:
    named = {"model_version": [version] * CASES, "sample": [sample] * CASES,
             "case_key": [f"{version}-{sample}-{i}" for i in range(CASES)]}  # fmt: skip
    return pa.table(named | {k: v.tolist() for k, v in values.items()}, schema=prediction_tables.PREDICTIONS)


@pytest.mark.parametrize("column", ["account_kind", "institution"])
def test_groups_are_counted_alike_and_agree_with_the_oracles(warehouse, column):
    own = columns()
    counted = prediction_tables.count_groups(warehouse.query, column, model_version="v1", sample="replay")
    assert counted == m.count_groups(own["y_true"], own["decision"], own[column])
    assert len(counted) == len(np.unique(own[column])) >= 2
    frame = fairlearn.MetricFrame(
        metrics={
            "selection": fairlearn.selection_rate,
            "fpr": fairlearn.false_positive_rate,
            "tpr": fairlearn.true_positive_rate,
            "precision": sklearn.precision_score,
        },
        y_true=own["y_true"],
        y_pred=own["decision"],
        sensitive_features=own[column],
    )
    for label, rates in m.rates_by_group(counted).items():
        theirs = frame.by_group.loc[label]
        ours = (rates.selection_rate, rates.false_positive_rate, rates.true_positive_rate, rates.precision)
        assert [e.value for e in ours] == pytest.approx(theirs[["selection", "fpr", "tpr", "precision"]].tolist())
    ratios, gaps = frame.ratio(method="between_groups"), frame.difference(method="between_groups")
    assert m.fpr_ratio(counted, min_cases=5, seed=1).value == pytest.approx(ratios["fpr"])
    assert m.equal_opportunity_diff(counted, min_cases=5, seed=1).value == pytest.approx(gaps["tpr"])


def test_bins_are_counted_alike(warehouse):
    scores = columns()["score"]
    reference = m.reference(scores[:300])
    counted = prediction_tables.count_bins(
        warehouse.query, list(reference.edges), table=prediction_tables.TABLE, column="score",
        where="model_version = ? and sample = ?", parameters=["v1", "replay"],
    )  # fmt: skip
    assert tuple(counted) == m.count_in(reference.edges, scores)
    assert sum(counted) == CASES and len(counted) > 5


def test_only_a_grouping_becomes_part_of_the_sql(warehouse):
    with pytest.raises(ValueError, match="not a grouping"):
        prediction_tables.count_groups(warehouse.query, "score; --", model_version="v1", sample="replay")
