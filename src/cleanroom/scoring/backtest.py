"""The line replayed: at each earlier cut-off a model learns from what was known then, and is judged on what came after.

Horizons do not overlap, so every later listing is counted once, and no figure of a cut-off has seen its future.
Accounts that are not listed later count as wrong here although some are suspicious: the figures are lower bounds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from cleanroom.scoring import calibration, model
from cleanroom.scoring.features import model_features
from cleanroom.scoring.rules import baseline_scores
from cleanroom.scoring.snapshot import Snapshot


@dataclass(frozen=True)
class Predictions:
    """One row per account that was unlisted at a cut-off; arrays of equal length.

    `fold`: number of the cut-off. `row`: position in its snapshot. `order` and `baseline_order`: higher is more
    suspicious, comparable over folds (minus the rank within the fold), so that the first n x folds are the first n of
    each fold.
    """

    folds: tuple[datetime, ...]
    fold: np.ndarray
    row: np.ndarray
    later: np.ndarray
    margin: np.ndarray
    baseline: np.ndarray
    order: np.ndarray
    baseline_order: np.ndarray
    institution: np.ndarray
    kind: np.ndarray
    age_days: np.ndarray

    @property
    def cases(self) -> int:
        return len(self.fold)


def replay(history: list[Snapshot], *, horizon: timedelta) -> Predictions:
    """Train and predict at every usable cut-off. Without a usable one the answer holds no row."""
    folds = usable(history, horizon=horizon)
    parts = [_predict(number, snapshot) for number, snapshot in enumerate(folds)]
    joined = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]} if parts else _nothing()
    return Predictions(folds=tuple(s.as_of for s in folds), **joined)


def usable(history: list[Snapshot], *, horizon: timedelta) -> list[Snapshot]:
    """Cut-offs with a complete horizon and enough to learn from, taken back from the last, horizons apart."""
    taken: list[Snapshot] = []
    for snapshot in sorted(history, key=lambda s: s.as_of, reverse=True):
        learnable = snapshot.complete and int(snapshot.listed.sum()) >= model.LEAST_POSITIVES
        if learnable and (not taken or snapshot.as_of + horizon <= taken[-1].as_of):
            taken.append(snapshot)
    return taken[::-1]


def _predict(number: int, snapshot: Snapshot) -> dict[str, np.ndarray]:
    features, at = model_features(), snapshot.unlisted
    trees = model.Trees(model.train(snapshot.matrix, snapshot.listed, features), len(features))
    margin, baseline = trees.margins(snapshot.matrix)[at], baseline_scores(snapshot.rows)[at]
    return {
        "fold": np.full(len(at), number),
        "row": at,
        "later": snapshot.later[at],
        "margin": margin,
        "baseline": baseline,
        "order": -ranks(margin).astype(float),
        "baseline_order": -ranks(baseline).astype(float),
        "institution": snapshot.texts("institution")[at],
        "kind": snapshot.texts("kind")[at],
        "age_days": snapshot.rows["age_days"].to_numpy()[at].astype(float),
    }


def _nothing() -> dict[str, np.ndarray]:
    names = ("fold", "row", "later", "margin", "baseline", "order", "baseline_order", "institution", "kind", "age_days")
    return {name: np.array([], dtype=bool if name == "later" else float) for name in names}


def ranks(scores: np.ndarray) -> np.ndarray:
    """1 for the highest; equal scores in the order in which they stand (that of their tokens)."""
    found = np.empty(len(scores), dtype=np.int64)
    found[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return found


def calibrate(predictions: Predictions, scores: np.ndarray) -> calibration.Calibration:
    """The calibration that goes into the artefact: on all cut-offs' predictions of `scores`."""
    return calibration.fit(scores, predictions.later)


def held_out_probabilities(predictions: Predictions, scores: np.ndarray) -> np.ndarray:
    """Probabilities for judging: each cut-off calibrated on the others; with a single cut-off on itself."""
    found = np.empty(predictions.cases)
    numbers = np.unique(predictions.fold)
    for number in numbers:
        inside = predictions.fold == number
        learned = ~inside if len(numbers) > 1 else inside
        found[inside] = calibration.fit(scores[learned], predictions.later[learned]).probabilities(scores[inside])
    return found
