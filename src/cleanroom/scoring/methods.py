"""The three ways in which accounts are ranked, for comparing them: rules, own-account model, full model.

Where too few accounts are listed to learn from, or too few are there for any tree to tell them apart, the rules rank in
the model's place and the ranking says so.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from cleanroom.errors import NothingToDo
from cleanroom.scoring import model
from cleanroom.scoring.features import Feature, matrix, model_features
from cleanroom.scoring.rules import baseline_scores
from cleanroom.scoring.snapshot import Snapshot


class Method(StrEnum):
    RULES = "rules"
    MODEL_WITHOUT_GRAPH = "model_without_graph"
    MODEL = "model"


@dataclass(frozen=True)
class Ranking:
    """`scores`: one per account of the snapshot, higher is more suspicious; comparable within the snapshot only."""

    scores: np.ndarray
    learned: bool

    @property
    def chances(self) -> np.ndarray:
        """0 to 1 per account. From a model's log-odds the probability of being listed, to which that of being
        suspicious is in proportion (Elkan and Noto 2008); the rules' points stand for it as they are."""
        return 1 / (1 + np.exp(-np.clip(self.scores, -700, 700))) if self.learned else self.scores


def rank(method: Method, snapshot: Snapshot) -> Ranking:
    """As the snapshot's own listings teach it; nothing else is known."""
    features = {
        Method.RULES: (),
        Method.MODEL_WITHOUT_GRAPH: own_account_features(),
        Method.MODEL: model_features(),
    }[method]
    if features:
        try:
            return Ranking(_learned(snapshot, features), learned=True)
        except NothingToDo:
            pass
    own = {f.name for f in features} if method is Method.MODEL_WITHOUT_GRAPH else None
    return Ranking(baseline_scores(snapshot.rows, columns=own), learned=False)


def own_account_features() -> tuple[Feature, ...]:
    """Amounts, times, counts and age of the account itself: nothing of who stands at the other end."""
    return tuple(f for f in model_features() if f.own)


def _learned(snapshot: Snapshot, features: tuple[Feature, ...]) -> np.ndarray:
    columns = matrix(snapshot.rows, [f.name for f in features])
    trees = model.Trees(model.train(columns, snapshot.listed, features), len(features))
    if not trees.tell:
        raise NothingToDo(
            "the accounts are too few to tell the watch-listed from the others",
            zh="帳戶過少，無法區分警示帳戶與其他帳戶",
        )
    return trees.margins(columns)
