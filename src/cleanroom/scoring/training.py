"""From history to an artefact: the trees learn at the latest cut-off, their probabilities from the replay."""

from datetime import timedelta

from cleanroom.scoring import backtest, model
from cleanroom.scoring.artefact import Artefact
from cleanroom.scoring.features import model_features
from cleanroom.scoring.snapshot import Snapshot


def train_artefact(history: list[Snapshot], *, horizon: timedelta, data_snapshot: str) -> Artefact:
    """The artefact for the latest cut-off: the same history gives the same bytes.

    `data_snapshot`: SHA-256 of what was taken in. Raises NothingToDo with too few watch-listed accounts.
    """
    latest = max(history, key=lambda s: s.as_of)
    features = model_features()
    trees = model.train(latest.matrix, latest.listed, features)
    predictions = backtest.replay(history, horizon=horizon)
    return Artefact(
        features=tuple(f.name for f in features),
        reasons=tuple(f.reason for f in features),
        calibration=backtest.calibrate(predictions, predictions.margin),
        training=_facts(latest, predictions, horizon, data_snapshot),
        trees=trees,
    )


def _facts(latest: Snapshot, predictions: backtest.Predictions, horizon: timedelta, data_snapshot: str) -> dict:
    return {
        "as_of": latest.as_of.isoformat(),
        "accounts": latest.accounts,
        "watch_listed": int(latest.listed.sum()),
        "horizon_days": horizon.days,
        "replayed_cut_offs": [moment.isoformat() for moment in predictions.folds],
        "listed_later": int(predictions.later.sum()),
        "parameters": model.PARAMETERS,
        "rounds": model.ROUNDS,
        "lightgbm": model.lightgbm().__version__,
        "data_snapshot": data_snapshot,
    }
