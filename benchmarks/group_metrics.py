"""Group metrics over a prediction table of many rows: counted by SQL in the warehouse, and by fairlearn in memory.

    .venv/bin/python benchmarks/group_metrics.py --rows 2000000

Prints seconds of each and the greatest difference between the figures.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from fairlearn import metrics as fairlearn

from cleanroom.governance import metrics
from cleanroom.governance.metrics import prediction_tables
from cleanroom.settings import RoomSettings
from cleanroom.stores.warehouse import open_warehouse

COLUMN = "institution"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    columns = predictions(parser.parse_args().rows)
    with tempfile.TemporaryDirectory() as home:
        warehouse = open_warehouse(RoomSettings(home=Path(home)))
        written, _ = timed(lambda: warehouse.replace_rows(prediction_tables.TABLE, table(columns)))
        counted, groups = timed(
            lambda: prediction_tables.count_groups(warehouse.query, COLUMN, model_version="v", sample="replay")
        )
        warehouse.close()
    drawn, ours = timed(lambda: figures(groups))
    oracle, theirs = timed(lambda: fairlearns(columns))
    off = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
    print(f"rows {len(columns['y_true']):,}: written once in {written:.2f} s, counted by SQL in {counted:.3f} s, "
          f"intervals in {drawn:.3f} s; fairlearn {oracle:.2f} s; greatest difference {off:.1e}")  # fmt: skip


def predictions(rows: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    y = rng.random(rows) < 0.01
    score = rng.normal(size=rows) + 2 * y
    return {
        "account_kind": rng.choice(["business", "personal"], size=rows),
        "institution": rng.choice(["700", "808", "822", "013", "017"], size=rows),
        "age_band": np.full(rows, "unknown"),
        "y_true": y,
        "score": score,
        "decision": score > 2.5,
    }


def table(columns: dict[str, np.ndarray]) -> pa.Table:
    rows = len(columns["y_true"])
    named = {"model_version": pa.array(["v"] * rows), "sample": pa.array(["replay"] * rows)}
    named["case_key"] = pa.array(np.arange(rows).astype(str))
    return pa.table(named | {n: pa.array(v) for n, v in columns.items()}, schema=prediction_tables.PREDICTIONS)


def figures(groups: list[metrics.GroupCounts]) -> list[float]:
    options = {"min_cases": 5, "seed": 1}
    found = (
        metrics.selection_rate_ratio(groups, **options),
        metrics.fpr_ratio(groups, **options),
        metrics.equal_opportunity_diff(groups, **options),
    )
    return [estimate.value for estimate in found]


def fairlearns(columns: dict[str, np.ndarray]) -> list[float]:
    asked = {
        "selection": fairlearn.selection_rate,
        "fpr": fairlearn.false_positive_rate,
        "tpr": fairlearn.true_positive_rate,
    }
    frame = fairlearn.MetricFrame(
        metrics=asked,
        y_true=columns["y_true"],
        y_pred=columns["decision"],
        sensitive_features=columns[COLUMN],
    )
    ratios, gaps = frame.ratio(method="between_groups"), frame.difference(method="between_groups")
    return [ratios["selection"], ratios["fpr"], gaps["tpr"]]


def timed(work) -> tuple[float, object]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


if __name__ == "__main__":
    main()
