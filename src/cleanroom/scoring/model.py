"""The trained model: few shallow trees, held to the features' directions, the same bytes on every run.

Labels: accounts that were watch-listed at the cut-off are positives, all others are *unlabelled*, not innocent. Under
the assumption that listing picks among suspicious accounts without regard to how they look, a classifier of listed
against unlabelled ranks accounts as one of suspicious against innocent would (Elkan and Noto 2008); only the ranking
and, later, its calibration on what was listed afterwards are used. No feature holds the account's own listing.
"""

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from cleanroom.errors import ArtefactRefused, NothingToDo
from cleanroom.scoring.features import Feature

LEAST_POSITIVES = 3
ROUNDS = 300
# Few labels: shallow trees, many accounts per leaf, strong shrinkage. One thread and a seed: the same model again.
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.06,
    "num_leaves": 3,
    "min_data_in_leaf": 30,
    "lambda_l2": 20.0,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.5,
    "seed": 20250401,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


@cache
def lightgbm() -> ModuleType:
    """The library, imported at first use: with scikit-learn behind it that takes a second, and most steps need none."""
    import lightgbm

    return lightgbm


def train(matrix: np.ndarray, listed: np.ndarray, features: tuple[Feature, ...]) -> str:
    """Model text of trees that tell listed accounts from the rest.

    `matrix`: accounts x features; `listed`: bool per account. NothingToDo with fewer than LEAST_POSITIVES listed.
    """
    positives = int(np.asarray(listed).sum())
    if positives < LEAST_POSITIVES:
        raise NothingToDo(
            f"{positives} watch-listed accounts are too few to learn from; at least {LEAST_POSITIVES} are needed",
            zh=f"警示帳戶僅 {positives} 個，不足以訓練；至少須有 {LEAST_POSITIVES} 個",
        )
    lgb = lightgbm()
    data = lgb.Dataset(matrix, np.asarray(listed, dtype=float), params={"verbosity": -1})
    parameters = {**PARAMETERS, "monotone_constraints": [f.direction for f in features]}
    return lgb.train(parameters, data, num_boost_round=ROUNDS).model_to_string()


class Trees:
    """A model text that can be asked. Raises ArtefactRefused where the text is no model or has another shape."""

    def __init__(self, text: str, columns: int):
        lgb = lightgbm()
        try:
            self._booster = lgb.Booster(model_str=text)
        except lgb.basic.LightGBMError as e:
            raise ArtefactRefused("the artefact's model text cannot be read", zh="模型成品之模型內容無法讀取") from e
        if self._booster.num_feature() != columns:
            raise ArtefactRefused(
                "the artefact's model reads another number of features than it names",
                zh="模型成品所讀特徵數與其所列不同",
            )

    @property
    def tell(self) -> bool:
        """Whether any tree tells one account from another; among very few accounts none does."""
        return bool(self._booster.feature_importance("split").any())

    def margins(self, matrix: np.ndarray) -> np.ndarray:
        """Log-odds per row, uncalibrated: only their order means something."""
        return self._booster.predict(matrix, raw_score=True, num_threads=1)

    def contributions(self, matrix: np.ndarray) -> np.ndarray:
        """Rows x (features + 1): each feature's part of the margin, and the constant part last; they add up to it."""
        return self._booster.predict(matrix, pred_contrib=True, num_threads=1)
