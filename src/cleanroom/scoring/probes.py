"""Attacks on the model: is somebody's row remembered, and what does a mule gain who knows how the score works?"""

import numpy as np
import pyarrow as pa

from cleanroom.governance import metrics
from cleanroom.governance.evidence import Estimate
from cleanroom.scoring import features, model
from cleanroom.scoring.features import model_features
from cleanroom.scoring.snapshot import Snapshot

FOLDS = 5
_QUICK = {"passed_cents", "passed_on_transfers", "left_within_day_transfers", "passed_per_mille",
          "single_receivers_in_a_day", "twins_by_receivers", "receivers_in_common"}  # fmt: skip
_COUNTED = ("counterparties", "transfers", "cents", "in_common", "in_crowds")
_EACH = ("in_smallest_cents", "out_smallest_cents")  # of one transfer, not of all
_COUNTED_BY = ("reached_", "single_", "twins_")


def membership(matrix: np.ndarray, listed: np.ndarray, *, seed: int) -> Estimate | None:
    """AUC of telling the accounts that a twin was trained on from those it never saw, by their losses."""
    inside = np.random.default_rng(seed).permutation(len(listed)) < len(listed) // 2
    if min(listed[inside].sum(), (~inside).sum()) < model.LEAST_POSITIVES:
        return None
    trees = _train(matrix[inside], listed[inside])
    losses = metrics.log_losses(listed, 1 / (1 + np.exp(-trees.margins(matrix))))
    return metrics.mia_auc(losses[inside], losses[~inside])


def evasion(snapshot: Snapshot, capacity: int, *, seed: int) -> dict[str, Estimate]:
    """Per evasion the share of recall that it destroys, over known watch-listed accounts whose label was hidden.

    Each account is scored by trees that never saw it listed, plain and after changing its own features as the evasion
    would; found means among the first `capacity` of the accounts that are not listed.
    """
    plain, bars = _hidden_margins(snapshot, capacity, seed)
    if plain is None:
        return {}
    found = plain(_plain(snapshot.rows)) >= bars
    drops = {
        name: metrics.evasion_recall_drop(found, plain(change(snapshot.rows)) >= bars, seed=seed)
        for name, change in _EVASIONS.items()
    }
    return {name: drop for name, drop in drops.items() if drop is not None}


def _hidden_margins(snapshot: Snapshot, capacity: int, seed: int):
    """A function from a matrix to the listed accounts' margins under trees that did not see them, and their bars."""
    listed = np.flatnonzero(snapshot.listed)
    if len(listed) < FOLDS * model.LEAST_POSITIVES:
        return None, None
    part = np.random.default_rng(seed).permutation(len(listed)) % FOLDS
    forests = [_train_without(snapshot, listed[part == k]) for k in range(FOLDS)]
    bars = np.array([_bar(trees, snapshot, capacity) for trees in forests])

    def margins(matrix: np.ndarray) -> np.ndarray:
        every = np.column_stack([trees.margins(matrix[listed]) for trees in forests])
        return every[np.arange(len(listed)), part]

    return margins, bars[part]


def _train_without(snapshot: Snapshot, hidden: np.ndarray) -> model.Trees:
    kept = np.ones(snapshot.accounts, dtype=bool)
    kept[hidden] = False
    return _train(snapshot.matrix[kept], snapshot.listed[kept])


def _train(matrix: np.ndarray, listed: np.ndarray) -> model.Trees:
    read = model_features()
    return model.Trees(model.train(matrix, listed, read), len(read))


def _bar(trees: model.Trees, snapshot: Snapshot, capacity: int) -> float:
    """The margin that an account needs to be among the first `capacity` unlisted ones."""
    margins = np.sort(trees.margins(snapshot.matrix)[snapshot.unlisted])[::-1]
    return float(margins[min(capacity, len(margins)) - 1]) if len(margins) else np.inf


def _plain(rows: pa.Table) -> np.ndarray:
    return features.matrix(rows)


def _scaled(rows: pa.Table, factors: dict[str, float]) -> np.ndarray:
    return _plain(rows) * np.array([factors.get(name, 1.0) for name in features.feature_names()])


def _split(rows: pa.Table) -> np.ndarray:
    """Each sum in two on its day: twice the transfers, the same money; no single passage is large enough to be seen."""
    more = {n: 2.0 for n in features.feature_names() if n.endswith(("transfers", "repeated_in_a_day"))}
    halved = {"passed_on_transfers": 0.5, "in_smallest_cents": 0.5, "out_smallest_cents": 0.5}
    return _scaled(rows, {**more, **halved})


def _hop(rows: pa.Table) -> np.ndarray:
    """An account in between each direct dealing with a watch-listed one: the warehouse says what the walks are then."""
    names = [f"{n.removesuffix('_ppb')}_evading_ppb" if n.endswith("_ppb") else n for n in features.feature_names()]
    return features.matrix(rows, names)


def _delay(rows: pa.Table) -> np.ndarray:
    """Money rests for longer than the passage that is looked for, and leaves on one day to one account."""
    return _scaled(rows, dict.fromkeys(_QUICK, 0.0))


def _rotate(rows: pa.Table) -> np.ndarray:
    """Half of the dealings moved to another mule: half of what is counted or added up over them; shares stay."""
    names = features.feature_names()
    moved = [n for n in names if n.endswith(_COUNTED) or n.startswith(_COUNTED_BY)]
    return _scaled(rows, {name: 0.5 for name in moved if name not in _EACH})


_EVASIONS = {"amounts split": _split, "a hop added": _hop, "delayed": _delay, "half of the dealings moved": _rotate}
