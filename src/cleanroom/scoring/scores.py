"""Scores of all accounts at one cut-off: `scoring.account_scores`."""

import json

import numpy as np
import pyarrow as pa

from cleanroom.contracts.tables import UTC_TIMESTAMP
from cleanroom.scoring.artefact import Artefact
from cleanroom.scoring.backtest import ranks
from cleanroom.scoring.explaining import reason_codes, reason_parts
from cleanroom.scoring.rules import baseline_scores
from cleanroom.scoring.snapshot import Snapshot

TABLE = "scoring.account_scores"
RELEASED, SHADOW = "released", "shadow"

# `score`: probability of being watch-listed within the horizon, 0 to 1. `rank`: 1 is the most suspicious; accounts
# that are watch-listed already stand behind all others, since no warning about them is due. `baseline_score`: the
# rules' 0 to 1. `reasons`: JSON list of codes, strongest first, empty where nothing raises the score.
SCORES = pa.schema(
    [
        pa.field("release_id", pa.string(), nullable=False),
        pa.field("as_of", UTC_TIMESTAMP, nullable=False),
        pa.field("account_token", pa.string(), nullable=False),
        pa.field("institution", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("rank", pa.int64(), nullable=False),
        pa.field("baseline_score", pa.float64(), nullable=False),
        pa.field("reasons", pa.string(), nullable=False),
        pa.field("mode", pa.string(), nullable=False),
    ]
)


def score_snapshot(artefact: Artefact, snapshot: Snapshot, *, release_id: str, mode: str) -> pa.Table:
    """One row per account, in the shape SCORES, in the order of rank."""
    margins = artefact.model().margins(snapshot.matrix)
    codes, parts, _ = reason_parts(artefact, snapshot.matrix)
    rank = rank_with_listed_last(margins, snapshot.listed)
    count = snapshot.accounts
    table = pa.table(
        {
            "release_id": [release_id] * count,
            "as_of": [snapshot.as_of] * count,
            "account_token": snapshot.rows["account_token"].to_pylist(),
            "institution": snapshot.rows["institution"].to_pylist(),
            "score": artefact.calibration.probabilities(margins),
            "rank": rank,
            "baseline_score": baseline_scores(snapshot.rows),
            "reasons": [json.dumps(found) for found in reason_codes(codes, parts)],
            "mode": [mode] * count,
        },
        schema=SCORES,
    )
    return table.take(np.argsort(rank, kind="stable"))


def rank_with_listed_last(margins: np.ndarray, listed: np.ndarray) -> np.ndarray:
    return ranks(np.where(listed, margins - 1e9, margins))
